#include "offline/as_of_join.h"

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "offline/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNoon = 1357041600000000;  // 2013-01-01T12:00:00Z

// A view of one entity with string keys and int64 features a, b; all asked for.
JoinCase Weather() {
  JoinCase c;
  c.key_types = {TypeId::kString};
  c.join.schema = {{"a", TypeId::kInt64}, {"b", TypeId::kInt64}};
  c.join.needed = {0, 1};
  return c;
}

TestFact Fact(const std::string& key, TimeMicros event_time, std::int64_t a, std::int64_t b = 0) {
  return {.key = {Value::String(key)},
          .event_time = event_time,
          .values = {Value::Int(a), Value::Int(b)}};
}

TestFact Created(TestFact fact, TimeMicros created) {
  fact.created = created;
  return fact;
}

TestFact Sequenced(TestFact fact, std::int64_t sequence) {
  fact.sequence = sequence;
  return fact;
}

TestFact Delete(TestFact fact) {
  fact.deleted = true;
  return fact;
}

TestQuestion Ask(const std::string& key, TimeMicros t) {
  return {{Value::String(key)}, t};
}

// Feature `a` of each answer as text: "3", "null"; "expired" where it is OUTSIDE_MAX_AGE.
std::vector<std::string> AnswersOf(const JoinCase& c) {
  const Result<AsOfAnswers> result = RunJoin(c);
  if (!result.ok()) return {result.status().ToString()};
  EXPECT_EQ(Difference(c, *result), "");
  std::vector<std::string> texts;
  const ViewAnswers& answers = result->answers;
  for (std::size_t i = 0; i < answers.match.size(); ++i) {
    texts.push_back(answers.match[i] == Match::kOutsideMaxAge
                        ? "expired"
                        : ToText(answers.features[0].GetValue(static_cast<std::int64_t>(i)),
                                 c.join.schema[c.join.needed[0]].type));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(AsOfJoinTest, NeverSeesTheFuture) {
  JoinCase c = Weather();
  c.facts = {Fact("jfk", kNoon, 3), Fact("jfk", kNoon + 2, 9), Fact("lga", kNoon - 5, 7)};
  c.questions = {Ask("jfk", kNoon - 1), Ask("jfk", kNoon),    Ask("jfk", kNoon + 1),
                 Ask("jfk", kNoon + 2), Ask("lga", kMaxTime), Ask("ewr", kMaxTime)};
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "3", "3", "9", "7", "null"}));
}

// Rule 3.2: of kind `version`, a created time only breaks ties, and data_delay says when it is
// known.
TEST(AsOfJoinTest, AFactIsSeenAfterItsDataDelay) {
  JoinCase c = Weather();
  c.join.rule.source.data_delay = 10;
  c.facts = {Fact("jfk", 100, 1), Created(Fact("jfk", 110, 2), 5000)};
  c.questions = {Ask("jfk", 109), Ask("jfk", 110), Ask("jfk", 119), Ask("jfk", 120)};
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "1", "1", "2"}));
  c.join.rule.known = Known::kHindsight;
  EXPECT_EQ(AnswersOf(c), (Texts{"1", "2", "2", "2"}));
  c.join.rule.known = Known::kArrival;
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "1", "1", "1"}));
}

// A backfill writes old facts today. Rows trained on yesterday must not change.
TEST(AsOfJoinTest, AnArrivalHidesAFactLearntLater) {
  JoinCase c = Weather();
  c.join.rule.source.created = CreatedMeaning::kArrival;
  c.facts = {Created(Fact("jfk", 91, 1), 91), Created(Fact("jfk", 95, 2), 130),
             Created(Fact("jfk", 150, 3), 120)};
  c.questions = {Ask("jfk", 100), Ask("jfk", 129), Ask("jfk", 130), Ask("jfk", 149),
                 Ask("jfk", 150)};
  EXPECT_EQ(AnswersOf(c), (Texts{"1", "1", "2", "2", "3"}));
}

TEST(AsOfJoinTest, ALateFactDoesNotReplaceANewerOne) {
  JoinCase c = Weather();
  c.join.rule.source.created = CreatedMeaning::kArrival;
  c.facts = {Created(Fact("jfk", 95, 2), 130), Created(Fact("jfk", 99, 3), 100)};
  c.questions = {Ask("jfk", 100), Ask("jfk", 130), Ask("jfk", 500)};
  EXPECT_EQ(AnswersOf(c), (Texts{"3", "3", "3"}));
}

TEST(AsOfJoinTest, TheTtlIncludesItsBound) {
  JoinCase c = Weather();
  c.join.rule.ttl = 50;
  c.facts = {Fact("jfk", 100, 1)};
  c.questions = {Ask("jfk", 99),  Ask("jfk", 100), Ask("jfk", 149), Ask("jfk", 150),
                 Ask("jfk", 151), Ask("jfk", 200), Ask("jfk", 201)};
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "1", "1", "1", "expired", "expired", "null"}));
  const Result<AsOfAnswers> result = RunJoin(c);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->counts.found, 3);
  EXPECT_EQ(result->counts.expired, 2);
  EXPECT_EQ(result->answers.event_time[5], 100);
  EXPECT_EQ(result->answers.event_time[6], kMinTime);
}

TEST(AsOfJoinTest, TiesGoByCreatedTimeThenSequenceThenValues) {
  JoinCase c = Weather();
  c.questions = {Ask("jfk", 100)};
  c.facts = {Fact("jfk", 100, 9), Created(Fact("jfk", 100, 1), 7), Created(Fact("jfk", 100, 2), 6)};
  EXPECT_EQ(AnswersOf(c), (Texts{"1"}));
  c.facts = {Sequenced(Fact("jfk", 100, 1), 8), Sequenced(Fact("jfk", 100, 9), 7),
             Fact("jfk", 100, 10)};
  EXPECT_EQ(AnswersOf(c), (Texts{"1"}));
  c.facts = {Fact("jfk", 100, 1, 5), Fact("jfk", 100, 2, 1), Fact("jfk", 100, 2, 2),
             Fact("jfk", 100, -3, 9)};
  EXPECT_EQ(AnswersOf(c), (Texts{"2"}));
}

TEST(AsOfJoinTest, ANullIsTheLowestAtATie) {
  JoinCase c = Weather();
  c.questions = {Ask("jfk", 100)};
  TestFact null = Fact("jfk", 100, 0, 9);
  null.values[0] = Value();
  c.facts = {null, Fact("jfk", 100, -5)};
  EXPECT_EQ(AnswersOf(c), (Texts{"-5"}));
}

// The tie is decided by all features of the view, whatever the request asks for.
TEST(AsOfJoinTest, ATieIsDecidedByFeaturesThatNobodyAskedFor) {
  JoinCase c = Weather();
  c.join.needed = {1};
  c.facts = {Fact("jfk", 100, 1, 50), Fact("jfk", 100, 2, 10), Fact("jfk", 100, 2, 9),
             Fact("lga", 100, 7, 3)};
  c.questions = {Ask("jfk", 100), Ask("lga", 100)};
  int opened = 0;
  const Result<AsOfAnswers> result = RunJoin(c, 2, 1, &opened);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Difference(c, *result), "");
  EXPECT_EQ(result->answers.features[0].values<std::int64_t>()[0], 10);
  EXPECT_EQ(opened, 2);
  EXPECT_EQ(result->counts.ties, 1);
}

TEST(AsOfJoinTest, ATieThatNeededFeaturesDecideTakesOnePass) {
  JoinCase c = Weather();
  c.facts = {Fact("jfk", 100, 1, 50), Fact("jfk", 100, 2, 10)};
  c.questions = {Ask("jfk", 100)};
  int opened = 0;
  c.join.needed = {0};
  ASSERT_TRUE(RunJoin(c, 1, 1, &opened).ok());
  EXPECT_EQ(opened, 1);
  // Facts that are the same in all that is asked for are no question.
  c.join.needed = {1};
  c.facts[1].values[1] = Value::Int(50);
  ASSERT_TRUE(RunJoin(c, 1, 1, &opened).ok());
  EXPECT_EQ(opened, 2);
}

TEST(AsOfJoinTest, AnOpenTieThatANewerFactHidesTakesOnePass) {
  JoinCase c = Weather();
  c.join.needed = {1};
  c.facts = {Fact("jfk", 100, 1, 50), Fact("jfk", 100, 2, 10), Fact("jfk", 101, 1, 1)};
  c.questions = {Ask("jfk", 200), Ask("jfk", 101)};
  int opened = 0;
  const Result<AsOfAnswers> result = RunJoin(c, 1, 1, &opened);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(opened, 1);
  c.questions.push_back(Ask("jfk", 100));
  ASSERT_TRUE(RunJoin(c, 1, 1, &opened).ok());
  EXPECT_EQ(opened, 3);
}

TEST(AsOfJoinTest, ASourceThatChangesBetweenTwoPassesIsAnError) {
  JoinCase c = Weather();
  c.join.needed = {1};
  c.facts = {Fact("jfk", 100, 1, 50), Fact("jfk", 100, 2, 10)};
  c.questions = {Ask("jfk", 100)};
  JoinCase emptied = c;
  emptied.facts.clear();
  int opened = 0;
  const OpenFacts open = [&](const std::vector<ColumnSchema>& features, const FactRange& range) {
    return OpenCase(opened++ == 0 ? c : emptied, 8)(features, range);
  };
  const Result<AsOfAnswers> result = JoinAsOf(*IndexOf(c), c.join, open, Context{});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(result.status().message().find("changed while it was read"), std::string::npos);
}

// Rule 3.7: a delete competes like any other fact, and wins a full tie.
TEST(AsOfJoinTest, ADeleteWinsLikeAnyFact) {
  JoinCase c = Weather();
  c.facts = {Fact("jfk", 100, 1), Delete(Fact("jfk", 110, 99)), Fact("jfk", 110, 5),
             Fact("jfk", 120, 2)};
  c.questions = {Ask("jfk", 109), Ask("jfk", 110), Ask("jfk", 119), Ask("jfk", 120)};
  EXPECT_EQ(AnswersOf(c), (Texts{"1", "null", "null", "2"}));
  c.join.rule.ttl = 5;  // a delete never is OUTSIDE_MAX_AGE
  EXPECT_EQ(AnswersOf(c), (Texts{"expired", "null", "null", "2"}));
}

TEST(AsOfJoinTest, ANullKeyMatchesNothing) {
  JoinCase c = Weather();
  c.key_types = {TypeId::kString, TypeId::kInt64};
  c.facts = {Fact("jfk", 100, 1), Fact("", 100, 2)};
  c.facts[0].key.push_back(Value::Int(7));
  c.facts[1].key.push_back(Value::Int(0));
  c.questions = {{{Value::String("jfk"), Value::Int(7)}, 100},
                 {{Value::String("jfk"), Value()}, 100},
                 {{Value(), Value::Int(0)}, 100},
                 {{Value::String(""), Value::Int(0)}, 100}};
  EXPECT_EQ(AnswersOf(c), (Texts{"1", "null", "null", "2"}));
}

TEST(AsOfJoinTest, AViewWithoutEntitiesHasOneGlobalRow) {
  JoinCase c = Weather();
  c.key_types = {};
  c.facts = {Fact("", 100, 1), Fact("", 110, 2)};
  for (TestFact& fact : c.facts) fact.key.clear();
  c.questions = {{{}, 99}, {{}, 105}, {{}, 110}};
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "1", "2"}));
}

TEST(AsOfJoinTest, ATimelessFactIsTrueSinceForEver) {
  JoinCase c = Weather();
  c.join.rule.source.timeless = true;
  c.facts = {Created(Fact("jfk", kMinTime, 1), 500), Created(Fact("jfk", kMinTime, 2), 400)};
  c.questions = {Ask("jfk", kMinTime), Ask("jfk", 0), Ask("jfk", kMaxTime), Ask("lga", 0)};
  EXPECT_EQ(AnswersOf(c), (Texts{"1", "1", "1", "null"}));
}

TEST(AsOfJoinTest, TimesAtTheEndsOfTimeSaturate) {
  JoinCase c = Weather();
  c.join.rule.ttl = 10;
  c.join.rule.source.data_delay = 5;
  c.facts = {Fact("jfk", kMinTime, 1), Fact("jfk", kMaxTime - 2, 2),
             Fact("lga", 253402300799999999, 3), Fact("ewr", -1, 4)};
  c.questions = {Ask("jfk", kMinTime), Ask("jfk", kMinTime + 5),       Ask("jfk", kMaxTime - 1),
                 Ask("jfk", kMaxTime), Ask("lga", 253402300800000004), Ask("ewr", 4)};
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "1", "null", "2", "3", "4"}));
}

TEST(AsOfJoinTest, StrictlyBeforeLeavesTheInstantOut) {
  JoinCase c = Weather();
  c.join.rule.strictly_before = true;
  c.facts = {Fact("jfk", 100, 1), Fact("jfk", 101, 2), Fact("lga", kMaxTime, 3)};
  c.questions = {Ask("jfk", 100), Ask("jfk", 101), Ask("jfk", 102), Ask("lga", kMaxTime)};
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "1", "2", "null"}));
}

TEST(AsOfJoinTest, AnEmptySpineOpensTheSourceOnly) {
  JoinCase c = Weather();
  c.facts = {Fact("jfk", 100, 1)};
  int opened = 0;
  const Result<AsOfAnswers> result = RunJoin(c, 3, 1, &opened);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(result->answers.features.size(), 2U);
  EXPECT_EQ(result->answers.features[0].length(), 0);
  EXPECT_EQ(result->counts.read.rows, 0);
}

TEST(AsOfJoinTest, AnEmptySourceGivesNulls) {
  JoinCase c = Weather();
  c.questions = {Ask("jfk", 100), Ask("lga", 5)};
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "null"}));
}

TEST(AsOfJoinTest, ASpineBeforeAllFactsGivesNulls) {
  JoinCase c = Weather();
  c.facts = {Fact("jfk", 100, 1), Fact("lga", 101, 2)};
  c.questions = {Ask("jfk", 99), Ask("lga", -100)};
  EXPECT_EQ(AnswersOf(c), (Texts{"null", "null"}));
}

TEST(AsOfJoinTest, CountsSayWhatHappened) {
  JoinCase c = Weather();
  c.facts = {Created(Fact("jfk", 100, 1), 150), Created(Fact("jfk", 100, 2), 150),
             Fact("jfk", 900, 1), Fact("ewr", 1, 1), Delete(Fact("lga", 50, 0))};
  c.facts[1].values[1] = Value();
  c.questions = {Ask("jfk", 149), Ask("jfk", 150), Ask("lga", 60), Ask("jfk", 10)};
  const Result<AsOfAnswers> result = RunJoin(c);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(Difference(c, *result), "");
  const AsOfCounts& counts = result->counts;
  EXPECT_EQ(counts.read.rows, 5);
  EXPECT_EQ(counts.read.out_of_range, 1);  // nobody asks as late as 900
  EXPECT_EQ(counts.facts_of_questions, 3);
  EXPECT_EQ(counts.candidates, 3);
  EXPECT_EQ(counts.found, 2);
  EXPECT_EQ(counts.deleted, 1);
  EXPECT_EQ(counts.ties, 2);
  EXPECT_EQ(counts.written_after, 1);  // at 149: created at 150
  EXPECT_EQ(counts.values_written_after, (std::vector<std::int64_t>{1, 0}));
}

// Few keys with many question times: the place in a key's times is found from where it last was.
TEST(AsOfJoinTest, ManyQuestionsOfFewKeysInAnyOrderOfFacts) {
  JoinCase c = Weather();
  std::mt19937_64 random(TestSeed());
  for (int i = 0; i < 700; ++i) {
    const std::string key = "k" + std::to_string(random() % 3);
    c.questions.push_back(Ask(key, static_cast<TimeMicros>(random() % 2000)));
    c.facts.push_back(Fact(key, static_cast<TimeMicros>(random() % 2200), i));
  }
  const auto check = [&c] {
    const Result<AsOfAnswers> result = RunJoin(c, 64);
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(Difference(c, *result), "");
  };
  const auto earlier = [](const TestFact& a, const TestFact& b) {
    return a.event_time < b.event_time;
  };
  check();
  std::sort(c.facts.begin(), c.facts.end(), earlier);
  check();
  std::reverse(c.facts.begin(), c.facts.end());
  check();
}

// Rule 3.3: the winner depends on the set of facts, not on their order.
TEST(AsOfJoinTest, OrderAndBatchesOfFactsChangeNothing) {
  JoinCase c = Weather();
  c.join.schema = {{"a", TypeId::kString}, {"b", TypeId::kFloat64}};
  for (int i = 0; i < 300; ++i) {
    TestFact fact = Fact("k" + std::to_string(i % 7), i % 20, 0);
    fact.values = {Value::String("text " + std::to_string(i % 31)), Value::Double(i % 5 - 2.0)};
    c.facts.push_back(fact);
  }
  for (int i = 0; i < 100; ++i) c.questions.push_back(Ask("k" + std::to_string(i % 9), i % 23));
  const Result<AsOfAnswers> first = RunJoin(c, 1000);
  ASSERT_TRUE(first.ok());
  std::mt19937_64 random(TestSeed());
  for (const std::size_t batch_rows : {1U, 2U, 17U, 300U}) {
    std::shuffle(c.facts.begin(), c.facts.end(), random);
    const Result<AsOfAnswers> again = RunJoin(c, batch_rows, 2);
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(SameBits(first->answers.features[0], again->answers.features[0]));
    EXPECT_TRUE(SameBits(first->answers.features[1], again->answers.features[1]));
    EXPECT_EQ(first->answers.match, again->answers.match);
    EXPECT_EQ(first->counts.ties, again->counts.ties);
  }
}

TEST(AsOfJoinTest, ACancelledJoinStops) {
  JoinCase c = Weather();
  c.facts = {Fact("jfk", 100, 1)};
  c.questions = {Ask("jfk", 100)};
  Context context;
  context.cancel->Cancel();
  const Result<AsOfAnswers> result = JoinAsOf(*IndexOf(c), c.join, OpenCase(c, 1), context);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace coeval
