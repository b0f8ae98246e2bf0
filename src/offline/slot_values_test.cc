#include "offline/slot_values.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/tie_encoding.h"
#include "offline/testing.h"

namespace coeval {
namespace {

TEST(SlotValuesTest, GivesBackWhatWasStored) {
  const Column numbers =
      ColumnOf(TypeId::kFloat64, {Value::Double(1.5), Value(), Value::Double(-0.0)});
  const Column texts = ColumnOf(TypeId::kString, {Value(), Value::String("ab"), Value::String("")});
  const Column flags = ColumnOf(TypeId::kBool, {Value::Bool(true), Value::Bool(false), Value()});
  const std::vector<Column> columns = {numbers, texts, flags};
  SlotValues values({{"n", TypeId::kFloat64}, {"t", TypeId::kString}, {"f", TypeId::kBool}}, 4);
  values.Store(columns, std::vector<SlotRow>{{3, 0}, {0, 2}});
  values.Store(columns, std::vector<SlotRow>{{3, 1}, {1, 0}});
  const std::vector<SlotId> slots = {3, kNoSlot, 0, 1, 3};
  const Result<std::vector<Column>> gathered = values.Gather(slots);
  ASSERT_TRUE(gathered.ok());
  const std::vector<std::int64_t> rows = {1, -1, 2, 0, 1};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_TRUE(SameBits((*gathered)[i], columns[i].Take(rows)));
    EXPECT_TRUE(values.SameBits(i, 3, columns[i], 1));
    EXPECT_FALSE(values.SameBits(i, 3, columns[i], 0));
    std::string tie;
    values.AppendTieBytes(i, 0, &tie);
    EXPECT_EQ(tie, TieBytes({{columns[i]}}, 2));
  }
}

// Long texts that are replaced again and again are packed, and memory stays with what is held.
TEST(SlotValuesTest, PacksTextsThatWereReplaced) {
  constexpr SlotId kSlots = 50;
  std::mt19937_64 random(TestSeed());
  SlotValues values({{"t", TypeId::kString}}, kSlots);
  std::vector<std::string> expected(kSlots);
  std::vector<bool> null(kSlots, true);
  for (int batch = 0; batch < 400; ++batch) {
    std::vector<Value> cells;
    std::vector<SlotRow> rows;
    for (SlotId slot = 0; slot < kSlots; ++slot) {
      if (random() % 2 == 0) continue;
      null[slot] = random() % 8 == 0;
      expected[slot] = std::string(random() % 20000, static_cast<char>('a' + random() % 26));
      rows.push_back({slot, static_cast<std::uint32_t>(cells.size())});
      cells.push_back(null[slot] ? Value() : Value::String(expected[slot]));
    }
    values.Store({{ColumnOf(TypeId::kString, cells)}}, rows);
  }
  std::vector<SlotId> slots;
  for (SlotId slot = 0; slot < kSlots; ++slot) slots.push_back(slot);
  const Result<std::vector<Column>> gathered = values.Gather(slots);
  ASSERT_TRUE(gathered.ok());
  for (SlotId slot = 0; slot < kSlots; ++slot) {
    ASSERT_EQ((*gathered)[0].IsNull(slot), null[slot]);
    if (null[slot]) continue;
    ASSERT_EQ((*gathered)[0].bytes(slot), expected[slot]);
  }
  EXPECT_LT(values.RunBytes(), 40 << 20);  // 100 MB went through
}

TEST(SlotValuesTest, ManyFeaturesHaveManyValidityBytes) {
  std::vector<ColumnSchema> schema;
  std::vector<Column> columns;
  for (int i = 0; i < 100; ++i) {
    schema.push_back({"f" + std::to_string(i), TypeId::kInt32});
    columns.push_back(
        ColumnOf(TypeId::kInt32, {i % 3 == 0 ? Value() : Value::Int(i), Value::Int(7)}));
  }
  SlotValues values(schema, 2);
  values.Store(columns, std::vector<SlotRow>{{1, 0}, {0, 1}});
  const Result<std::vector<Column>> gathered = values.Gather(std::vector<SlotId>{1, 0});
  ASSERT_TRUE(gathered.ok());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_TRUE(SameBits((*gathered)[i], columns[i])) << i;
  }
}

}  // namespace
}  // namespace coeval
