// The sweep's answers depend on the events and the questions alone: not on threads, batches or the
// order of rows. That they are right is tests/differential's business.
#include "offline/window_sweep.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "aggregation/resolve.h"
#include "offline/event_table.h"
#include "offline/piece_testing.h"
#include "offline/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kSpan = 1000;

JoinCase RandomEvents(std::mt19937_64& random, std::int64_t keys = 40) {
  const auto below = [&random](std::uint64_t n) { return static_cast<std::int64_t>(random() % n); };
  JoinCase c;
  c.key_types = {TypeId::kInt64};
  c.join.schema = {{"x", TypeId::kFloat64}};
  c.join.needed = {0};
  for (int i = 0; i < 600; ++i) {
    TestFact fact{
        .key = {Value::Int(below(static_cast<std::uint64_t>(keys)))},
        .event_time = below(kSpan),
        .values = {below(9) == 0 ? Value() : Value::Double(0.1 * static_cast<double>(below(99)))}};
    if (below(3) == 0) fact.created = fact.event_time + below(50);
    if (fact.created.has_value() && below(2) == 0) {
      fact.arrived = true;
      fact.sequence = i;
    }
    c.facts.push_back(std::move(fact));
  }
  for (int i = 0; i < 200; ++i) {
    const std::int64_t key = below(static_cast<std::uint64_t>(keys) + 1);
    c.questions.push_back({{Value::Int(key)}, below(kSpan + 50)});
  }
  return c;
}

std::vector<SweptFeature> Sweep(const JoinCase& c, const Source& source, const OpenFacts& open,
                                int threads) {
  Context context;
  context.threads = threads;
  auto facts = open(c.join.schema, {});
  const auto questions = IndexOf(c);
  COEVAL_CHECK(facts.ok() && questions.ok());
  const EventRule rule{.source = source,
                       .known = Known::kDeclared,
                       .columns = c.join.schema,
                       .tie_columns = {0},
                       .id_column = {}};
  const auto events = EventTable::Read(*std::move(facts), questions->keys(), rule, context);
  COEVAL_CHECK(events.ok());
  std::vector<SweepFeature> features;
  for (const char* name : {"sum", "max", "median", "last", "count"}) {
    for (const DurationMicros length : {DurationMicros{20}, DurationMicros{300}}) {
      const auto bound = ResolveAggregate(name, std::array{DataType(TypeId::kFloat64)});
      const auto window = WindowRule::Make({.length = length});
      COEVAL_CHECK(bound.ok() && window.ok());
      features.push_back({.function = bound->function,
                          .sliding = bound->sliding,
                          .arguments = {events->columns()[0]},
                          .mask = nullptr,
                          .window = *window,
                          .type = bound->result});
    }
  }
  SweepCounts counts;
  auto swept = SweepWindows(*questions, *events, features, context, &counts);
  COEVAL_CHECK(swept.ok());
  return *std::move(swept);
}

void ExpectSame(const std::vector<SweptFeature>& a, const std::vector<SweptFeature>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(SameBits(*a[i].OfSlots(), *b[i].OfSlots())) << "feature " << i;
    EXPECT_EQ(a[i].times, b[i].times) << "feature " << i;
  }
}

TEST(WindowSweepTest, ThreadsBatchesAndOrderChangeNothing) {
  const std::uint64_t seed = TestSeed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 6; ++round) {
    // With one key its questions are divided among the threads.
    JoinCase c = RandomEvents(random, round < 2 ? 1 : 40);
    Source source;
    source.created_field = "created";
    source.created = round % 2 == 0 ? CreatedMeaning::kVersion : CreatedMeaning::kArrival;
    const std::vector<SweptFeature> expected = Sweep(c, source, OpenCase(c, 1000), 1);
    for (const int threads : {2, 3, 8}) {
      ExpectSame(Sweep(c, source, OpenCase(c, 7), threads), expected);
      PieceCase pieces{.piece_rows = 60, .batch_rows = 7};
      ExpectSame(Sweep(c, source, OpenInPieces(c, &pieces), threads), expected);
      EXPECT_EQ(pieces.keys_read.size(), 10U);
    }
    std::shuffle(c.facts.begin(), c.facts.end(), random);
    ExpectSame(Sweep(c, source, OpenCase(c, 100), 2), expected);
  }
}

TEST(WindowSweepTest, ACancelledSweepStops) {
  std::mt19937_64 random(1);
  const JoinCase c = RandomEvents(random);
  Context context;
  auto facts = OpenCase(c, 100)(c.join.schema, {});
  const auto questions = IndexOf(c);
  const EventRule rule{.source = {},
                       .known = Known::kDeclared,
                       .columns = c.join.schema,
                       .tie_columns = {0},
                       .id_column = {}};
  const auto events = EventTable::Read(*std::move(facts), questions->keys(), rule, context);
  ASSERT_TRUE(events.ok());
  context.cancel->Cancel();
  SweepCounts counts;
  EXPECT_EQ(SweepWindows(*questions, *events, {}, context, &counts).status().code(),
            StatusCode::kCancelled);
}

}  // namespace
}  // namespace coeval
