#include "materialize/carry_rule.h"

#include <optional>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

constexpr TimeMicros kNoon = 1'357'041'600'000'000;

Source Dated(bool created) {
  Source source;
  source.timestamp_field = "at";
  if (created) source.created_field = "written";
  return source;
}

// Does a run carry the fact, by the range that the reader applies and then by the rule?
bool Carried(const CarryRule& rule, const FactTimes& times) {
  if (times.event_time > rule.range.event_max) return false;
  const bool by_created =
      rule.range.created_min && times.has_created && times.created_time >= *rule.range.created_min;
  if (times.event_time < rule.range.event_min && !by_created) return false;
  return rule.Carries(times);
}

FactTimes Event(TimeMicros event) {
  return {event, 0, false};
}

FactTimes Event(TimeMicros event, TimeMicros created) {
  return {event, created, true};
}

const CarryRequest kTillOne = {.kind = RunKind::kIncremental, .end = kNoon + kHour};

TEST(CarryRuleTest, ANextRunCarriesWhatIsNewerThanTheWatermark) {
  const Source source = Dated(true);
  const CarryRule rule =
      MakeCarryRule(source, kTillOne, {.watermark = kNoon, .clock = kNoon + kHour});
  const TimeMicros long_ago = kNoon - 400 * kDay;
  EXPECT_TRUE(Carried(rule, Event(kNoon + 1, long_ago)));
  EXPECT_FALSE(Carried(rule, Event(kNoon, long_ago)));
  EXPECT_TRUE(Carried(rule, Event(kNoon + kHour, long_ago)));
  EXPECT_FALSE(Carried(rule, Event(kNoon + kHour + 1, kNoon)));
}

TEST(CarryRuleTest, ANextRunCarriesWhatWasWrittenSinceTheOverlap) {
  const Source source = Dated(true);
  const CarryRule rule =
      MakeCarryRule(source, kTillOne, {.watermark = kNoon, .clock = kNoon + kHour});
  const TimeMicros long_ago = kNoon - 400 * kDay;
  EXPECT_TRUE(Carried(rule, Event(long_ago, kNoon - kDay)));
  EXPECT_FALSE(Carried(rule, Event(long_ago, kNoon - kDay - 1)));
}

TEST(CarryRuleTest, WithoutCreatedTimeANextRunGoesBackByTheLateness) {
  for (const bool declared : {false, true}) {
    const Source source = Dated(declared);
    const CarryRule rule =
        MakeCarryRule(source, kTillOne, {.watermark = kNoon, .clock = kNoon + kHour});
    EXPECT_TRUE(Carried(rule, Event(kNoon - 7 * kDay)));
    EXPECT_FALSE(Carried(rule, Event(kNoon - 7 * kDay - 1)));
  }
}

TEST(CarryRuleTest, TheWatermarkNeverPassesTheClockOrGoesBack) {
  const Source source = Dated(false);
  const auto watermark = [&](TimeMicros end, std::optional<TimeMicros> mark, TimeMicros clock) {
    return MakeCarryRule(source, {.kind = RunKind::kIncremental, .end = end},
                         {.watermark = mark, .clock = clock})
        .watermark;
  };
  EXPECT_EQ(watermark(kNoon, std::nullopt, kNoon + 5), kNoon);
  EXPECT_EQ(watermark(kNoon, std::nullopt, kNoon - 5), kNoon - 5);
  EXPECT_EQ(watermark(kNoon, kNoon - kHour, kNoon + 5), kNoon);
  EXPECT_EQ(watermark(kNoon, kNoon + kHour, kNoon + 5), kNoon + kHour);
}

// The least t that may still be asked is the lesser of `end` and the horizon after the run.
TEST(CarryRuleTest, AFirstRunCarriesWhatSomeQuestionMayStillSee) {
  const Source source = Dated(false);
  const CarryRequest request = {.kind = RunKind::kIncremental, .end = kNoon};
  const auto least = [&](std::optional<DurationMicros> keeps, TimeMicros horizon) {
    return MakeCarryRule(source, request,
                         {.clock = kNoon, .horizon_after = horizon, .keeps = keeps})
        .range.event_min;
  };
  EXPECT_EQ(least(2 * kHour, kNoon - 5 * kMinute), kNoon - 5 * kMinute - 2 * kHour);
  EXPECT_EQ(least(2 * kHour, kNoon + kDay), kNoon - 2 * kHour);
  EXPECT_EQ(least(std::nullopt, kNoon), kMinTime);
}

TEST(CarryRuleTest, ARangeCarriesItsFactsAndMovesOnlyAWatermarkInside) {
  const Source source = Dated(true);
  const CarryRequest request = {.kind = RunKind::kRange, .start = kNoon, .end = kNoon + kHour};
  const auto rule = [&](std::optional<TimeMicros> mark) {
    return MakeCarryRule(source, request, {.watermark = mark, .clock = kNoon + kDay});
  };
  const TimeMicros today = kNoon + kDay;
  EXPECT_FALSE(Carried(rule(kNoon), Event(kNoon - 1, today)));
  EXPECT_TRUE(Carried(rule(kNoon), Event(kNoon)));
  EXPECT_TRUE(Carried(rule(kNoon), Event(kNoon + kHour)));
  EXPECT_FALSE(Carried(rule(kNoon), Event(kNoon + kHour + 1, today)));
  EXPECT_EQ(rule(std::nullopt).watermark, kNoon + kHour);
  EXPECT_EQ(rule(kNoon).watermark, kNoon + kHour);
  EXPECT_EQ(rule(kNoon + kHour).watermark, kNoon + kHour);
  EXPECT_EQ(rule(kNoon - 1).watermark, std::nullopt);
  EXPECT_EQ(rule(kNoon + kHour + 1).watermark, std::nullopt);
}

TEST(CarryRuleTest, ATimelessSourceIsCarriedWhole) {
  Source source = Dated(false);
  source.timeless = true;
  const CarryRule rule =
      MakeCarryRule(source, {.kind = RunKind::kRange, .start = kNoon, .end = kNoon + kHour},
                    {.watermark = kNoon - kDay, .clock = kNoon});
  EXPECT_TRUE(Carried(rule, Event(kMinTime)));
  EXPECT_EQ(rule.watermark, kNoon);
}

CarryRule Rebuild(std::optional<TimeMicros> watermark, const std::vector<EventRange>& ranges,
                  std::optional<DurationMicros> keeps = std::nullopt) {
  return MakeCarryRule(Dated(true), {.kind = RunKind::kRebuild},
                       {.watermark = watermark,
                        .clock = kNoon + kDay,
                        .horizon_after = kNoon + kDay - 5 * kMinute,
                        .keeps = keeps,
                        .ranges = ranges});
}

TEST(CarryRuleTest, ARebuildCarriesWhatLiesUpToTheWatermarkWhichStays) {
  const CarryRule rule = Rebuild(kNoon, {});
  EXPECT_EQ(rule.watermark, kNoon);
  EXPECT_TRUE(Carried(rule, Event(kNoon - 400 * kDay)));
  EXPECT_TRUE(Carried(rule, Event(kNoon, kNoon + kHour)));
  EXPECT_FALSE(Carried(rule, Event(kNoon + 1, kNoon)));
  EXPECT_FALSE(rule.nothing);
}

TEST(CarryRuleTest, ARebuildCarriesWhatRunsWereAskedForAboveTheWatermark) {
  const TimeMicros far = kNoon + 300 * kDay;
  const CarryRule rule =
      Rebuild(kNoon, {{kMinTime, kNoon + kHour}, {far, far + kHour}, {kNoon, kNoon + 1}});
  EXPECT_TRUE(Carried(rule, Event(kNoon - kDay)));
  EXPECT_TRUE(Carried(rule, Event(kNoon + kHour)));
  EXPECT_FALSE(Carried(rule, Event(kNoon + kHour + 1, kNoon)));
  EXPECT_FALSE(Carried(rule, Event(far - 1)));
  EXPECT_TRUE(Carried(rule, Event(far)));
  EXPECT_TRUE(Carried(rule, Event(far + kHour)));
  EXPECT_FALSE(Carried(rule, Event(far + kHour + 1)));
}

// A push for a greater ttl has taken the watermark away; what was carried before it is still there.
TEST(CarryRuleTest, ARebuildWithoutAWatermarkGoesByTheRuns) {
  const CarryRule rule = Rebuild(std::nullopt, {{kNoon - kDay, kNoon}});
  EXPECT_EQ(rule.watermark, std::nullopt);
  EXPECT_FALSE(Carried(rule, Event(kNoon - kDay - 1)));
  EXPECT_TRUE(Carried(rule, Event(kNoon - kDay)));
  EXPECT_FALSE(Carried(rule, Event(kNoon + 1)));
  EXPECT_TRUE(Rebuild(std::nullopt, {}).nothing);
}

TEST(CarryRuleTest, ARebuildLeavesOutWhatNoQuestionSees) {
  EXPECT_EQ(Rebuild(kNoon, {}, 2 * kHour).range.event_min, kNoon - 2 * kHour);
  EXPECT_EQ(Rebuild(kNoon + 9 * kDay, {}, 2 * kHour).range.event_min,
            kNoon + kDay - 5 * kMinute - 2 * kHour);
}

TEST(CarryRuleTest, ATimelessSourceIsRebuiltWholeWhereItWasCarried) {
  Source source = Dated(false);
  source.timeless = true;
  const auto rule = [&](std::optional<TimeMicros> mark) {
    return MakeCarryRule(source, {.kind = RunKind::kRebuild}, {.watermark = mark, .clock = kNoon});
  };
  EXPECT_TRUE(Carried(rule(kNoon - kDay), Event(kMinTime)));
  EXPECT_EQ(rule(kNoon - kDay).watermark, kNoon);
  EXPECT_TRUE(rule(std::nullopt).nothing);
}

// The reader may be asked for more than is carried, never for less: rule 7.7, word by word.
TEST(CarryRuleTest, AnyFactIsCarriedExactlyWhenTheRuleSaysSo) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int round = 0; round < 20'000; ++round) {
    Source source = Dated(pick(0, 1) == 0);
    source.overlap = pick(0, 10);
    source.lateness = pick(-1, 10);
    const TimeMicros end = pick(-20, 20);
    const TimeMicros mark = pick(-20, 20);
    const CarryRule rule = MakeCarryRule(source, {.kind = RunKind::kIncremental, .end = end},
                                         {.watermark = mark, .clock = 0});
    FactTimes fact = Event(pick(-40, 40));
    if (!source.created_field.empty() && pick(0, 2) != 0)
      fact = Event(fact.event_time, pick(-40, 40));
    const bool newer = fact.has_created
                           ? fact.event_time > mark || fact.created_time >= mark - source.overlap
                           : fact.event_time >= mark - source.effective_lateness();
    ASSERT_EQ(Carried(rule, fact), fact.event_time <= end && newer);
  }
}

}  // namespace
}  // namespace coeval
