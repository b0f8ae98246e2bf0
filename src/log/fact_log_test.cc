#include "log/fact_log.h"

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "io/files.h"
#include "log/testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Strings = std::vector<std::string>;

class FactLogTest : public testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<FactLog> Open() const { return OpenLog(SmallLog(folder_)); }

  // Files of one record each.
  void FillFiles(int count) const {
    const auto log = OpenLog(SmallLog(folder_, 1));
    for (int i = 1; i <= count; ++i) ASSERT_TRUE(AppendAll(log.get(), {std::to_string(i)}).ok());
  }

  TempDirectory parent_ = *TempDirectory::Make();
  std::string folder_ = parent_.File("deep/log");
};

TEST_F(FactLogTest, WhatIsAppendedIsFoundAfterOpening) {
  std::string writer;
  {
    const auto log = Open();
    EXPECT_EQ(log->first(), 1);
    EXPECT_EQ(log->last(), 0);
    EXPECT_THAT(PayloadsOf(*log), IsEmpty());
    EXPECT_EQ(*AppendAll(log.get(), {"one"}), 1);
    EXPECT_EQ(*AppendAll(log.get(), {"two", "", std::string("\0\1", 2)}), 2);
    EXPECT_EQ(log->last(), 4);
    EXPECT_THAT(PayloadsOf(*log), ElementsAre("one", "two", "", std::string("\0\1", 2)));
    EXPECT_THAT(PayloadsOf(*log, 3), SizeIs(1));
    writer = log->writer();
    EXPECT_EQ(writer.size(), 16U);
  }
  const auto log = Open();
  EXPECT_EQ(log->torn_bytes(), 0);
  EXPECT_EQ(log->writer(), writer);
  EXPECT_EQ(*AppendAll(log.get(), {"five"}), 5);
  EXPECT_THAT(PayloadsOf(*log, 2), ElementsAre("", std::string("\0\1", 2), "five"));
}

TEST_F(FactLogTest, EveryOpeningIsAnEpochAndLeavesNoEmptyFiles) {
  for (std::uint64_t epoch = 1; epoch <= 4; ++epoch) EXPECT_EQ(Open()->epoch(), epoch);
  EXPECT_THAT(LogFilesIn(folder_), ElementsAre(LogFileName(4, 1)));
  EXPECT_TRUE(AppendAll(Open().get(), {"one"}).ok());
  for (int i = 0; i < 3; ++i) EXPECT_THAT(PayloadsOf(*Open()), ElementsAre("one"));
  EXPECT_THAT(LogFilesIn(folder_), ElementsAre(LogFileName(5, 1), LogFileName(8, 1)));
}

TEST_F(FactLogTest, AnOpeningCanBeFarAhead) {
  ASSERT_TRUE(AppendAll(Open().get(), {"one"}).ok());
  for (const auto& [least, epoch] : {std::pair(1000U, 1000U), {7U, 1001U}}) {
    FactLogOptions options = SmallLog(folder_);
    options.least_epoch = least;
    EXPECT_EQ(OpenLog(options)->epoch(), epoch);
  }
  EXPECT_THAT(PayloadsOf(*Open()), ElementsAre("one"));
}

TEST_F(FactLogTest, TwoLogsHaveTwoWriters) {
  EXPECT_NE(Open()->writer(), OpenLog(SmallLog(parent_.File("other")))->writer());
}

TEST_F(FactLogTest, RecordsGoOverManyFiles) {
  Strings all;
  for (int round = 0; round < 3; ++round) {
    const auto log = Open();
    for (int i = 0; i < 20; ++i) {
      Strings batch;
      for (int k = 0; k <= i % 4; ++k)
        batch.push_back(std::string(static_cast<std::size_t>(40 * k + i), 'x'));
      ASSERT_EQ(*AppendAll(log.get(), batch), std::ssize(all) + 1);
      all.insert(all.end(), batch.begin(), batch.end());
    }
    EXPECT_EQ(PayloadsOf(*log), all);
  }
  EXPECT_GT(LogFilesIn(folder_).size(), 20U);
  const auto log = Open();
  EXPECT_EQ(PayloadsOf(*log), all);
  for (LogPosition after = 0; after <= log->last(); after += 7) {
    EXPECT_EQ(PayloadsOf(*log, after), Strings(all.begin() + after, all.end()));
  }
}

// Larger than every buffer, and more at once than one system call takes.
TEST_F(FactLogTest, LargeRecordsAndLargeBatches) {
  const auto log = Open();
  Strings payloads = {std::string(3 << 20, 'a'), "b"};
  for (int i = 0; i < 3000; ++i) payloads.push_back(std::to_string(i));
  ASSERT_TRUE(AppendAll(log.get(), payloads).ok());
  EXPECT_EQ(PayloadsOf(*log), payloads);
  EXPECT_EQ(PayloadsOf(*Open()), payloads);
  const std::string too_large(FactLog::kMaxPayload + 1, 'x');
  const Status refused = AppendAll(log.get(), {"x", too_large}).status();
  EXPECT_EQ(refused.code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(log->broken());
  EXPECT_EQ(log->last(), 3002);
}

TEST_F(FactLogTest, TrimRemovesWholeFilesAndNeverTheNewest) {
  FillFiles(5);
  {
    const auto log = OpenLog(SmallLog(folder_, 1));
    ASSERT_THAT(LogFilesIn(folder_), SizeIs(6));
    ASSERT_TRUE(log->Trim(0).ok());
    EXPECT_EQ(log->first(), 1);
    ASSERT_TRUE(log->Trim(2).ok());
    EXPECT_EQ(log->first(), 3);
    EXPECT_THAT(PayloadsOf(*log, 2), ElementsAre("3", "4", "5"));
    const Status trimmed = log->Replay(1, [](const LogRecord&) { return Status(); });
    EXPECT_EQ(trimmed.code(), StatusCode::kFailedPrecondition);
    EXPECT_THAT(trimmed.message(), HasSubstr("record 2 is needed and was trimmed"));
  }
  {
    const auto log = OpenLog(SmallLog(folder_, 1));
    EXPECT_EQ(log->first(), 3);
    ASSERT_TRUE(log->Trim(100).ok());
    EXPECT_EQ(log->first(), 6);
    EXPECT_EQ(log->last(), 5);
    EXPECT_THAT(LogFilesIn(folder_), SizeIs(1));
  }
  for (int i = 6; i < 9; ++i) {  // with and without a record in the oldest file
    const auto log = OpenLog(SmallLog(folder_, 1));
    EXPECT_EQ(log->last(), i - 1);
    EXPECT_EQ(*AppendAll(log.get(), {std::to_string(i)}), i);
    ASSERT_TRUE(log->Trim(i - 1).ok());
    EXPECT_THAT(PayloadsOf(*log, i - 1), ElementsAre(std::to_string(i)));
  }
}

TEST_F(FactLogTest, AReplayStopsWithTheErrorOfItsVisitor) {
  FillFiles(3);
  int visits = 0;
  const Status status = Open()->Replay(
      0, [&](const LogRecord&) { return ++visits == 2 ? Status::Cancelled("enough") : Status(); });
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_EQ(visits, 2);
}

TEST_F(FactLogTest, AReplaySeesWhatWasThereWhenItBegan) {
  const auto log = OpenLog(SmallLog(folder_, 100));
  ASSERT_TRUE(AppendAll(log.get(), {"a", "b"}).ok());
  std::vector<LogPosition> seen;
  ASSERT_TRUE(log->Replay(0,
                          [&](const LogRecord& record) {
                            seen.push_back(record.number);
                            return AppendAll(log.get(), {"more"}).status();
                          })
                  .ok());
  EXPECT_THAT(seen, ElementsAre(1, 2));
  EXPECT_EQ(log->last(), 4);
}

TEST_F(FactLogTest, ReplaysAndTrimsGoOnBesideAppends) {
  const auto log = OpenLog(SmallLog(folder_, 2000, 512));
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done.load()) {
      const LogPosition from = log->first() - 1;
      LogPosition next = from + 1;
      const Status status = log->Replay(from, [&](const LogRecord& record) {
        EXPECT_EQ(record.number, next++);
        EXPECT_EQ(record.payload, std::to_string(record.number));
        return Status();
      });
      EXPECT_TRUE(status.ok() || status.code() == StatusCode::kFailedPrecondition)
          << status.ToString();
    }
  });
  std::thread trimmer([&] {
    while (!done.load()) EXPECT_TRUE(log->Trim(log->last() - 50).ok());
  });
  for (int i = 1; i <= 1000; i += 2) {
    ASSERT_TRUE(AppendAll(log.get(), {std::to_string(i), std::to_string(i + 1)}).ok());
  }
  done.store(true);
  reader.join();
  trimmer.join();
  ASSERT_TRUE(log->Trim(log->last() - 50).ok());
  EXPECT_GT(log->first(), 800);
}

TEST_F(FactLogTest, NothingIsAppendedAfterClosing) {
  const auto log = Open();
  ASSERT_TRUE(AppendAll(log.get(), {"a"}).ok());
  ASSERT_TRUE(log->Close().ok());
  ASSERT_TRUE(log->Close().ok());
  EXPECT_EQ(AppendAll(log.get(), {"b"}).status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(PayloadsOf(*log), ElementsAre("a"));
}

class FactLogFilesTest : public FactLogTest {
 protected:
  void ExpectRefused(const std::string& text) const {
    const auto log = FactLog::Open(SmallLog(folder_));
    ASSERT_FALSE(log.ok());
    EXPECT_EQ(log.status().code(), StatusCode::kCorruption);
    EXPECT_THAT(log.status().message(), HasSubstr(text));
  }

  [[nodiscard]] std::string PathOf(std::uint64_t file) const {
    return folder_ + "/" + LogFileName(1, file);
  }
};

TEST_F(FactLogFilesTest, AMissingFileIsNamed) {
  FillFiles(4);
  std::filesystem::remove(PathOf(3));
  ExpectRefused("/" + LogFileName(1, 3) + "', which is not there");
}

TEST_F(FactLogFilesTest, LostNewestFilesAreMissedByWhoHasAppliedThem) {
  FillFiles(4);
  std::filesystem::remove(PathOf(4));
  const auto log = Open();
  const Status status = log->Replay(4, [](const LogRecord&) { return Status(); });
  EXPECT_EQ(status.code(), StatusCode::kCorruption);
  EXPECT_THAT(status.message(), HasSubstr("ends with record 3, but record 4 was in it"));
}

TEST_F(FactLogFilesTest, AFileUnderAnotherNameIsRefused) {
  FillFiles(4);
  std::filesystem::rename(PathOf(4), PathOf(9));
  ExpectRefused("says that it is '" + LogFileName(1, 4) + "'");
}

TEST_F(FactLogFilesTest, AFileOfAnotherLogIsRefused) {
  FillFiles(2);
  const std::string kept = parent_.File("kept");
  std::filesystem::rename(PathOf(1), kept);
  std::filesystem::remove_all(folder_);
  FillFiles(2);
  std::filesystem::copy_file(kept, PathOf(1), std::filesystem::copy_options::overwrite_existing);
  ExpectRefused("are of two logs");
}

// Whole records, but in the place of others: a stale or misdirected block.
TEST_F(FactLogFilesTest, ARecordInAnotherPlaceIsDamage) {
  {
    const auto log = Open();
    for (const char* text : {"one", "two", "six"}) ASSERT_TRUE(AppendAll(log.get(), {text}).ok());
  }
  std::string bytes = *ReadFile(PathOf(1));
  bytes.replace(168, 40, bytes.substr(128, 40));
  ASSERT_TRUE(WriteFileAtomically(PathOf(1), bytes).ok());
  ExpectRefused("bytes 168 to 207");
}

TEST_F(FactLogFilesTest, AnOlderCopyOfAFileIsDamage) {
  const std::string old = parent_.File("old");
  {
    const auto log = Open();
    ASSERT_TRUE(AppendAll(log.get(), {"one"}).ok());
    std::filesystem::copy_file(PathOf(1), old);
    ASSERT_TRUE(AppendAll(log.get(), {"two"}).ok());
  }
  ASSERT_TRUE(Open());
  std::filesystem::copy_file(old, PathOf(1), std::filesystem::copy_options::overwrite_existing);
  ExpectRefused("from record 2 on");
}

TEST_F(FactLogFilesTest, ANewerFormatIsRefusedWithWhatToDo) {
  FillFiles(1);
  std::string bytes = *ReadFile(PathOf(1));
  bytes[12] = 2;  // the oldest reader
  const std::uint64_t checksum = Hash64(std::string_view(bytes).substr(0, 120));
  std::memcpy(bytes.data() + 120, &checksum, sizeof(checksum));
  ASSERT_TRUE(WriteFileAtomically(PathOf(1), bytes).ok());
  const Status status = FactLog::Open(SmallLog(folder_)).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("needs a release that reads its format 2"));
}

TEST_F(FactLogFilesTest, OtherFilesAreLeftAlone) {
  FillFiles(2);
  ASSERT_TRUE(WriteFileAtomically(folder_ + "/notes.log", "mine").ok());
  std::ofstream(PathOf(7) + ".tmp") << "left by a crash";
  EXPECT_THAT(PayloadsOf(*Open()), ElementsAre("1", "2"));
  EXPECT_EQ(*ReadFile(folder_ + "/notes.log"), "mine");
  EXPECT_FALSE(FileExists(PathOf(7) + ".tmp"));
}

}  // namespace
}  // namespace coeval
