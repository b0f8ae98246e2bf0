// The embedded store on a disk that fails; faulty_disk_slow_test.cc tries every step there is.
#include "online/rocksdb/faulty_disk.h"

#include <sys/resource.h>

#include <csignal>
#include <memory>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "io/fault.h"
#include "online/rocksdb/faulty_disk_story.h"
#include "online/rocksdb/rocksdb_store.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;

void TrySomeSteps(bool pushes) {
  constexpr std::int64_t kStride = 9;
  const std::int64_t first = 1 + static_cast<std::int64_t>(std::random_device()() % kStride);
  SCOPED_TRACE("first step " + std::to_string(first));
  WriteOnAFailingDisk(pushes, first, kStride);
}

TEST(FaultyDiskTest, ALoadIsWholeOrNotThere) {
  TrySomeSteps(false);
}

TEST(FaultyDiskTest, WhatWasPushedIsServedWhateverFilesHoldIt) {
  TrySomeSteps(true);
}

class FullDiskTest : public testing::Test {
 protected:
  Status Open() {
    Result<std::unique_ptr<OnlineStore>> store = RocksDbStore::Open(
        {.folder = folder_ / "online", .project = "flights", .store = {}, .env = disk_.env()},
        clock_.context());
    if (!store.ok()) return store.status();
    store_ = std::move(*store);
    return {};
  }

  Status Load(std::int64_t n) {
    return LoadFacts(*store_, view_, {{.key = 0, .event_time = kNow - kHour + n, .n = n}}).status();
  }

  std::int64_t Value() {
    const auto snapshot = *store_->Now();
    const auto answers = *AskStore(*snapshot, view_, 1, snapshot->time());
    return answers[0].match == Match::kFound ? answers[0].values[0].AsInt() : 0;
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  FaultyDisk disk_;
  ViewVersion view_ = TestView(TestSource());
  std::unique_ptr<OnlineStore> store_;
};

// Reads go on, time too (the lease has its room), loads say why they cannot, and work again as soon
// as there is room.
TEST_F(FullDiskTest, ReadsGoOn) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Load(1).ok());
  disk_.FailAt(1, FaultyDisk::Fault::kFull, true);
  clock_.fixed->Set(kNow + kHour);
  EXPECT_EQ(Value(), 1);
  EXPECT_EQ((*store_->Now())->time(), kNow + kHour);
  EXPECT_EQ(Load(2).code(), StatusCode::kIoError);
  EXPECT_EQ(Value(), 1);
  disk_.Heal();
  EXPECT_TRUE(Load(2).ok());
  EXPECT_EQ(Value(), 2);
}

// Also where the lease cannot be written: then the time of answers stands still.
TEST_F(FullDiskTest, WithoutALeaseTimeStandsStillAndReadsGoOn) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Load(1).ok());
  EXPECT_EQ((*store_->Now())->time(), kNow);
  clock_.fixed->Set(kNow + kHour);
  {
    const FaultInjection fault(1, EIO);
    EXPECT_EQ(Value(), 1);
    EXPECT_TRUE(fault.happened());
  }
  EXPECT_EQ((*store_->Now())->time(), kNow + kHour);
}

TEST_F(FullDiskTest, AStoreThatCannotBeMadeSaysWhyAndIsMadeLater) {
  for (std::int64_t n = 1;; n += 3) {
    SCOPED_TRACE("step " + std::to_string(n));
    disk_.FailAt(n, FaultyDisk::Fault::kFull, true);
    const Status status = Open();
    const bool happened = disk_.happened();
    disk_.Heal();
    if (!status.ok()) {
      EXPECT_EQ(status.code(), StatusCode::kIoError) << status.ToString();
      const Status again = Open();
      ASSERT_TRUE(again.ok()) << again.ToString();
    }
    ASSERT_TRUE(Load(1).ok());
    EXPECT_EQ(Value(), 1);
    store_.reset();
    std::filesystem::remove_all(folder_ / "online");
    if (!happened) break;
    ASSERT_LT(n, 500);
  }
}

// The system's own refusal, not a test's: files may not grow beyond a size.
TEST_F(FullDiskTest, ALimitOfTheSystemIsAClearError) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(Load(1).ok());
  const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before = {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit small = before;
  small.rlim_cur = 512;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = Load(2);
  EXPECT_EQ(Value(), 1);
  // RocksDB's own log, had it a file, would end the process with its second line after an error.
  for (int again = 0; again < 5; ++again) {
    EXPECT_EQ(Load(2).code(), StatusCode::kIoError);
    EXPECT_EQ(store_->Compact().code(), StatusCode::kIoError);
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, ignored);
  EXPECT_EQ(status.code(), StatusCode::kIoError) << status.ToString();
  EXPECT_TRUE(Load(2).ok());
  EXPECT_EQ(Value(), 2);
}

}  // namespace
}  // namespace coeval
