// A log that its owner goes on writing, read from beside.
#include "log/log_view.h"

#include <algorithm>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/temp_directory.h"
#include "log/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Strings = std::vector<std::string>;

class LogViewTest : public testing::Test {
 protected:
  [[nodiscard]] Result<Strings> Read(LogPosition through, LogPosition after = 0) const {
    Strings payloads;
    const auto writer = ReadLog(folder_, after, through, [&](const LogRecord& record) -> Status {
      EXPECT_EQ(record.number, after + std::ssize(payloads) + 1);
      payloads.emplace_back(record.payload);
      return {};
    });
    if (!writer.ok()) return writer.status();
    EXPECT_EQ(writer->size(), through <= after ? 0U : 16U);
    return payloads;
  }

  TempDirectory parent_ = *TempDirectory::Make();
  std::string folder_ = parent_.File("log");
};

TEST_F(LogViewTest, ShowsWhatTheOwnerShowsWhileItIsOpen) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  Strings all;
  for (int epoch = 0; epoch < 4; ++epoch) {
    const auto log = OpenLog(SmallLog(folder_));
    for (int i = 0; i < 25; ++i) {
      Strings batch(random() % 3 + 1);
      for (std::string& payload : batch) payload = std::string(random() % 200, 'x');
      ASSERT_TRUE(AppendAll(log.get(), batch).ok());
      all.insert(all.end(), batch.begin(), batch.end());
      const auto through = static_cast<LogPosition>(random() % (all.size() + 1));
      const auto read = Read(through);
      ASSERT_TRUE(read.ok()) << read.status().ToString();
      EXPECT_EQ(*read, Strings(all.begin(), all.begin() + through));
      const auto after = static_cast<LogPosition>(random() % (all.size() + 1));
      EXPECT_EQ(*Read(through, after),
                Strings(all.begin() + std::min(after, through), all.begin() + through));
    }
    EXPECT_EQ(*Read(log->last()), PayloadsOf(*log));
  }
}

TEST_F(LogViewTest, TheReaderWritesNothing) {
  const auto log = OpenLog(SmallLog(folder_));
  ASSERT_TRUE(AppendAll(log.get(), {"one", "two"}).ok());
  const Strings before = LogFilesIn(folder_);
  EXPECT_EQ(*Read(2), (Strings{"one", "two"}));
  EXPECT_EQ(LogFilesIn(folder_), before);
  EXPECT_THAT(*Read(0), IsEmpty());
}

TEST_F(LogViewTest, GoesOnWhileTheOwnerAppends) {
  const auto log = OpenLog(SmallLog(folder_));
  std::atomic<bool> stop = false;
  std::thread owner([&] {
    for (int i = 1; !stop && i < 5000; ++i) {
      if (!AppendAll(log.get(), {std::to_string(i)}).ok()) break;
    }
  });
  for (int i = 0; i < 50; ++i) {
    const LogPosition through = log->last();
    const auto read = Read(through);
    EXPECT_TRUE(read.ok()) << read.status().ToString();
    if (!read.ok()) break;
    EXPECT_EQ(std::ssize(*read), through);
    if (through > 0) {
      EXPECT_EQ(read->back(), std::to_string(through));
    }
  }
  stop = true;
  owner.join();
}

TEST_F(LogViewTest, WhatIsMissingIsNamed) {
  {
    const auto log = OpenLog(SmallLog(folder_));
    ASSERT_TRUE(AppendAll(log.get(), {"one"}).ok());
    const Status beyond = Read(2).status();
    EXPECT_EQ(beyond.code(), StatusCode::kCorruption);
    EXPECT_THAT(beyond.message(), HasSubstr(LogFileName(1, 1)));
  }
  const auto log = OpenLog(SmallLog(folder_));
  ASSERT_TRUE(AppendAll(log.get(), {"two"}).ok());
  ASSERT_TRUE(log->Trim(1).ok());
  const Status trimmed = Read(2).status();
  EXPECT_EQ(trimmed.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(trimmed.message(), HasSubstr("trimmed"));
}

}  // namespace
}  // namespace coeval
