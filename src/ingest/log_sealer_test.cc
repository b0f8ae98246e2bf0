// The log sealed through its door: what was pushed stays, once, whatever happens on the way.
#include "ingest/log_sealer.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/read_pushes.h"
#include "ingest/testing.h"
#include "io/copy_file.h"
#include "io/fault.h"
#include "io/files.h"

namespace coeval {
namespace {

using coeval::testing::Table;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;

class LogSealerTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    const Status opened = rates_.Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
  }

  void Reopen() {
    rates_.Close();
    Open();
  }

  Result<PushReport> Push(const std::string& code, double rate, const std::string& key = "",
                          LogDestination to = LogDestination::kOnlineAndOffline) {
    return rates_.Push(RateRows({code}, rate, kNow - kMinute), key, to);
  }

  // One without a key, which gets a C of that time: its C.
  TimeMicros PushAt(TimeMicros time) {
    clock_.fixed->Set(time);
    const auto report = Push("USD", 7);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? report->c : kMinTime;
  }

  bool IsRepeated(double rate, const std::string& key) {
    const auto report = Push("EUR", rate, key);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() && report->repeated;
  }

  // All that the log holds, byte for byte, in order.
  [[nodiscard]] std::vector<std::string> Logged() const {
    const auto logged = rates_.ingester().Logged("rates_push");
    EXPECT_TRUE(logged.ok()) << logged.status().ToString();
    std::vector<std::string> all;
    if (!logged.ok()) return all;
    EXPECT_EQ(logged->writer, rates_.ingester().writer());
    for (const LogBatch& batch : logged->batches) all.push_back(*EncodeLogBatch(batch));
    return all;
  }

  SealReport Seal() {
    const auto report = rates_.ingester().Seal();
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *report : SealReport();
  }

  [[nodiscard]] std::string log() const { return folder_ / "money/log"; }

  [[nodiscard]] std::int64_t FilesBelow(const std::string& folder) const {
    return coeval::FilesBelow(log() + "/" + folder);
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  RatesStore rates_{folder_ / "money", clock_.context(), {}, {.seal_bytes = 0, .file_bytes = 2000}};
};

TEST_F(LogSealerTest, WhatIsSealedIsReadAsBefore) {
  for (int i = 0; i < 30; ++i) {
    const auto to = static_cast<LogDestination>(i % 3);
    ASSERT_TRUE(
        Push("c" + std::to_string(i % 7), i, i % 2 == 0 ? "key " + std::to_string(i) : "", to)
            .ok());
  }
  const std::vector<std::string> before = Logged();
  ASSERT_EQ(before.size(), 30U);
  const SealReport report = Seal();
  EXPECT_EQ(report.records, 30);
  EXPECT_EQ(report.rows, 30);
  EXPECT_GE(report.segments, 1);
  EXPECT_GT(report.log_bytes, 0);
  EXPECT_EQ(Logged(), before);
  EXPECT_EQ(rates_.ingester().Sizes().unsealed_bytes, kLogFileHeaderSize);
  EXPECT_EQ(Seal().records, 0);
  Reopen();
  EXPECT_EQ(Logged(), before);
  EXPECT_EQ(rates_.Ask("c1"), 22);  // the last ones that were served
  ASSERT_TRUE(Push("c1", 99).ok());
  EXPECT_EQ(Logged().size(), 31U);
  Seal();
  EXPECT_EQ(Logged().size(), 31U);
  EXPECT_EQ(rates_.ingester().Sizes().sealed_records, 31);
}

// What is appended while a log is copied lies behind the pieces, and nothing of them goes.
TEST_F(LogSealerTest, ACopyOfThePiecesIsTheLogOfThatMoment) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(Push("c", i, "key " + std::to_string(i)).ok());
  Seal();
  for (int i = 10; i < 15; ++i) ASSERT_TRUE(Push("c", i).ok());
  const std::vector<std::string> before = Logged();
  {
    const auto held = rates_.ingester().HoldFiles();
    const auto pieces = rates_.ingester().Files();
    ASSERT_TRUE(pieces.ok()) << pieces.status().ToString();
    for (int i = 15; i < 20; ++i) ASSERT_TRUE(Push("c", i).ok());
    for (const LogPiece& piece : *pieces) {
      const std::string to = (folder_ / "copy/log") + "/" + piece.name;
      ASSERT_TRUE(MakeDirectories(ParentDirectory(to)).ok());
      const auto copied = CopyFileDurably(log() + "/" + piece.name, to, piece.bytes);
      ASSERT_TRUE(copied.ok()) << copied.status().ToString();
    }
  }
  EXPECT_EQ(Logged().size(), 20U);
  rates_.Close();
  ASSERT_TRUE(RemoveTree(folder_ / "money").ok());
  ASSERT_TRUE(RenameFile(folder_ / "copy", folder_ / "money").ok());
  Open();
  EXPECT_EQ(Logged(), before);
  EXPECT_EQ(rates_.Ask("c"), 14);
  ASSERT_TRUE(Push("c", 99).ok());
  EXPECT_EQ(rates_.Ask("c"), 99);
}

// Opening reads the end of the log: a sealed segment that is damaged is not even looked at.
TEST_F(LogSealerTest, OpeningReadsNoSegment) {
  ASSERT_TRUE(Push("EUR", 1.08).ok());
  Seal();
  ASSERT_TRUE(Push("USD", 1.00).ok());
  rates_.Close();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(log() + "/segments")) {
    if (entry.is_regular_file()) std::ofstream(entry.path(), std::ios::app) << "x";
  }
  Open();
  EXPECT_EQ(rates_.Ask("EUR"), 1.08);
  EXPECT_EQ(rates_.Ask("USD"), 1.00);
  const auto damaged = rates_.ingester().Logged("rates_push");
  EXPECT_EQ(damaged.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(damaged.status().message(), HasSubstr("segments/rates_push"));
}

TEST_F(LogSealerTest, ALostStoreIsFilledAgainFromSegmentsAndLog) {
  ASSERT_TRUE(Push("EUR", 1.08).ok());
  ASSERT_TRUE(Push("USD", 1.00).ok());
  Seal();
  ASSERT_TRUE(Push("EUR", 1.09).ok());
  rates_.Close();
  std::filesystem::remove_all(folder_ / "money/online");
  Open();
  EXPECT_EQ(rates_.Ask("EUR"), 1.09);
  EXPECT_EQ(rates_.Ask("USD"), 1.00);
}

// What was never to be served is sealed all the same.
TEST_F(LogSealerTest, WhatFeedsNothingIsSealed) {
  ASSERT_TRUE(Push("EUR", 1.08, "", LogDestination::kOffline).ok());
  EXPECT_EQ(Seal().records, 1);
  Reopen();
  EXPECT_EQ(Logged().size(), 1U);
}

TEST_F(LogSealerTest, RowNumbersGoOn) {
  ASSERT_TRUE(Push("EUR", 1).ok());
  ASSERT_TRUE(Push("EUR", 2).ok());
  Seal();
  Reopen();
  ASSERT_TRUE(Push("EUR", 3).ok());
  const auto logged = rates_.ingester().Logged("rates_push");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(logged->batches[i].first_number, static_cast<std::int64_t>(i) + 1);
  }
}

TEST_F(LogSealerTest, ARepeatedKeyIsAnsweredAsTheFirstTime) {
  Table rows;
  rows.Strings("code", {"EUR", {}}).Doubles("rate", {1.0, 2.0}).Times("at", {kNow, kNow});
  const auto first = rates_.Push(rows, "order 1");
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  const auto expect_again = [&](const char* when) {
    SCOPED_TRACE(when);
    const auto again = rates_.Push(rows, "order 1");
    ASSERT_TRUE(again.ok()) << again.status().ToString();
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->c, first->c);
    EXPECT_EQ(again->rows, 2);
    EXPECT_EQ(again->null_keys, 1);
    EXPECT_THAT(again->views, ElementsAre("rates"));
    EXPECT_EQ(Push("EUR", 5, "order 1").status().code(), StatusCode::kAlreadyExists);
  };
  expect_again("at once");
  Reopen();
  expect_again("from the log");
  Seal();
  expect_again("sealed");
  Reopen();
  expect_again("from the keys of the seal");
  EXPECT_EQ(Logged().size(), 1U);
}

// Of the log and of seals alike: after a day of C it names a new push.
TEST_F(LogSealerTest, AKeyIsForgottenAfterItsTime) {
  const auto first = Push("EUR", 1, "a");
  clock_.fixed->Set(kNow + kHour);
  const auto second = Push("EUR", 2, "b");
  Seal();
  EXPECT_EQ(FilesBelow("keys"), 1);
  EXPECT_EQ(PushAt(first->c + kDay), first->c + kDay);
  EXPECT_TRUE(IsRepeated(1, "a"));
  Reopen();
  EXPECT_TRUE(IsRepeated(1, "a"));
  EXPECT_GT(PushAt(first->c + kDay + 1), first->c + kDay);
  EXPECT_TRUE(IsRepeated(2, "b"));
  EXPECT_FALSE(IsRepeated(1, "a"));
  EXPECT_TRUE(IsRepeated(1, "a"));  // the new one
  Reopen();
  EXPECT_TRUE(IsRepeated(1, "a"));
  EXPECT_TRUE(IsRepeated(2, "b"));
  EXPECT_GT(PushAt(second->c + kDay + kMinute), second->c + kDay);
  Seal();  // forgets the first seal's, keeps the new key
  EXPECT_EQ(FilesBelow("keys"), 1);
  Reopen();
  EXPECT_FALSE(IsRepeated(2, "b"));
  EXPECT_TRUE(IsRepeated(1, "a"));
  EXPECT_EQ(Logged().size(), 7U);
}

// Only C forgets: a clock that is a month ahead for a while does not, here or at opening.
TEST_F(LogSealerTest, AClockThatIsAheadForgetsNoKey) {
  ASSERT_TRUE(Push("EUR", 1, "a").ok());
  clock_.fixed->Set(kNow + 30 * kDay);
  EXPECT_TRUE(IsRepeated(1, "a"));
  EXPECT_EQ(Push("EUR", 5, "a").status().code(), StatusCode::kAlreadyExists);
  Seal();
  EXPECT_EQ(FilesBelow("keys"), 1);
  Reopen();
  EXPECT_TRUE(IsRepeated(1, "a"));
}

TEST_F(LogSealerTest, AKeyThatAClientMadeIsForgottenSooner) {
  const auto first = Push("EUR", 1, "made:0123");
  ASSERT_TRUE(Push("EUR", 2, "mine").ok());
  EXPECT_EQ(PushAt(first->c + kHour), first->c + kHour);
  Seal();
  EXPECT_TRUE(IsRepeated(1, "made:0123"));
  EXPECT_EQ(Push("EUR", 5, "made:0123").status().code(), StatusCode::kAlreadyExists);
  Reopen();
  EXPECT_TRUE(IsRepeated(1, "made:0123"));
  EXPECT_GT(PushAt(first->c + kHour + kMinute), first->c + kHour);
  EXPECT_TRUE(IsRepeated(2, "mine"));
  EXPECT_FALSE(IsRepeated(1, "made:0123"));
  Reopen();
  EXPECT_TRUE(IsRepeated(2, "mine"));
}

TEST_F(LogSealerTest, LostFilesAreNoticed) {
  ASSERT_TRUE(Push("EUR", 1).ok());
  Seal();
  rates_.Close();
  // The log is gone, or another one.
  for (const auto& entry : std::filesystem::directory_iterator(log())) {
    if (entry.path().extension() == ".log") std::filesystem::remove(entry.path());
  }
  std::filesystem::remove_all(folder_ / "money/online");
  const Status opened = rates_.Open();
  EXPECT_EQ(opened.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(opened.message(), HasSubstr("do not belong together"));
}

TEST_F(LogSealerTest, ALostManifestIsNoticed) {
  ASSERT_TRUE(Push("EUR", 1).ok());
  Seal();
  ASSERT_TRUE(Push("EUR", 2).ok());
  rates_.Close();
  std::filesystem::remove(log() + "/sealed.json");
  const Status opened = rates_.Open();
  EXPECT_EQ(opened.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(opened.message(), HasSubstr("trimmed"));
}

// In the background, once closed files hold enough.
TEST(LogSealerInBackgroundTest, TheLogStaysShort) {
  const TestFolder folder;
  const TestClock clock(kNow);
  RatesStore rates(folder / "money", clock.context(), {},
                   {.seal_bytes = 20'000, .file_bytes = 4000});
  ASSERT_TRUE(rates.Open().ok());
  std::int64_t pushes = 0;
  // Each push wakes it where it is due; it takes as long as it takes.
  while (rates.ingester().Sizes().sealed_records < 500) {
    ASSERT_TRUE(rates.Push(RateRows({"EUR"}, static_cast<double>(pushes), kNow)).ok());
    ASSERT_LT(++pushes, 1'000'000);
  }
  const auto logged = rates.ingester().Logged("rates_push");
  ASSERT_TRUE(logged.ok()) << logged.status().ToString();
  ASSERT_EQ(std::ssize(logged->batches), pushes);
  for (std::size_t i = 0; i < logged->batches.size(); ++i) {
    EXPECT_EQ(logged->batches[i].rows.Find("rate")->values<double>()[0], static_cast<double>(i));
  }
}

// A reader of another process goes on while it is sealed and trimmed.
TEST_F(LogSealerTest, ReadersBesideSeeEachPushOnce) {
  std::atomic<bool> stop = false;
  std::atomic<bool> failed = false;
  std::thread owner([&] {
    for (int i = 0; i < 60 && !stop; ++i) {
      for (int push = 0; push < 20; ++push) failed = failed || !Push("EUR", push).ok();
      failed = failed || !rates_.ingester().Seal().ok();
    }
    stop = true;
  });
  int reads = 0;
  for (; !stop; ++reads) {
    const LogPosition through = rates_.ingester().LogEnd();
    const auto pushed = ReadPushes(log(), through, "rates_push", clock_.context());
    EXPECT_TRUE(pushed.ok()) << pushed.status().ToString();
    if (!pushed.ok()) stop = true;
    if (!pushed.ok()) break;
    ASSERT_EQ(std::ssize(pushed->batches), through);
    for (std::size_t i = 0; i < pushed->batches.size(); ++i) {
      ASSERT_EQ(pushed->batches[i].first_number, static_cast<std::int64_t>(i) + 1);
    }
  }
  owner.join();
  EXPECT_FALSE(failed);
  EXPECT_GT(reads, 3);
}

// Whatever call fails: nothing is lost, nothing counts twice, and the next try succeeds.
class FailingDiskTest : public LogSealerTest, public ::testing::WithParamInterface<int> {};

TEST_P(FailingDiskTest, LosesNothing) {
  int refused = 0;
  std::vector<std::string> before;
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE("call " + std::to_string(nth));
    const std::string key = "key " + std::to_string(nth);
    ASSERT_TRUE(Push("EUR", nth, key).ok());
    bool happened = false;
    {
      const FaultInjection fault(nth, GetParam());
      const auto report = rates_.ingester().Seal();
      happened = fault.happened();
      refused += report.ok() ? 0 : 1;
    }
    EXPECT_EQ(rates_.Ask("EUR"), nth);
    const std::vector<std::string> now = Logged();
    ASSERT_EQ(now.size(), before.size() + 1);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), now.begin()));
    before = now;
    if (nth % 3 == 0) Reopen();
    EXPECT_TRUE(Push("EUR", nth, key)->repeated);
    if (nth % 2 == 0) Seal();
    if (::testing::Test::HasFailure() || !happened) break;
  }
  EXPECT_GT(refused, 20);
  Reopen();
  EXPECT_EQ(rates_.ingester().Sizes().segments, FilesBelow("segments"));
}

INSTANTIATE_TEST_SUITE_P(Errors, FailingDiskTest, ::testing::Values(ENOSPC, EIO));

}  // namespace
}  // namespace coeval
