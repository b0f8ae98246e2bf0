#include "column/builder.h"

#include <bit>
#include <cmath>

#include <gtest/gtest.h>

#include "column/testing.h"

namespace coeval {
namespace {

TEST(BuilderTest, AppendsEveryKind) {
  ColumnBuilder bools(TypeId::kBool);
  bools.AppendBool(true);
  bools.AppendNull();
  EXPECT_EQ(ColumnToText(bools.Finish()), "[true, null]");
  ColumnBuilder dates(TypeId::kDate);
  dates.AppendInt(1);
  EXPECT_EQ(ColumnToText(dates.Finish()), "[1970-01-02]");
  ColumnBuilder floats(TypeId::kFloat32);
  floats.AppendDouble(0.1);
  floats.AppendDouble(-std::nan("9"));
  const Column narrow = floats.Finish();
  EXPECT_EQ(ColumnToText(narrow), "[0.1, nan]");
  EXPECT_EQ(std::bit_cast<std::uint32_t>(narrow.values<float>()[1]), 0x7FC00000U);
  ColumnBuilder decimals(DataType::Decimal(38, 2));
  decimals.AppendDecimal(-1250);
  EXPECT_EQ(ColumnToText(decimals.Finish()), "[-12.50]");
  ColumnBuilder strings(TypeId::kString);
  strings.AppendBytes("a");
  strings.AppendNull();
  strings.AppendBytes("");
  EXPECT_EQ(ColumnToText(strings.Finish()), "['a', null, '']");
}

TEST(BuilderTest, BuildsNestedRowsFromTheirParts) {
  ColumnBuilder maps(MakeType("map<string, list<int64>>"));
  maps.child(0).AppendBytes("a");
  maps.child(1).child(0).AppendInt(7);
  maps.child(1).AppendNested();
  maps.AppendNested();
  maps.AppendNull();
  maps.AppendNested();
  EXPECT_EQ(ColumnToText(maps.Finish()), "[{'a': [7]}, null, {}]");
  ColumnBuilder vectors(MakeType("vector<float32, 2>"));
  vectors.child(0).AppendDouble(1);
  vectors.child(0).AppendDouble(2);
  vectors.AppendNested();
  vectors.AppendNull();
  EXPECT_EQ(ColumnToText(vectors.Finish()), "[[1.0, 2.0], null]");
}

// A refused value leaves nothing behind, at any depth.
TEST(BuilderTest, ARefusedValueChangesNothing) {
  ColumnBuilder lists(MakeType("list<list<int32>>"));
  ASSERT_TRUE(lists.Append(MakeValue(lists.type(), *ParseJson("[[1], [2, 3]]"))).ok());
  const Value bad = MakeValue(lists.type(), *ParseJson("[[4], [5, 99999999999]]"));
  EXPECT_EQ(lists.Append(bad).code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(lists.Append(Value::Int(3)).code(), StatusCode::kInvalidArgument);
  ASSERT_TRUE(lists.Append(MakeValue(lists.type(), *ParseJson("[[6]]"))).ok());
  EXPECT_EQ(ColumnToText(lists.Finish()), "[[[1], [2, 3]], [[6]]]");
}

TEST(BuilderTest, IsUsableAgainAfterFinish) {
  ColumnBuilder builder(TypeId::kString);
  builder.AppendNull();
  EXPECT_EQ(ColumnToText(builder.Finish()), "[null]");
  EXPECT_EQ(builder.length(), 0);
  builder.AppendBytes("b");
  const Column second = builder.Finish();
  EXPECT_EQ(ColumnToText(second), "['b']");
  EXPECT_FALSE(second.may_have_nulls());
  EXPECT_EQ(builder.Finish().length(), 0);
}

TEST(BuilderDeathTest, AVectorOfAnotherSizeIsABug) {
  ColumnBuilder vectors(MakeType("vector<float32, 2>"));
  vectors.child(0).AppendDouble(1);
  EXPECT_DEATH(vectors.AppendNested(), "check failed");
}

}  // namespace
}  // namespace coeval
