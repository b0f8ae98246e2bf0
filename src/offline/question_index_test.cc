#include "offline/question_index.h"

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

}  // namespace
}  // namespace coeval
