#include "offline/question_index.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "offline/testing.h"

namespace coeval {
namespace {

using Slots = std::vector<SlotId>;
using Times = std::vector<TimeMicros>;

Column Airports(const std::vector<const char*>& names) {
  std::vector<Value> cells;
  for (const char* name : names) cells.push_back(name == nullptr ? Value() : Value::String(name));
  return ColumnOf(TypeId::kString, cells);
}

TEST(QuestionIndexTest, QuestionsOfOneKeyAndTimeShareASlot) {
  const Column keys = Airports({"jfk", "lga", "jfk", "jfk", nullptr});
  const Times times = {12, 10, 9, 12, 9};
  const Result<QuestionIndex> index = QuestionIndex::Build({{keys}}, times);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(Slots(index->slot_of().begin(), index->slot_of().end()), (Slots{1, 2, 0, 1, kNoSlot}));
  EXPECT_EQ(Times(index->slot_times().begin(), index->slot_times().end()), (Times{9, 12, 10}));
  EXPECT_EQ(index->slots(0).begin, 0U);
  EXPECT_EQ(index->slots(0).end, 2U);
  EXPECT_EQ(index->slots(1).end, 3U);
  EXPECT_EQ(index->min_time(), 9);
  EXPECT_EQ(index->max_time(), 12);
}

TEST(QuestionIndexTest, QuestionsWithoutAKeyHaveNoTime) {
  const Column keys = Airports({nullptr, nullptr});
  const Times times = {12, 10};
  const Result<QuestionIndex> index = QuestionIndex::Build({{keys}}, times);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->num_questions(), 2);
  EXPECT_EQ(index->num_slots(), 0U);
  EXPECT_EQ(index->min_time(), kMaxTime);
  EXPECT_EQ(index->max_time(), kMinTime);
}

TEST(QuestionIndexTest, WithoutJoinKeysAllQuestionsAreOfOneKey) {
  const Times times = {3, 1, 3};
  const Result<QuestionIndex> index = QuestionIndex::Build({}, times);
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(Slots(index->slot_of().begin(), index->slot_of().end()), (Slots{1, 0, 1}));
}

// Few keys have long runs, many have short ones; in order of time, and not.
TEST(QuestionIndexTest, SlotsAreTheDistinctTimesOfEachKey) {
  const std::uint64_t seed = TestSeed();
  std::mt19937_64 random(seed);
  for (int round = 0; round < 40; ++round) {
    const std::uint64_t keys = round % 2 == 0 ? 2 : 300;
    const std::uint64_t span = round % 3 == 0 ? 500 : std::uint64_t{1} << 50;
    std::vector<Value> cells;
    Times times;
    for (int i = 0; i < 5000; ++i) {
      const std::uint64_t key = random() % (keys + 1);
      cells.push_back(key == keys ? Value() : Value::Int(static_cast<std::int64_t>(key)));
      times.push_back(static_cast<TimeMicros>(random() % span) - 200);
    }
    if (round % 4 < 2) std::sort(times.begin(), times.end());
    std::map<std::int64_t, std::set<TimeMicros>> expected;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!cells[i].is_null()) expected[cells[i].AsInt()].insert(times[i]);
    }
    const Column column = ColumnOf(TypeId::kInt64, cells);
    const Result<QuestionIndex> index = QuestionIndex::Build({{column}}, times);
    ASSERT_TRUE(index.ok());
    std::size_t slots = 0;
    for (const auto& [key, distinct] : expected) slots += distinct.size();
    ASSERT_EQ(index->num_slots(), slots);
    std::map<SlotId, std::size_t> begins;  // of each key, and how many slots it has
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const SlotId slot = index->slot_of()[i];
      ASSERT_EQ(slot == kNoSlot, cells[i].is_null());
      if (slot == kNoSlot) continue;
      ASSERT_EQ(index->slot_times()[slot], times[i]);
      const auto& of_key = expected[cells[i].AsInt()];
      const auto before = std::distance(of_key.begin(), of_key.find(times[i]));
      begins[slot - static_cast<SlotId>(before)] = of_key.size();
    }
    ASSERT_EQ(begins.size(), expected.size());
    for (KeyId key = 0; key < index->keys().size(); ++key) {
      const SlotRange range = index->slots(key);
      ASSERT_EQ(begins.count(range.begin), 1U);
      ASSERT_EQ(range.end - range.begin, begins[range.begin]);
    }
  }
}

}  // namespace
}  // namespace coeval
