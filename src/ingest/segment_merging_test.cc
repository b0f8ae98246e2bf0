// Sealed segments merged: nobody can tell but by the number of files.
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

#include "ingest/log_sealer.h"
#include "ingest/read_pushes.h"
#include "ingest/testing.h"
#include "io/fault.h"
#include "io/files.h"
#include "log/sealed_log.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;

class SegmentMergingTest : public ::testing::Test {
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

  // A push, sealed at once.
  SealReport PushAndSeal(int n, MergeKind merge = MergeKind::kDue) {
    const auto pushed = rates_.Push(RateRows({"c" + std::to_string(n % 5)}, n, kNow - kMinute),
                                    "key " + std::to_string(n), static_cast<LogDestination>(n % 3));
    EXPECT_TRUE(pushed.ok()) << pushed.status().ToString();
    return Seal(merge);
  }

  SealReport Seal(MergeKind merge) {
    const auto report = rates_.ingester().Seal(merge);
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *report : SealReport();
  }

  // All that the log holds, byte for byte, in order.
  [[nodiscard]] std::vector<std::string> Logged() const {
    const auto logged = rates_.ingester().Logged("rates_push");
    EXPECT_TRUE(logged.ok()) << logged.status().ToString();
    std::vector<std::string> all;
    if (!logged.ok()) return all;
    for (const LogBatch& batch : logged->batches) all.push_back(*EncodeLogBatch(batch));
    return all;
  }

  [[nodiscard]] std::string log() const { return folder_ / "money/log"; }

  [[nodiscard]] std::int64_t segments() const { return rates_.ingester().Sizes().segments; }

  void ExpectOnlyNamedFiles() const {
    EXPECT_EQ(FilesBelow(log() + "/segments"), segments());
    EXPECT_EQ(std::ssize(ReadSealedLog(log())->segments), segments());
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  RatesStore rates_{folder_ / "money", clock_.context(), {}, {.seal_bytes = 0}};
};

TEST_F(SegmentMergingTest, WhatIsMergedIsReadAsBefore) {
  std::vector<std::string> before;
  std::int64_t merged = 0;
  for (int n = 0; n < 40; ++n) {
    merged += PushAndSeal(n).merged;
    const std::vector<std::string> now = Logged();
    ASSERT_EQ(now.size(), before.size() + 1);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), now.begin()));
    before = now;
    ExpectOnlyNamedFiles();
  }
  EXPECT_GT(merged, 30);
  EXPECT_LT(segments(), 12);
  Seal(MergeKind::kAll);
  EXPECT_EQ(segments(), 1);
  EXPECT_EQ(Seal(MergeKind::kAll).merged, 0);
  ExpectOnlyNamedFiles();
  EXPECT_EQ(Logged(), before);
  Reopen();
  EXPECT_EQ(Logged(), before);
  EXPECT_EQ(rates_.ingester().Sizes().sealed_records, 40);
  const auto repeated =
      rates_.Push(RateRows({"c2"}, 7, kNow - kMinute), "key 7", LogDestination::kOnline);
  ASSERT_TRUE(repeated.ok()) << repeated.status().ToString();
  EXPECT_TRUE(repeated->repeated);
  PushAndSeal(40);
  EXPECT_EQ(Logged().size(), 41U);
  EXPECT_EQ(rates_.ingester().Logged("rates_push")->batches.back().first_number, 41);
}

TEST_F(SegmentMergingTest, ALostStoreIsFilledFromMergedSegments) {
  for (int n = 0; n < 9; ++n) PushAndSeal(n);
  Seal(MergeKind::kAll);
  PushAndSeal(9);
  rates_.Close();
  std::filesystem::remove_all(folder_ / "money/online");
  Open();
  EXPECT_EQ(rates_.Ask("c4"), 9);
  EXPECT_EQ(rates_.Ask("c1"), 6);  // 1 went offline
}

TEST_F(SegmentMergingTest, NothingIsMergedWhereItIsTurnedOff) {
  RatesStore off(folder_ / "other", clock_.context(), {}, {.seal_bytes = 0, .segment_bytes = 0});
  ASSERT_TRUE(off.Open().ok());
  for (int n = 0; n < 6; ++n) {
    ASSERT_TRUE(off.Push(RateRows({"EUR"}, n, kNow)).ok());
    ASSERT_TRUE(off.ingester().Seal(MergeKind::kAll).ok());
  }
  EXPECT_EQ(off.ingester().Sizes().segments, 6);
}

// An older release's manifest says nothing of columns.
TEST_F(SegmentMergingTest, SegmentsOfAnOlderReleaseAreMergedToo) {
  for (int n = 0; n < 3; ++n) PushAndSeal(n);
  const std::vector<std::string> before = Logged();
  rates_.Close();
  SealedLog sealed = *ReadSealedLog(log());
  for (LogSegment& segment : sealed.segments) {
    segment.columns = 0;
    segment.last_event.reset();
  }
  ASSERT_TRUE(WriteSealedLog(log(), sealed).ok());
  Open();
  Seal(MergeKind::kAll);
  EXPECT_EQ(segments(), 1);
  EXPECT_EQ(Logged(), before);
  EXPECT_NE(ReadSealedLog(log())->segments[0].columns, 0U);
  EXPECT_EQ(ReadSealedLog(log())->segments[0].last_event, kNow - kMinute);
}

// It is told, and what lies elsewhere is merged.
TEST_F(SegmentMergingTest, ADamagedSegmentIsLeftAlone) {
  for (int n = 0; n < 3; ++n) PushAndSeal(n);
  const SealedFile damaged = ReadSealedLog(log())->segments[0].file;
  std::ofstream(log() + "/" + damaged.name, std::ios::app) << "x";
  const auto told = rates_.ingester().Seal(MergeKind::kAll);
  EXPECT_EQ(told.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(told.status().message(), HasSubstr(damaged.name));
  PushAndSeal(3);
  PushAndSeal(4, MergeKind::kAll);
  EXPECT_EQ(segments(), 4);  // the three that could not be merged with it, and a new one
  EXPECT_TRUE(FileExists(log() + "/" + damaged.name));
}

// While files are held, for a backup, none of them goes.
TEST_F(SegmentMergingTest, HeldFilesStay) {
  for (int n = 0; n < 3; ++n) PushAndSeal(n);
  std::thread merging;
  {
    const auto held = rates_.ingester().HoldFiles();
    const auto pieces = rates_.ingester().Files();
    ASSERT_TRUE(pieces.ok());
    merging = std::thread([&] { Seal(MergeKind::kAll); });
    for (int look = 0; look < 100; ++look) {
      for (const LogPiece& piece : *pieces) ASSERT_TRUE(FileExists(log() + "/" + piece.name));
      std::this_thread::yield();
    }
  }
  merging.join();
  EXPECT_EQ(segments(), 1);
}

// Readers of other processes go on with the new manifest.
TEST_F(SegmentMergingTest, ReadersBesideSeeEachPushOnce) {
  std::atomic<bool> stop = false;
  std::atomic<LogPosition> pushed = 0;
  std::thread owner([&] {
    for (int n = 0; n < 150; ++n) {
      PushAndSeal(n, n % 7 == 0 ? MergeKind::kAll : MergeKind::kDue);
      pushed = rates_.ingester().LogEnd();
    }
    stop = true;
  });
  int reads = 0;
  for (; !stop; ++reads) {
    const LogPosition through = pushed;
    const auto read = ReadPushes(log(), through, "rates_push", clock_.context());
    EXPECT_TRUE(read.ok()) << read.status().ToString();
    if (!read.ok()) break;
    EXPECT_EQ(std::ssize(read->batches), through);
    for (std::size_t i = 0; i < read->batches.size(); ++i) {
      EXPECT_EQ(read->batches[i].first_number, static_cast<std::int64_t>(i) + 1);
    }
  }
  owner.join();
  EXPECT_GT(reads, 3);
}

// Whatever call fails: nothing is lost, nothing counts twice, and the next try succeeds.
class FailingMergeTest : public SegmentMergingTest, public ::testing::WithParamInterface<int> {};

TEST_P(FailingMergeTest, LosesNothing) {
  int refused = 0;
  int pushes = 0;
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE("call " + std::to_string(nth));
    do PushAndSeal(pushes++);
    while (segments() < 2);
    const std::vector<std::string> before = Logged();
    bool happened = false;
    {
      const FaultInjection fault(nth, GetParam());
      const auto report = rates_.ingester().Seal(MergeKind::kAll);
      happened = fault.happened();
      refused += report.ok() ? 0 : 1;
    }
    EXPECT_EQ(Logged(), before);
    if (nth % 3 == 0) Reopen();
    EXPECT_EQ(Logged(), before);
    if (nth % 2 == 0) {
      Seal(MergeKind::kAll);
      EXPECT_EQ(segments(), 1);
    }
    if (::testing::Test::HasFailure() || !happened) break;
  }
  EXPECT_GT(refused, 20);
  Reopen();
  ExpectOnlyNamedFiles();
}

INSTANTIATE_TEST_SUITE_P(Errors, FailingMergeTest, ::testing::Values(ENOSPC, EIO));

}  // namespace
}  // namespace coeval
