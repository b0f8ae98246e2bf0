#include "column/column.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "column/testing.h"

namespace coeval {
namespace {

// Does the column hold these values, by its own words and by the fast paths?
void ExpectCells(const Column& column, const std::vector<Value>& values) {
  ASSERT_EQ(column.length(), std::ssize(values));
  std::int64_t nulls = 0;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    const Value& value = values[static_cast<std::size_t>(row)];
    ASSERT_TRUE(SameBits(column.GetValue(row), value))
        << "row " << row << ": " << ToText(value, column.type());
    ASSERT_EQ(column.IsNull(row), value.is_null());
    nulls += value.is_null() ? 1 : 0;
  }
  EXPECT_EQ(column.CountNulls(), nulls);
}

std::vector<Value> CellsOf(const Column& column) {
  std::vector<Value> values;
  for (std::int64_t row = 0; row < column.length(); ++row) values.push_back(column.GetValue(row));
  return values;
}

class RandomColumnTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    seed_ = static_cast<std::uint64_t>(GetParam());
    random_.seed(seed_);
    type_ = RandomType(random_, 2);
    column_ = RandomColumn(type_, Pick(random_, 40), seed_ + 1000);
    SCOPED_TRACE("seed " + std::to_string(seed_));
  }

  std::uint64_t seed_ = 0;
  Random random_;
  DataType type_;
  Column column_;
};

TEST_P(RandomColumnTest, SlicesAreTheirRows) {
  const std::vector<Value> values = CellsOf(column_);
  for (int i = 0; i < 10; ++i) {
    const std::int64_t first = Pick(random_, column_.length() + 1);
    const std::int64_t count = Pick(random_, column_.length() - first + 1);
    const Column slice = column_.Slice(first, count);
    ExpectCells(slice, {values.begin() + first, values.begin() + first + count});
    // A slice of a slice.
    const std::int64_t second = Pick(random_, count + 1);
    ExpectCells(slice.Slice(second, count - second),
                {values.begin() + first + second, values.begin() + first + count});
    EXPECT_LE(slice.SizeBytes(), column_.SizeBytes() + 64);
  }
}

TEST_P(RandomColumnTest, TakesRowsAndNulls) {
  const std::vector<Value> values = CellsOf(column_);
  for (const bool nulls : {false, true}) {
    std::vector<std::int64_t> rows;
    std::vector<Value> expected;
    for (std::int64_t n = Pick(random_, 60); n > 0; --n) {
      const bool null = column_.length() == 0 || (nulls && Pick(random_, 4) == 0);
      rows.push_back(null ? -1 - Pick(random_, 3) : Pick(random_, column_.length()));
      expected.push_back(null ? Value() : values[static_cast<std::size_t>(rows.back())]);
    }
    ASSERT_TRUE(column_.CheckTake(rows).ok());
    ExpectCells(column_.Take(rows), expected);
  }
}

TEST_P(RandomColumnTest, ConcatenatesAndBuilds) {
  const std::vector<Value> values = CellsOf(column_);
  std::vector<Column> parts;
  std::vector<Value> expected;
  for (std::int64_t n = Pick(random_, 5); n >= 0; --n) {
    if (Pick(random_, 5) == 0) {
      parts.push_back(Column::Nulls(TypeId::kNull, 2));  // takes part as any type
      expected.resize(expected.size() + 2);
    }
    const std::int64_t first = Pick(random_, column_.length() + 1);
    const std::int64_t count = Pick(random_, column_.length() - first + 1);
    parts.push_back(column_.Slice(first, count));
    expected.insert(expected.end(), values.begin() + first, values.begin() + first + count);
  }
  const auto whole = Concatenate(parts);
  ASSERT_TRUE(whole.ok()) << whole.status().ToString();
  EXPECT_EQ(whole->type(), type_);
  ExpectCells(*whole, expected);

  ColumnBuilder by_value(type_);
  ColumnBuilder by_cell(type_);
  for (std::int64_t row = 0; row < whole->length(); ++row) {
    ASSERT_TRUE(by_value.Append(whole->GetValue(row)).ok());
    by_cell.AppendFrom(*whole, row);
  }
  const Column built = by_value.Finish();
  EXPECT_TRUE(SameBits(built, *whole));
  EXPECT_TRUE(SameBits(by_cell.Finish(), *whole));
  EXPECT_EQ(by_value.length(), 0);
}

TEST_P(RandomColumnTest, SameBitsSeesEveryDifference) {
  std::vector<std::int64_t> same(static_cast<std::size_t>(column_.length()));
  for (std::int64_t row = 0; row < column_.length(); ++row)
    same[static_cast<std::size_t>(row)] = row;
  EXPECT_TRUE(SameBits(column_, column_.Take(same)));
  for (std::int64_t row = 0; row < column_.length(); ++row) {
    auto other = same;
    const std::int64_t instead = Pick(random_, column_.length() + 1) - 1;
    other[static_cast<std::size_t>(row)] = instead;
    const Value changed = instead < 0 ? Value() : column_.GetValue(instead);
    EXPECT_EQ(SameBits(column_, column_.Take(other)), SameBits(changed, column_.GetValue(row)));
  }
  if (column_.length() > 0) {
    EXPECT_FALSE(SameBits(column_, column_.Slice(0, column_.length() - 1)));
  }
}

TEST_P(RandomColumnTest, CellsCompareAsValues) {
  for (int i = 0; i < 50 && column_.length() > 0; ++i) {
    const std::int64_t a = Pick(random_, column_.length());
    const std::int64_t b = Pick(random_, column_.length());
    const int cells = CompareCells(column_, a, column_, b);
    const int values = CompareValues(column_.GetValue(a), column_.GetValue(b));
    EXPECT_EQ(cells < 0, values < 0);
    EXPECT_EQ(cells == 0, values == 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomColumnTest, ::testing::Range(0, 150));

TEST(ColumnTest, ConstantsAndNulls) {
  const Column constant = *Column::Constant(TypeId::kString, Value::String("x"), 3);
  EXPECT_EQ(ColumnToText(constant), "['x', 'x', 'x']");
  EXPECT_EQ(Column::Constant(TypeId::kInt32, Value::String("x"), 3).status().code(),
            StatusCode::kInvalidArgument);
  for (const char* type : {"null", "bool", "decimal(5, 1)", "string", "list<int64>",
                           "vector<float32, 3>", "map<string, list<date>>"}) {
    const Column nulls = Column::Nulls(MakeType(type), 5);
    EXPECT_EQ(nulls.CountNulls(), 5) << type;
    EXPECT_EQ(ColumnToText(nulls), "[null, null, null, null, null]");
    EXPECT_EQ(Column::Nulls(MakeType(type), 0).length(), 0);
  }
}

TEST(ColumnTest, TypesMustAgree) {
  const std::vector<Column> columns = {MakeColumn("int64", "[1]"), MakeColumn("string", "[\"a\"]")};
  EXPECT_EQ(Concatenate(columns).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Concatenate({})->length(), 0);
}

// Offsets are 32 bits wide: more than 2 GiB must be refused, not wrapped around.
TEST(ColumnTest, RefusesStringsPast2GiB) {
  const Column large =
      *Column::Constant(TypeId::kString, Value::String(std::string(1 << 20, 'x')), 1);
  const std::vector<std::int64_t> rows(2048, 0);
  EXPECT_EQ(large.CheckTake(rows).code(), StatusCode::kInvalidArgument);
  const Column list = MakeColumn("list<int64>", "[[1, 2, 3, 4]]");
  const std::vector<Column> many(3000, large);
  EXPECT_EQ(Concatenate(many).status().code(), StatusCode::kInvalidArgument);
}

// A slice is as large as its rows, so that budgets count what is held and not what is shared.
TEST(ColumnTest, SizeIsThatOfTheRows) {
  const Column column = MakeColumn("string", R"(["aaaaaaaaaa", "b", null])");
  EXPECT_EQ(column.SizeBytes(), 11 + 4 * 4 + 1);
  EXPECT_EQ(column.Slice(1, 1).SizeBytes(), 1 + 2 * 4 + 1);
  EXPECT_EQ(MakeColumn("int64", "[1, 2]").SizeBytes(), 16);
  EXPECT_EQ(MakeColumn("vector<float32, 3>", "[[1, 2, 3]]").SizeBytes(), 12);
}

}  // namespace
}  // namespace coeval
