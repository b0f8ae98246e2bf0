// SlotFinder against rule 3.1 said fact by fact: where it leaves facts out, others beat them.
#include "offline/slot_finder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "column/builder.h"

namespace coeval {
namespace {

class Random {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}

  std::int64_t Below(std::int64_t n) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n));
  }

  bool Chance(std::int64_t percent) { return Below(100) < percent; }

 private:
  std::mt19937_64 random_;
};

struct Case {
  AsOfRule rule;
  std::vector<Column> question_keys;
  std::vector<TimeMicros> questions;
  FactBatch facts;
};

Column Keys(Random& random, std::int64_t n, std::int64_t keys, bool runs) {
  ColumnBuilder builder(TypeId::kInt64);
  for (std::int64_t i = 0; i < n; ++i) builder.AppendInt(runs ? i * keys / n : random.Below(keys));
  return builder.Finish();
}

Case RandomCase(Random& random) {
  Case c;
  const std::int64_t n = random.Below(2'000);
  const std::int64_t span = random.Chance(20) ? 5 : 3'000;
  for (std::int64_t i = random.Below(random.Chance(50) ? 4 : 3'000); i >= 0; --i) {
    c.questions.push_back(random.Below(span + span / 2) - span / 4);
  }
  if (random.Chance(50)) c.questions.push_back(kMaxTime);
  std::vector<TimeMicros> events;
  for (std::int64_t i = 0; i < n; ++i) events.push_back(random.Below(span));
  if (random.Chance(60)) std::sort(events.begin(), events.end());
  if (random.Chance(30) && n > 0) events.back() = kMaxTime;
  c.rule.source.timeless = random.Chance(10);
  if (c.rule.source.timeless) std::fill(events.begin(), events.end(), kMinTime);
  c.rule.source.data_delay = random.Chance(50) ? 0 : random.Below(50);
  if (random.Chance(30)) c.rule.source.created = CreatedMeaning::kArrival;
  if (random.Chance(30)) c.rule.known = Known::kHindsight;
  if (random.Chance(20)) c.rule.known = Known::kArrival;
  c.rule.strictly_before = random.Chance(30);
  c.facts.num_rows = n;
  if (random.Chance(50)) {
    const std::int64_t keys = 1 + random.Below(4);
    c.question_keys = {Keys(random, std::ssize(c.questions), keys, false)};
    c.facts.keys = {Keys(random, n, keys + 1, random.Chance(70))};
  }
  c.facts.created_time = Column::Nulls(TypeId::kNull, n);
  if (random.Chance(40)) {
    ColumnBuilder created(TypeId::kTimestamp);
    for (const TimeMicros event : events) {
      random.Chance(20) ? created.AppendNull() : created.AppendInt(event / 2 + random.Below(span));
    }
    c.facts.created_time = created.Finish();
  }
  c.facts.event_time = Column::FixedWidth(TypeId::kTimestamp, n, MakeBuffer(std::move(events)));
  if (!c.rule.source.timeless && random.Chance(30)) {
    c.facts.log = std::make_shared<const std::string>("w");  // they were pushed
  }
  return c;
}

// The first slot of its key from which on a fact is a candidate.
SlotId SlotOf(const Case& c, const QuestionIndex& index, std::int64_t row, bool* known_key) {
  KeyId key = 0;
  index.keys().Find(c.facts.keys, row, 1, &key);
  *known_key = key != kNoKey;
  if (!*known_key) return kNoSlot;
  const FactTimes times = c.facts.times(row);
  const TimeMicros v = VisibleTime(times, c.rule.source, c.rule.known);
  const SlotRange range = index.slots(key);
  for (SlotId slot = range.begin; slot < range.end; ++slot) {
    const TimeMicros t = index.slot_times()[slot];
    const bool before = !c.rule.strictly_before || c.rule.source.timeless || times.event_time < t;
    if (v <= t && before) return slot;
  }
  return kNoSlot;
}

void RunCase(Random& random) {
  const Case c = RandomCase(random);
  const auto index = QuestionIndex::Build(c.question_keys, c.questions);
  ASSERT_TRUE(index.ok());
  SlotFinder finder(*index, c.rule);
  std::vector<SlotId> found(static_cast<std::size_t>(c.facts.num_rows), kNoSlot);
  finder.FindAll(c.facts, [&found](std::int64_t first, std::span<const FoundSlot> block) {
    std::uint32_t last = 0;
    for (const FoundSlot& each : block) {
      EXPECT_LE(last, each.row);
      last = each.row + 1;
      found[static_cast<std::size_t>(first) + each.row] = each.slot;
    }
  });
  std::int64_t of_questions = 0;
  std::int64_t candidates = 0;
  std::vector<SlotId> plain;
  std::map<std::pair<std::int64_t, SlotId>, TimeMicros> latest;  // by block and slot
  for (std::int64_t row = 0; row < c.facts.num_rows; ++row) {
    bool known_key = false;
    plain.push_back(SlotOf(c, *index, row, &known_key));
    of_questions += known_key ? 1 : 0;
    if (plain.back() == kNoSlot) continue;
    ++candidates;
    TimeMicros& of_slot =
        latest.try_emplace({row / SlotFinder::kBlock, plain.back()}, kMinTime).first->second;
    of_slot = std::max(of_slot, c.facts.times(row).event_time);
  }
  EXPECT_EQ(finder.facts_of_questions(), of_questions);
  EXPECT_EQ(finder.candidates(), candidates);
  for (std::int64_t row = 0; row < c.facts.num_rows; ++row) {
    const auto i = static_cast<std::size_t>(row);
    const bool beaten = plain[i] != kNoSlot && c.facts.times(row).event_time <
                                                   latest[{row / SlotFinder::kBlock, plain[i]}];
    if (found[i] == kNoSlot && beaten) continue;
    ASSERT_EQ(found[i], plain[i]) << "fact " << row;
  }
}

TEST(SlotFinderTest, FindsWhatMayWinAsTheRuleSaysFactByFact) {
  const std::uint64_t first = std::random_device{}();
  for (std::uint64_t seed = first; seed < first + 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    RunCase(random);
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(SlotFinderTest, OfManyFactsInOrderOfTimeOneASlotIsLeft) {
  std::vector<TimeMicros> events;
  for (TimeMicros t = 0; t < SlotFinder::kBlock; ++t) events.push_back(t);
  FactBatch facts;
  facts.num_rows = std::ssize(events);
  facts.event_time =
      Column::FixedWidth(TypeId::kTimestamp, facts.num_rows, MakeBuffer(std::move(events)));
  facts.created_time = Column::Nulls(TypeId::kNull, facts.num_rows);
  const auto index = QuestionIndex::Build({}, std::vector<TimeMicros>{99, 300});
  ASSERT_TRUE(index.ok());
  const AsOfRule rule;
  SlotFinder finder(*index, rule);
  std::vector<FoundSlot> found(static_cast<std::size_t>(facts.num_rows));
  ASSERT_EQ(finder.Find(facts, 0, facts.num_rows, found.data()), 2U);
  EXPECT_EQ(found[0].row, 99U);
  EXPECT_EQ(found[1].row, 300U);
  EXPECT_EQ(finder.candidates(), 301);
  EXPECT_EQ(finder.facts_of_questions(), SlotFinder::kBlock);
}

}  // namespace
}  // namespace coeval
