#include "online/time_keeper.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

constexpr TimeMicros kNoon = 1'357'041'600'000'000;

// A disk that keeps the lease, or refuses.
struct Disk {
  std::atomic<TimeMicros> lease{kMinTime};
  std::atomic<bool> full{false};
  std::atomic<int> writes{0};

  TimeKeeper::WriteLease Writer() {
    return [this](TimeMicros until) -> Status {
      if (full) return Status::IoError("no space");
      ++writes;
      lease = until;
      return {};
    };
  }
};

class TimeKeeperTest : public testing::Test {
 protected:
  void Start(TimeMicros last_c = kMinTime) {
    keeper_ = std::make_unique<TimeKeeper>(
        clock_, TimeKeeper::Start{.lease = disk_.lease, .last_c = last_c}, disk_.Writer(),
        [](LogLevel, std::string_view) {});
  }

  TimeMicros Now() { return *keeper_->Now(); }

  TimeMicros Commit() {
    const TimeMicros c = *keeper_->TakeC();
    keeper_->Publish([] {});
    return c;
  }

  std::shared_ptr<FixedClock> clock_ = std::make_shared<FixedClock>(kNoon);
  Disk disk_;
  std::unique_ptr<TimeKeeper> keeper_;
};

// Rule 1.4: a question with the clock at t is asked at t, after a batch too.
TEST_F(TimeKeeperTest, TheFirstBatchOfAMomentTakesTheClock) {
  Start();
  EXPECT_EQ(Commit(), kNoon);
  EXPECT_EQ(Now(), kNoon);
  EXPECT_EQ(Now(), kNoon);
}

TEST_F(TimeKeeperTest, ABatchComesAfterEveryAnswer) {
  Start();
  EXPECT_EQ(Now(), kNoon);
  EXPECT_EQ(Commit(), kNoon + 1);
  EXPECT_EQ(Now(), kNoon + 1);  // t is never before a visible C
  EXPECT_EQ(Commit(), kNoon + 2);
}

TEST_F(TimeKeeperTest, AClockThatStepsBackHidesNothing) {
  Start();
  const TimeMicros c = Commit();
  clock_->Set(kNoon - kHour);
  EXPECT_EQ(Now(), c);
  EXPECT_EQ(Commit(), c + 1);
  clock_->Set(kNoon + kHour);
  EXPECT_EQ(Now(), kNoon + kHour);
}

// While a batch has its C and is not yet visible, t stays before it.
TEST_F(TimeKeeperTest, TimeWaitsBeforeABatchThatIsNotYetVisible) {
  Start();
  const TimeMicros c = *keeper_->TakeC();
  clock_->Set(kNoon + kMinute);
  EXPECT_EQ(Now(), c - 1);
  bool seen = false;
  keeper_->Publish([&] { seen = true; });
  EXPECT_TRUE(seen);
  EXPECT_EQ(Now(), kNoon + kMinute);
}

TEST_F(TimeKeeperTest, ABatchThatFailsLetsTimeGoOn) {
  Start();
  const TimeMicros c = *keeper_->TakeC();
  keeper_->Abandon();
  EXPECT_EQ(Now(), kNoon);
  EXPECT_GT(Commit(), c);  // its C is spent
}

// After a crash the process that follows cannot know what was answered, but for the lease.
TEST_F(TimeKeeperTest, ACrashStartsAtTheLeaseAndNoCGoesBack) {
  Start();
  clock_->Set(kNoon + kHour);
  const TimeMicros answered = Now();
  const TimeMicros lease = disk_.lease;
  EXPECT_GE(lease, answered);
  EXPECT_LE(lease, answered + kLease);
  Disk survivor;
  survivor.lease = lease;
  clock_->Set(kNoon);
  TimeKeeper after(clock_, {.lease = lease, .last_c = kMinTime}, survivor.Writer(),
                   [](LogLevel, std::string_view) {});
  EXPECT_GE(*after.Now(), answered);
  EXPECT_GT(*after.TakeC(), answered);
}

TEST_F(TimeKeeperTest, AnOrderlyRestartStartsWhereItWas) {
  Start();
  clock_->Set(kNoon + kHour);
  const TimeMicros answered = Now();
  keeper_.reset();
  EXPECT_EQ(disk_.lease, answered);
  Start();
  EXPECT_EQ(Now(), answered);
}

TEST_F(TimeKeeperTest, EveryAnswerLiesBelowTheDurableLease) {
  Start();
  for (int i = 0; i < 2000; ++i) {
    clock_->Set(kNoon + i * 10'000);
    const TimeMicros t = Now();
    ASSERT_LE(t, disk_.lease.load());
  }
  // 20 s at half a lease each, and not one write for each answer.
  EXPECT_LE(disk_.writes, 60);
}

TEST_F(TimeKeeperTest, AFullDiskStopsTimeAndNotReads) {
  Start();
  const TimeMicros before = Now();
  disk_.full = true;
  clock_->Set(kNoon + kHour);
  const TimeMicros stopped = Now();
  EXPECT_GE(stopped, before);
  EXPECT_LE(stopped, disk_.lease.load());
  disk_.full = false;
  EXPECT_EQ(Now(), kNoon + kHour);
}

TEST_F(TimeKeeperTest, ManyReadersAndWritersKeepTheOrder) {
  Start();
  std::atomic<TimeMicros> visible{kMinTime};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const TimeMicros least = visible;
        TimeMicros seen = kMinTime;
        const TimeMicros t = *keeper_->Now([&] { seen = visible; });
        ASSERT_GE(t, least);
        ASSERT_LE(seen, t);
        ASSERT_LE(t, std::max(disk_.lease.load(), visible.load()));
      }
    });
  }
  for (int i = 0; i < 500; ++i) {
    clock_->Set(kNoon + (i * 7919) % 5000 * 1000);
    const TimeMicros c = *keeper_->TakeC();
    keeper_->Publish([&] { visible = c; });
  }
  stop = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace coeval
