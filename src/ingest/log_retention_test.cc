// Old segments dropped: what is asked of what is kept is as if all were, all else is refused.
#include <cerrno>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/log_sealer.h"
#include "ingest/read_pushes.h"
#include "ingest/testing.h"
#include "io/fault.h"
#include "io/files.h"
#include "log/sealed_log.h"
#include "source/pushed_facts.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr DurationMicros kRetention = 10 * kHour;
constexpr DurationMicros kReach = 2 * kHour;

class LogRetentionTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    const Status opened = rates_.Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
  }

  LogSettings Settings() {
    return {.seal_bytes = 0,
            .retention = kRetention,
            .reach_of = [this](const std::string&) -> Result<PushReach> { return reach_; }};
  }

  // A push that gets a C of `now`, or later: its C.
  TimeMicros PushAt(TimeMicros now, TimeMicros event, double rate = 1) {
    clock_.fixed->Set(now);
    const auto pushed = rates_.Push(RateRows({"EUR"}, rate, event));
    EXPECT_TRUE(pushed.ok()) << pushed.status().ToString();
    return pushed.ok() ? pushed->c : kMinTime;
  }

  SealReport Seal() {
    const auto report = rates_.ingester().Seal();
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *report : SealReport();
  }

  [[nodiscard]] LoggedPushes Logged() const {
    auto logged = rates_.ingester().Logged("rates_push");
    EXPECT_TRUE(logged.ok()) << logged.status().ToString();
    return logged.ok() ? *std::move(logged) : LoggedPushes();
  }

  [[nodiscard]] std::string log() const { return folder_ / "money/log"; }

  TestFolder folder_;
  TestClock clock_{kNow};
  PushReach reach_ = {.reach = kReach};
  RatesStore rates_{folder_ / "money", clock_.context(), {}, Settings()};
};

TEST_F(LogRetentionTest, WhatNoQuestionCanReachIsDropped) {
  PushAt(kNow, kNow - kMinute);
  Seal();
  PushAt(kNow + 11 * kHour, kNow + 11 * kHour);
  EXPECT_EQ(Seal().dropped, 0);  // a question at kNow + 1 h reaches it
  const TimeMicros c = PushAt(kNow + 13 * kHour, kNow + 13 * kHour);
  const SealReport report = Seal();
  EXPECT_EQ(report.dropped, 1);
  EXPECT_EQ(report.dropped_rows, 1);
  const LoggedPushes logged = Logged();
  EXPECT_EQ(logged.batches.size(), 2U);
  const DroppedPushes expected = {.source = "rates_push",
                                  .batches = 1,
                                  .rows = 1,
                                  .last_c = kNow,
                                  .last_event = kNow - kMinute,
                                  .at_c = c};
  EXPECT_EQ(logged.dropped, expected);
  EXPECT_EQ(FilesBelow(log() + "/segments"), rates_.ingester().Sizes().segments);
  rates_.Close();
  Open();
  EXPECT_EQ(Logged().dropped, expected);
  EXPECT_EQ(rates_.Ask("EUR"), 1);
}

TEST_F(LogRetentionTest, AQuestionThatReachesWhatWasDroppedIsRefused) {
  PushAt(kNow, kNow - kMinute);
  Seal();
  PushAt(kNow + 20 * kHour, kNow + 20 * kHour);
  Seal();
  const LoggedPushes logged = Logged();
  EXPECT_TRUE(CheckNotDropped(logged, {.event_min = kNow - kMinute + 1}, "rates").ok());
  const Status refused = CheckNotDropped(logged, {.event_min = kNow - kMinute}, "rates");
  EXPECT_EQ(refused.code(), StatusCode::kTooOld);
  for (const char* part : {"view rates", "rates_push", "1 rows", "log.retention"}) {
    EXPECT_THAT(refused.message(), HasSubstr(part));
  }
  EXPECT_EQ(CheckNotDropped(logged, {}, "rates").code(), StatusCode::kTooOld);
  // By created times as well.
  EXPECT_EQ(CheckNotDropped(logged, {.event_min = kNow, .created_min = kNow}, "rates").code(),
            StatusCode::kTooOld);
  EXPECT_TRUE(CheckNotDropped(logged, {.event_min = kNow, .created_min = kNow + 1}, "rates").ok());
}

TEST_F(LogRetentionTest, WhatIsDatedLaterStays) {
  PushAt(kNow, kNow + 9 * kHour);
  Seal();
  PushAt(kNow + 20 * kHour, kNow + 20 * kHour);
  EXPECT_EQ(Seal().dropped, 0);
  PushAt(kNow + 22 * kHour, kNow + 22 * kHour);
  EXPECT_EQ(Seal().dropped, 1);
}

TEST_F(LogRetentionTest, ASourceOfAViewThatNeedsAllKeepsAllAndSaysWhy) {
  reach_ = {.reach = std::nullopt, .why = "view rates@v1 has no ttl"};
  PushAt(kNow, kNow);
  Seal();
  PushAt(kNow + 1000 * kHour, kNow);
  const SealReport report = Seal();
  EXPECT_EQ(report.dropped, 0);
  EXPECT_EQ(report.kept.at("rates_push"), "view rates@v1 has no ttl");
  EXPECT_EQ(Logged().dropped, std::nullopt);
}

// The manifest of an older release says nothing of event times.
TEST_F(LogRetentionTest, SegmentsOfAnOlderReleaseAreDroppedToo) {
  PushAt(kNow, kNow - kMinute);
  Seal();
  rates_.Close();
  SealedLog sealed = *ReadSealedLog(log());
  for (LogSegment& segment : sealed.segments) {
    segment.columns = 0;
    segment.last_event.reset();
  }
  ASSERT_TRUE(WriteSealedLog(log(), sealed).ok());
  Open();
  PushAt(kNow + 20 * kHour, kNow + 20 * kHour);
  EXPECT_EQ(Seal().dropped, 1);
  EXPECT_EQ(Logged().dropped->last_event, kNow - kMinute);
}

// Merging does not make old pushes wait for new ones.
TEST_F(LogRetentionTest, WhatIsMergedIsDroppedInTime) {
  TimeMicros now = kNow;
  for (int n = 0; n < 60; ++n) {
    now += kHour / 2;
    PushAt(now, now);
    Seal();
    // In segments that span an eighth of the retention.
    const std::vector<LogSegment> segments = ReadSealedLog(log())->segments;
    EXPECT_GE(segments.front().first_c, now - kRetention - kReach - kRetention / 8 - kHour);
  }
}

// Whatever call fails: each push is there, or counted among those that were dropped.
TEST_F(LogRetentionTest, AFailingDiskLosesNothing) {
  TimeMicros now = kNow;
  std::int64_t pushes = 0;
  int refused = 0;
  for (int nth = 1;; ++nth) {
    SCOPED_TRACE("call " + std::to_string(nth));
    now += 13 * kHour;  // what was pushed before is dropped
    PushAt(now, now);
    ++pushes;
    bool happened = false;
    {
      const FaultInjection fault(nth, EIO);
      refused += rates_.ingester().Seal().ok() ? 0 : 1;
      happened = fault.happened();
    }
    if (nth % 3 == 0) {
      rates_.Close();
      Open();
    }
    const LoggedPushes logged = Logged();
    const std::int64_t gone = logged.dropped ? logged.dropped->batches : 0;
    EXPECT_EQ(std::ssize(logged.batches) + gone, pushes);
    Seal();
    EXPECT_EQ(Logged().batches.size(), 1U);
    if (::testing::Test::HasFailure() || !happened) break;
  }
  EXPECT_GT(refused, 20);
  rates_.Close();
  Open();
  EXPECT_EQ(FilesBelow(log() + "/segments"), rates_.ingester().Sizes().segments);
}

// Random pushes, seals and questions: the facts that a question can reach are those that were
// pushed, or it is refused; it is never refused within the retention.
TEST_F(LogRetentionTest, AnswersAreThoseOfAllSegmentsOrRefused) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto any = [&](DurationMicros most) {
    return static_cast<DurationMicros>(random() % static_cast<std::uint64_t>(most));
  };
  std::vector<std::pair<TimeMicros, double>> all;  // event time, rate
  TimeMicros now = kNow;
  int refused = 0;
  int answered = 0;
  std::int64_t dropped = 0;
  for (int n = 0; n < 250; ++n) {
    now += any(kHour);
    // Mostly recent, at times long past or ahead.
    const TimeMicros event = n % 9 == 0 ? now - any(40 * kHour) : now + kHour - any(3 * kHour);
    const TimeMicros newest = PushAt(now, event, n);
    all.emplace_back(event, n);
    if (random() % 3 != 0) continue;
    dropped += Seal().dropped;
    const LoggedPushes logged = Logged();
    for (int question = 0; question < 10; ++question) {
      const DurationMicros reach = question % 3 == 0 ? any(10 * kHour) : kReach;
      const TimeMicros t = newest - any(4 * kRetention);
      const FactRange range = {.event_min = t - reach, .event_max = t};
      if (!CheckNotDropped(logged, range, "rates").ok()) {
        EXPECT_TRUE(t < newest - kRetention || reach > kReach) << n;
        ++refused;
        continue;
      }
      const auto reaches = [&](TimeMicros time) { return time >= t - reach && time <= t; };
      std::vector<double> expected;
      for (const auto& [time, rate] : all) {
        if (reaches(time)) expected.push_back(rate);
      }
      std::vector<double> found;
      for (const LogBatch& batch : logged.batches) {
        if (!reaches(batch.rows.Find("at")->values<std::int64_t>()[0])) continue;
        found.push_back(batch.rows.Find("rate")->values<double>()[0]);
      }
      EXPECT_EQ(found, expected) << n;
      ++answered;
    }
    if (n % 20 == 0) {
      rates_.Close();
      Open();
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(dropped, 20);
  EXPECT_GT(refused, 20);
  EXPECT_GT(answered, 100);
}

}  // namespace
}  // namespace coeval
