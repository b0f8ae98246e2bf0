#include "column/value.h"

#include <bit>
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

TEST(ValueTest, EveryNanBecomesTheOneNan) {
  const auto odd = std::bit_cast<double>(std::uint64_t{0xFFF8000000000123});
  EXPECT_EQ(std::bit_cast<std::uint64_t>(Value::Double(odd).AsDouble()), 0x7FF8000000000000U);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(Canonical(-std::nanf("7"))), 0x7FC00000U);
  EXPECT_TRUE(std::signbit(Value::Double(-0.0).AsDouble()));
  EXPECT_TRUE(std::signbit(Canonical(-0.0F)));
}

// Rule 1.5: -inf < ... < -0.0 < 0.0 < ... < inf < NaN, null lowest.
TEST(ValueTest, OrdersFloats) {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Value> ascending = {Value(),
                                        Value::Double(-inf),
                                        Value::Double(-2.5),
                                        Value::Double(-5e-324),
                                        Value::Double(-0.0),
                                        Value::Double(0.0),
                                        Value::Double(5e-324),
                                        Value::Double(1e300),
                                        Value::Double(inf),
                                        Value::Double(std::nan(""))};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      const int order = CompareValues(ascending[i], ascending[j]);
      EXPECT_EQ(order < 0, i < j) << i << " " << j;
      EXPECT_EQ(order == 0, i == j) << i << " " << j;
      EXPECT_EQ(SameBits(ascending[i], ascending[j]), i == j);
    }
  }
}

TEST(ValueTest, OrdersStringsListsAndMaps) {
  const auto less = [](std::string_view type, std::string_view cells) {
    const Column pair = MakeColumn(type, cells);
    EXPECT_LT(CompareValues(pair.GetValue(0), pair.GetValue(1)), 0) << cells;
    EXPECT_GT(CompareValues(pair.GetValue(1), pair.GetValue(0)), 0) << cells;
    EXPECT_LT(CompareCells(pair, 0, pair, 1), 0) << cells;
  };
  less("string", R"(["a", "ab"])");
  less("string", R"(["Z", "a"])");
  less("string", R"(["z", "é"])");
  less("bytes", R"([{"b": "00"}, {"b": "0000"}])");
  less("bytes", R"([{"b": "7f"}, {"b": "80"}])");
  less("list<int64>", "[[1, 2], [1, 2, 0]]");
  less("list<int64>", "[[1, null], [1, 2]]");
  less("list<int64>", "[null, []]");
  less("list<int64>", "[[-1], [0]]");
  less("bool", "[false, true]");
  less("decimal(5, 2)", R"(["-1.5", "1.25"])");
  less("map<string, int64>", R"([{"map": [["a", 1]]}, {"map": [["a", 2]]}])");
  less("map<string, int64>", R"([{"map": [["a", 1]]}, {"map": [["a", 1], ["b", 0]]}])");
  less("map<string, int64>", R"([{"map": [["b", 9], ["a", 1]]}, {"map": [["b", 0]]}])");
}

TEST(ValueTest, KindsDiffer) {
  EXPECT_FALSE(SameBits(Value::Int(1), Value::Double(1.0)));
  EXPECT_FALSE(SameBits(Value::Int(1), Value::Bool(true)));
  EXPECT_FALSE(SameBits(Value(), Value::Int(0)));
  EXPECT_TRUE(SameBits(Value(), Value()));
}

TEST(ValueTest, ChecksValuesAgainstTypes) {
  EXPECT_TRUE(CheckValue(Value(), TypeId::kInt32).ok());
  EXPECT_TRUE(CheckValue(Value::Int(INT32_MIN), TypeId::kInt32).ok());
  EXPECT_FALSE(CheckValue(Value::Int(std::int64_t{INT32_MAX} + 1), TypeId::kInt32).ok());
  EXPECT_FALSE(CheckValue(Value::Int(1), TypeId::kFloat64).ok());
  EXPECT_FALSE(CheckValue(Value::Bool(true), TypeId::kInt64).ok());
  EXPECT_TRUE(CheckValue(Value::Double(1.1), TypeId::kFloat32).ok());
  EXPECT_FALSE(CheckValue(Value::Double(1e300), TypeId::kFloat32).ok());
  EXPECT_FALSE(CheckValue(Value::String("\xFF"), TypeId::kString).ok());
  EXPECT_TRUE(CheckValue(Value::String("\xFF"), TypeId::kBytes).ok());
  EXPECT_TRUE(CheckValue(Value::Decimal(999), DataType::Decimal(3, 1)).ok());
  EXPECT_THAT(CheckValue(Value::Decimal(-1000), DataType::Decimal(3, 1)).message(),
              HasSubstr("-100.0 has more digits than decimal(3, 1)"));
  const DataType vector = DataType::Vector(TypeId::kFloat32, 2);
  EXPECT_FALSE(CheckValue(Value::MakeList({Value::Double(1)}), vector).ok());
  EXPECT_FALSE(CheckValue(Value::MakeList({Value::Double(1), Value()}), vector).ok());
  const DataType map = MakeType("map<string, int64>");
  EXPECT_FALSE(CheckValue(Value::MakeMap({{Value(), Value::Int(1)}}), map).ok());
  EXPECT_THAT(CheckValue(Value::MakeMap({{Value::String("a"), Value::Int(1)},
                                         {Value::String("a"), Value::Int(2)}}),
                         map)
                  .message(),
              HasSubstr("the key 'a' twice"));
}

TEST(ValueTest, TextsForMessages) {
  const auto text = [](std::string_view type, std::string_view cells) {
    return ColumnToText(MakeColumn(type, cells));
  };
  EXPECT_EQ(text("int64", "[1, null]"), "[1, null]");
  EXPECT_EQ(text("float64", R"([3, 0.1, -0.0, 1e300, {"f": "nan"}, {"f": "-inf"}])"),
            "[3.0, 0.1, -0.0, 1e+300, nan, -inf]");
  EXPECT_EQ(text("float32", "[0.1]"), "[0.1]");
  EXPECT_EQ(text("string", R"(["it's"])"), "['it''s']");
  EXPECT_EQ(text("bytes", R"([{"b": "00ff"}])"), "[x'00ff']");
  EXPECT_EQ(text("timestamp", "[0]"), "[1970-01-01T00:00:00Z]");
  EXPECT_EQ(text("date", R"(["2013-01-31"])"), "[2013-01-31]");
  EXPECT_EQ(text("decimal(10, 2)", R"(["-12.5", "0.07", 3])"), "[-12.50, 0.07, 3.00]");
  EXPECT_EQ(text("list<bool>", "[[true, null], []]"), "[[true, null], []]");
  EXPECT_EQ(text("map<string, float64>", R"([{"map": [["b", 2], ["a", null]]}])"),
            "[{'a': null, 'b': 2.0}]");
  EXPECT_EQ(DecimalText(-5, -2), "-500");
  EXPECT_EQ(DecimalText(Int128{1} << 126, 0), "85070591730234615865843651857942052864");
}

}  // namespace
}  // namespace coeval
