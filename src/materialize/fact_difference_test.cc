#include "materialize/fact_difference.h"

#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "materialize/keyed_facts.h"
#include "materialize/testing.h"
#include "online/event_keeping.h"
#include "online/testing.h"

namespace coeval {

void PrintTo(DifferenceReason reason, std::ostream* out) {
  *out << DifferenceReasonName(reason);
}

namespace {

using Reason = DifferenceReason;

constexpr TimeMicros kNoon = 1'357'041'600'000'000;  // the watermark
constexpr TimeMicros kNow = kNoon + kHour;
constexpr DurationMicros kDay = 24 * kHour;

// A view of one source, carried until noon and compared an hour later.
class FactDifferenceTest : public testing::Test {
 protected:
  void Use(const Source& source, DurationMicros ttl = 0) {
    version_ = TestView(source, ttl);
    Compare(kNoon);
  }

  // Counts and sums over the last two hours.
  void UseWindows(bool with_ids = false) {
    Source source = TestSource();
    if (with_ids) source.event_id_field = "n";
    version_ = TestView(source);
    version_.view.inputs = version_.view.schema;
    version_.view.aggregations.resize(1);
    version_.view.aggregations[0].name = "count";
    version_.view.aggregations[0].function = "count";
    version_.view.aggregations[0].window.length = 2 * kHour;
    Compare(kNoon);
    if (!with_ids) comparison_.reach_first = kNow - 2 * kHour + 1;
    comparison_.reach_last = with_ids ? kMaxTime : kNow;
  }

  void Compare(std::optional<TimeMicros> watermark) {
    comparison_ = {.version = &version_, .t = kNow};
    comparison_.watermark = watermark;
    comparison_.next = MakeCarryRule(version_.source, {.end = kNow},
                                     {.watermark = watermark,
                                      .clock = kNow,
                                      .horizon_after = kNow - 5 * kMinute,
                                      .keeps = KeptSpan(version_)});
  }

  FactDifference Explain(const std::vector<TestFact>& sources,
                         const std::vector<TestFact>& stored) const {
    const KeptFacts in_sources = KeptOf(sources);
    const KeptFacts in_store = KeptOf(stored);
    return ExplainDifference(comparison_, in_sources.facts(), in_store.facts());
  }

  Reason ReasonOf(const std::vector<TestFact>& sources, const std::vector<TestFact>& stored,
                  bool explained) const {
    const FactDifference difference = Explain(sources, stored);
    EXPECT_EQ(difference.explained, explained);
    return difference.reason;
  }

  [[nodiscard]] KeptFacts KeptOf(const std::vector<TestFact>& facts) const {
    KeptFacts kept;
    std::string row;
    for (const TestFact& fact : facts) kept.Add(Kept(fact, version_.source, &row));
    return kept;
  }

  ViewVersion version_ = TestView(TestSource());
  FactComparison comparison_;
};

TEST_F(FactDifferenceTest, WhatLiesBehindTheWatermarkIsNotMaterializedYet) {
  Use(TestSource());
  const TestFact old = {.event_time = kNoon - kHour, .n = 1};
  const TestFact young = {.event_time = kNoon + 1, .n = 2};
  EXPECT_EQ(ReasonOf({old, young}, {old}, true), Reason::kNotMaterialized);
  Compare(std::nullopt);
  EXPECT_EQ(ReasonOf({old}, {}, true), Reason::kNotMaterialized);
}

TEST_F(FactDifferenceTest, WhatTheNextRunCarriesFromBeforeTheWatermarkLandedLate) {
  Use(TestSource());
  const TestFact old = {.event_time = kNoon - 3 * kHour, .n = 1};
  const TestFact late = {.event_time = kNoon - kHour, .created = kNoon + kMinute, .n = 2};
  EXPECT_EQ(ReasonOf({old, late}, {old}, true), Reason::kLandedLate);
}

TEST_F(FactDifferenceTest, WhatNoIncrementalRunCarriesIsLostAndARangeBringsIt) {
  Use(TestSource());
  const TestFact lost = {.event_time = kNoon - 9 * kDay, .created = kNoon - 9 * kDay, .n = 2};
  const FactDifference difference = Explain({lost}, {});
  EXPECT_EQ(difference.reason, Reason::kLost);
  EXPECT_FALSE(difference.explained);
  EXPECT_EQ(difference.missing, 1);
  EXPECT_EQ(difference.lost_first, lost.event_time);
  EXPECT_EQ(difference.lost_last, lost.event_time);
}

TEST_F(FactDifferenceTest, AnotherValueOfTheSameTimesWasChangedInPlace) {
  Use(TestSource());
  for (const std::int64_t served : {1, 3}) {  // of lesser and of greater rank
    SCOPED_TRACE(served);
    EXPECT_EQ(ReasonOf({{.event_time = kNoon - 1, .n = 2}},
                       {{.event_time = kNoon - 1, .n = served}}, false),
              Reason::kChanged);
  }
  // Ties that the source has both: the other one is still to come.
  const TestFact one = {.event_time = kNoon - 1, .n = 1};
  const TestFact two = {.event_time = kNoon - 1, .n = 2};
  EXPECT_EQ(ReasonOf({one, two}, {one}, true), Reason::kLandedLate);
}

TEST_F(FactDifferenceTest, WhatTheStoreAloneHasIsGoneFromTheSource) {
  Use(TestSource());
  EXPECT_EQ(
      ReasonOf({{.event_time = kNoon - 2, .n = 2}}, {{.event_time = kNoon - 1, .n = 1}}, false),
      Reason::kGone);
  EXPECT_EQ(ReasonOf({}, {{.event_time = kNoon - 1, .n = 1}}, false), Reason::kGone);
}

// A source that keeps the newest row of each key alone: what it lets go of is outranked.
TEST_F(FactDifferenceTest, ARowReplacedByANewerOneIsNothingButNotMaterialized) {
  Use(TestSource());
  EXPECT_EQ(
      ReasonOf({{.event_time = kNoon + 1, .n = 2}}, {{.event_time = kNoon - 1, .n = 1}}, true),
      Reason::kNotMaterialized);
}

TEST_F(FactDifferenceTest, WhatIsBeyondTheTtlInBothIsExpired) {
  Use(TestSource(), kDay);
  const TestFact old = {.event_time = kNow - kDay - kHour, .created = kNow - 30 * kDay, .n = 2};
  EXPECT_EQ(ReasonOf({old}, {}, true), Reason::kExpired);
  EXPECT_EQ(ReasonOf({}, {old}, true), Reason::kExpired);
}

TEST_F(FactDifferenceTest, ADeleteIsAFactLikeAnyOther) {
  Use(TestSource());
  const TestFact fact = {.event_time = kNoon - kHour, .n = 1};
  const TestFact gone = {.event_time = kNoon + kMinute, .is_delete = true};
  EXPECT_EQ(ReasonOf({fact, gone}, {fact}, true), Reason::kNotMaterialized);
}

TEST_F(FactDifferenceTest, WhatIsNotVisibleYetDoesNotMatter) {
  Use(TestSource());
  const TestFact fact = {.event_time = kNoon - kHour, .n = 1};
  EXPECT_EQ(ReasonOf({fact, {.event_time = kNow + 1, .n = 2}}, {fact}, false),
            Reason::kUnexplained);
}

TEST_F(FactDifferenceTest, ATimelessSourceThatChangedComesAnew) {
  Use(TimelessTestSource());
  const TestFact old = {.n = 3};
  const TestFact now = {.n = 2};
  EXPECT_EQ(ReasonOf({now}, {old}, false), Reason::kChanged);
  EXPECT_EQ(ReasonOf({now}, {}, false), Reason::kLost);
  comparison_.replaced = true;
  EXPECT_EQ(ReasonOf({now}, {old}, true), Reason::kNotMaterialized);
  EXPECT_EQ(ReasonOf({old}, {now}, true), Reason::kNotMaterialized);
  EXPECT_EQ(ReasonOf({}, {now}, true), Reason::kNotMaterialized);
}

TEST_F(FactDifferenceTest, APushThatWasNotFedIsToldApartFromOneThatWasLost) {
  Use(TestSource());
  const TestFact pushed = {
      .event_time = kNoon - kHour, .created = kNoon, .sequence = 7, .n = 2, .arrived = true};
  EXPECT_EQ(ReasonOf({pushed}, {}, false), Reason::kLost);
  EXPECT_GT(Explain({pushed}, {}).lost_first, Explain({pushed}, {}).lost_last);  // no range helps
  comparison_.unfed = {kNoon};
  EXPECT_EQ(ReasonOf({pushed}, {}, false), Reason::kNotFed);
  comparison_.carried = {kNoon};
  EXPECT_EQ(ReasonOf({pushed}, {}, true), Reason::kNotFed);
}

TEST_F(FactDifferenceTest, TheEventsOfAWindowAreComparedAsASet) {
  UseWindows();
  const TestFact one = {.event_time = kNoon - kMinute, .n = 1};
  const TestFact two = {.event_time = kNoon - 1, .n = 2};
  const TestFact late = {.event_time = kNoon - 2, .created = kNoon + 1, .n = 3};
  const TestFact young = {.event_time = kNoon + 1, .n = 4};
  const TestFact out = {.event_time = kNow - 3 * kHour, .n = 5};  // of the window
  EXPECT_EQ(ReasonOf({one, two, out}, {one, two}, false), Reason::kUnexplained);
  EXPECT_EQ(ReasonOf({one, two, young}, {two, one}, true), Reason::kNotMaterialized);
  EXPECT_EQ(ReasonOf({one, two, late, young}, {two, one}, true), Reason::kLandedLate);
  EXPECT_EQ(ReasonOf({one}, {one, two}, false), Reason::kGone);
  TestFact changed = two;
  changed.n = 7;
  EXPECT_EQ(ReasonOf({one, changed}, {one, two}, false), Reason::kChanged);
  const FactDifference difference = Explain({one, two, late, young}, {two});
  EXPECT_EQ(difference.missing, 3);
  EXPECT_EQ(difference.extra, 0);
}

// Equal rows count as often as they are there (rule 5.3); what the store gives twice is one.
TEST_F(FactDifferenceTest, EqualEventsAreCounted) {
  UseWindows();
  const TestFact event = {.event_time = kNoon - kMinute, .n = 1};
  EXPECT_EQ(Explain({event, event}, {event, event}).missing, 1);
  KeptFacts twice = KeptOf({event, event});
  std::vector<KeptFact> numbered(twice.facts().begin(), twice.facts().end());
  numbered[1].copy = 1;
  EXPECT_EQ(ExplainDifference(comparison_, twice.facts(), numbered).missing, 0);
}

TEST_F(FactDifferenceTest, ACorrectionOfAnEventThatIsNotThereYetIsNoChangeInPlace) {
  UseWindows(/*with_ids=*/true);
  const TestFact first = {.event_time = kNoon - kMinute, .created = kNoon - 1, .n = 1, .x = 1};
  const TestFact again = {.event_time = kNoon - kMinute, .created = kNoon + 1, .n = 1, .x = 2};
  EXPECT_EQ(ReasonOf({first, again}, {first}, true), Reason::kLandedLate);
  EXPECT_EQ(ReasonOf({again}, {first}, true), Reason::kLandedLate);  // took the place of its row
  EXPECT_EQ(ReasonOf({first}, {first, again}, false), Reason::kGone);
}

// What is read of a source is what a load of it writes.
TEST_F(FactDifferenceTest, SourcesAreReadAsAStoreWouldKeepThem) {
  Use(TestSource());
  GrowingSource source;
  source.Land({.key = 1, .event_time = kNoon - 2, .n = 1});
  source.Land({.key = 2, .event_time = kNoon - 1, .sequence = 4, .x = 2.5});
  source.Land({.key = 1, .event_time = kNoon, .is_delete = true});
  const Context context;
  const auto opened = source.Opener()(version_, FactRequest(), context);
  ASSERT_TRUE(opened.ok());
  const std::string one = EncodeKey(std::vector<Value>{Value::Int(1)}, version_.join_keys);
  const std::string three = EncodeKey(std::vector<Value>{Value::Int(3)}, version_.join_keys);
  const auto kept = ReadKeyedFacts(*opened->facts, version_, {one, three}, context);
  ASSERT_TRUE(kept.ok()) << kept.status().ToString();
  ASSERT_EQ(kept->size(), 1U);
  EXPECT_EQ(kept->at(one).facts().size(), 2U);
  comparison_.t = kNow;
  EXPECT_EQ(ExplainDifference(comparison_, kept->at(one).facts(), kept->at(one).facts()).reason,
            Reason::kUnexplained);
}

}  // namespace
}  // namespace coeval
