#include "definition/fact.h"

#include <compare>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

Source VersionSource(DurationMicros data_delay = 0) {
  Source source;
  source.name = "weather";
  source.data_delay = data_delay;
  return source;
}

Source ArrivalSource() {
  Source source = VersionSource(kHour);
  source.created_field = "created";
  source.created = CreatedMeaning::kArrival;
  return source;
}

FactTimes Times(TimeMicros event_time) {
  return {event_time, 0, false};
}

FactTimes Times(TimeMicros event_time, TimeMicros created) {
  return {event_time, created, true};
}

FactRank Rank(FactTimes times, Sequence sequence, std::string_view tie) {
  return {times, sequence, false, tie};
}

constexpr auto kWins = std::strong_ordering::greater;
constexpr auto kLoses = std::strong_ordering::less;
constexpr auto kEqual = std::strong_ordering::equal;

FactRank Delete(FactTimes times, Sequence sequence = {}) {
  return {times, sequence, true, ""};
}

// Rule 3.2: a created time of kind `version` only breaks ties.
TEST(FactTest, AVersionIsKnownAtItsEventTimeAndDelay) {
  EXPECT_EQ(KnownTime(Times(100, 900), VersionSource(), Known::kDeclared), 100);
  EXPECT_EQ(KnownTime(Times(100, 900), VersionSource(7), Known::kDeclared), 107);
  EXPECT_EQ(VisibleTime(Times(100, 900), VersionSource(7), Known::kDeclared), 107);
}

TEST(FactTest, AnArrivalIsKnownWhenItArrived) {
  EXPECT_EQ(KnownTime(Times(100, 900), ArrivalSource(), Known::kDeclared), 900);
  // Known before it is true: it becomes visible when its time comes (rule 3.5).
  EXPECT_EQ(KnownTime(Times(100, 40), ArrivalSource(), Known::kDeclared), 40);
  EXPECT_EQ(VisibleTime(Times(100, 40), ArrivalSource(), Known::kDeclared), 100);
}

// A view may have batch facts and pushed ones: each is known by the rule of its own.
TEST(FactTest, WhatWasPushedIsAnArrivalBesideAnyBatchSource) {
  FactTimes pushed = Times(100, 900);
  pushed.arrived = true;
  for (const Source& source : {VersionSource(), VersionSource(7), ArrivalSource()}) {
    EXPECT_EQ(KnownTime(pushed, source, Known::kDeclared), 900);
    EXPECT_EQ(KnownTime(pushed, source, Known::kArrival), 900);
    EXPECT_EQ(KnownTime(pushed, source, Known::kHindsight), 100);
    EXPECT_EQ(VisibleTime(pushed, source, Known::kDeclared), 900);
  }
  EXPECT_EQ(KnownTime(Times(100, 900), VersionSource(7), Known::kDeclared), 107);
  EXPECT_FALSE(KnownByCreatedTime(VersionSource(), Known::kDeclared));
  EXPECT_TRUE(KnownByCreatedTime(VersionSource(), Known::kDeclared, true));
  EXPECT_FALSE(KnownByCreatedTime(VersionSource(), Known::kHindsight, true));
}

TEST(FactTest, ANullCreatedTimeCountsAsEventTimeAndDelay) {
  EXPECT_EQ(KnownTime(Times(100), ArrivalSource(), Known::kDeclared), 100 + kHour);
  EXPECT_EQ(KnownTime(Times(100), VersionSource(7), Known::kArrival), 107);
}

TEST(FactTest, ATrainingSetMayChooseOtherwise) {
  EXPECT_EQ(KnownTime(Times(100, 900), VersionSource(7), Known::kArrival), 900);
  EXPECT_EQ(KnownTime(Times(100, 900), VersionSource(7), Known::kHindsight), 100);
  EXPECT_EQ(KnownTime(Times(100, 900), ArrivalSource(), Known::kHindsight), 100);
}

TEST(FactTest, KnownHasNames) {
  for (const Known known : {Known::kDeclared, Known::kArrival, Known::kHindsight}) {
    EXPECT_EQ(*ParseKnown(KnownName(known)), known);
  }
  EXPECT_EQ(ParseKnown("guessed").status().message(),
            "known is 'guessed'; it may be 'declared', 'arrival' or 'hindsight'");
}

// Rule 1.3: a timeless fact is hindsight by declaration.
TEST(FactTest, ATimelessFactIsKnownSinceForEver) {
  Source source = VersionSource();
  source.timeless = true;
  source.created_field = "created";
  for (const Known known : {Known::kDeclared, Known::kArrival, Known::kHindsight}) {
    EXPECT_EQ(KnownTime(Times(kMinTime, 900), source, known), kMinTime);
    EXPECT_EQ(VisibleTime(Times(kMinTime, 900), source, known), kMinTime);
  }
  EXPECT_FALSE(TooFarAhead(Times(kMinTime), source, kMinTime));
}

// Rule 1.1: a sum never wraps round into the past.
TEST(FactTest, SumsSaturate) {
  const Source source = VersionSource(kHour);
  EXPECT_EQ(KnownTime(Times(kMaxTime - 1), source, Known::kDeclared), kMaxTime);
  EXPECT_EQ(VisibleTime(Times(kMaxTime), source, Known::kDeclared), kMaxTime);
  EXPECT_FALSE(TooFarAhead(Times(kMaxTime), source, kMaxTime));
  EXPECT_TRUE(WithinTtl(kMinTime, kMinTime + 5, kDay));
  EXPECT_TRUE(WithinTwiceTtl(kMinTime, kMinTime + 5, kDay));
  EXPECT_FALSE(WithinTtl(kMaxTime - kDay - 1, kMaxTime, kDay));
}

// Rule 3.5: measured from the created time, and from the run's clock where there is none.
TEST(FactTest, TooFarAheadIsMeasuredFromWhenItWasWritten) {
  Source source = VersionSource();
  source.max_future = 10;
  EXPECT_FALSE(TooFarAhead(Times(110, 100), source, 0));
  EXPECT_TRUE(TooFarAhead(Times(111, 100), source, 1'000'000));
  EXPECT_FALSE(TooFarAhead(Times(60), source, 50));
  EXPECT_TRUE(TooFarAhead(Times(61), source, 50));
  source.max_future = kMaxTime;  // a join without a repository: no check
  EXPECT_FALSE(TooFarAhead(Times(kMaxTime, kMinTime), source, kMinTime));
}

TEST(FactTest, TtlBoundsAreInclusive) {
  EXPECT_TRUE(WithinTtl(70, 100, 30));
  EXPECT_FALSE(WithinTtl(69, 100, 30));
  EXPECT_TRUE(WithinTtl(kMinTime, 100, 0));
  EXPECT_TRUE(WithinTwiceTtl(40, 100, 30));
  EXPECT_FALSE(WithinTwiceTtl(39, 100, 30));
  EXPECT_FALSE(WithinTwiceTtl(100, 100, 0));
}

// Rule 3.3, one step at a time: each fact loses against the next.
TEST(FactTest, TheGreatestWinsByEventTimeThenCreatedThenSequenceThenTieBytes) {
  const std::vector<FactRank> ascending = {
      Rank(Times(1, 500), {true, "zz", 9}, "zz"),
      Rank(Times(2), {}, ""),
      Rank(Times(2), {}, "a"),
      Rank(Times(2), {}, std::string_view("a\0", 2)),
      Rank(Times(2), {}, "b"),
      Rank(Times(2), {}, "\xff"),
      Rank(Times(2), {true, "", -5}, ""),
      Rank(Times(2), {true, "", 3}, ""),
      Rank(Times(2), {true, "a", -9}, ""),
      Rank(Times(2), {true, "a", 10}, ""),
      Rank(Times(2), {true, "aa", 1}, ""),
      Rank(Times(2), {true, "b", 1}, ""),
      Rank(Times(2), {true, "\x80", 1}, ""),
      Rank(Times(2, kMinTime), {}, ""),
      Rank(Times(2, 7), {}, "z"),
      Rank(Times(2, 7), {true, "", 99}, "z"),
      Rank(Times(2, 7), {true, kAnyLog, 3}, "z"),
      Rank(Times(2, 7), {true, kAnyLog, 4}, "a"),
      Rank(Times(2, 8), {}, "a"),
  };
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_EQ(CompareRank(ascending[i], ascending[j]), i <=> j) << i << " against " << j;
    }
  }
}

// Rule 3.7: so a delete holds against retries, and a later fact holds against the delete.
TEST(FactTest, ADeleteWinsAtAFullTieAndOnlyThere) {
  EXPECT_EQ(CompareRank(Delete(Times(5, 6)), Rank(Times(5, 6), {}, "\xff\xff")), kWins);
  EXPECT_EQ(CompareRank(Rank(Times(5, 6), {}, ""), Delete(Times(5, 6))), kLoses);
  EXPECT_EQ(CompareRank(Delete(Times(5, 6)), Delete(Times(5, 6))), kEqual);
  EXPECT_EQ(CompareRank(Delete(Times(5)), Rank(Times(5, 6), {}, "")), kLoses);
  EXPECT_EQ(CompareRank(Delete(Times(5)), Rank(Times(5), {true, "", 0}, "")), kLoses);
  EXPECT_EQ(CompareRank(Delete(Times(5, 6)), Rank(Times(6), {}, "")), kLoses);
}

// The same order as tuples with absent values lowest, on 20,000 random pairs with many ties.
TEST(FactTest, RanksLikeTuplesOfOptionals) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> texts = {"", "a", "aa", "b", "\x80", "\xff"};
  const auto pick = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };

  struct Drawn {
    FactRank rank;
    std::tuple<std::int64_t, std::optional<std::int64_t>,
               std::optional<std::pair<std::vector<unsigned char>, std::int64_t>>,
               std::pair<int, std::vector<unsigned char>>>
        oracle;
  };

  const auto bytes = [](std::string_view s) {
    return std::vector<unsigned char>(s.begin(), s.end());
  };
  const auto draw = [&] {
    Drawn d;
    d.rank.times = {pick(3), pick(3) - 1, pick(2) == 0};
    d.rank.sequence = {pick(2) == 0, texts[static_cast<std::size_t>(pick(6))], pick(3) - 1};
    d.rank.is_delete = pick(4) == 0;
    if (!d.rank.is_delete) d.rank.tie_bytes = texts[static_cast<std::size_t>(pick(6))];
    std::get<0>(d.oracle) = d.rank.times.event_time;
    if (d.rank.times.has_created) std::get<1>(d.oracle) = d.rank.times.created_time;
    if (d.rank.sequence.present) {
      std::get<2>(d.oracle) = {bytes(d.rank.sequence.log), d.rank.sequence.number};
    }
    std::get<3>(d.oracle) = {d.rank.is_delete ? 1 : 0, bytes(d.rank.tie_bytes)};
    return d;
  };
  for (int i = 0; i < 20'000; ++i) {
    const Drawn a = draw();
    const Drawn b = draw();
    const int expected = a.oracle < b.oracle ? -1 : (a.oracle == b.oracle ? 0 : 1);
    const auto found = CompareRank(a.rank, b.rank);
    ASSERT_EQ(found < 0 ? -1 : (found == 0 ? 0 : 1), expected);
  }
}

TEST(FactTest, StatusNames) {
  EXPECT_EQ(FeatureStatusName(FeatureStatus::kPresent), "PRESENT");
  EXPECT_EQ(FeatureStatusName(FeatureStatus::kNullValue), "NULL_VALUE");
  EXPECT_EQ(FeatureStatusName(FeatureStatus::kOutsideMaxAge), "OUTSIDE_MAX_AGE");
  EXPECT_EQ(FeatureStatusName(FeatureStatus::kNotFound), "NOT_FOUND");
  EXPECT_EQ(FeatureStatusName(FeatureStatus::kInvalid), "INVALID");
}

}  // namespace
}  // namespace coeval
