#include "source/lossless_cast.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::Show;
using ::testing::HasSubstr;

Column ColumnOf(const DataType& type, const std::vector<Value>& values) {
  ColumnBuilder builder(type);
  for (const Value& value : values) EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish();
}

std::string Cast(const DataType& from, const std::vector<Value>& values, const DataType& to) {
  std::int64_t bad_row = -1;
  const auto result = CastLossless(ColumnOf(from, values), to, &bad_row);
  if (result.ok()) return Show(*result);
  return "row " + std::to_string(bad_row) + ": " + result.status().message();
}

Value I(std::int64_t value) {
  return Value::Int(value);
}

Value D(double value) {
  return Value::Double(value);
}

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();

TEST(LosslessCastTest, NumbersKeepTheirValue) {
  EXPECT_EQ(Cast(TypeId::kInt32, {I(-1), Value()}, TypeId::kInt64), "-1 null");
  EXPECT_EQ(Cast(TypeId::kInt64, {I(2147483647)}, TypeId::kInt32), "2147483647");
  EXPECT_THAT(Cast(TypeId::kInt64, {I(1), I(2147483648)}, TypeId::kInt32), HasSubstr("row 1: "));
  EXPECT_EQ(Cast(TypeId::kInt64, {I(9007199254740992), I(kMin)}, TypeId::kFloat64),
            "9007199254740992.0 -9.223372036854776e+18");
  EXPECT_THAT(Cast(TypeId::kInt64, {I(9007199254740993)}, TypeId::kFloat64), HasSubstr("row 0"));
  EXPECT_THAT(Cast(TypeId::kInt64, {I(kMax)}, TypeId::kFloat64), HasSubstr("row 0"));
  EXPECT_THAT(Cast(TypeId::kInt32, {I(16777217)}, TypeId::kFloat32), HasSubstr("row 0"));
  EXPECT_EQ(Cast(TypeId::kFloat64, {D(5), D(-0.0)}, TypeId::kInt64), "5 0");
  EXPECT_THAT(Cast(TypeId::kFloat64, {D(0.5)}, TypeId::kInt64),
              HasSubstr("0.5 does not fit int64"));
  EXPECT_THAT(Cast(TypeId::kFloat64, {D(9223372036854775808.0)}, TypeId::kInt64),
              HasSubstr("row 0"));
  EXPECT_THAT(Cast(TypeId::kFloat64, {D(CanonicalNan())}, TypeId::kInt64), HasSubstr("row 0"));
  EXPECT_EQ(Cast(TypeId::kFloat32, {D(0.1F)}, TypeId::kFloat64), "0.10000000149011612");
  EXPECT_THAT(Cast(TypeId::kFloat64, {D(0.1)}, TypeId::kFloat32), HasSubstr("row 0"));
  EXPECT_EQ(Cast(TypeId::kFloat64, {D(CanonicalNan()), D(INFINITY)}, TypeId::kFloat32), "nan inf");
}

TEST(LosslessCastTest, DecimalsKeepEveryDigit) {
  const DataType cents = DataType::Decimal(10, 2);
  EXPECT_EQ(Cast(cents, {Value::Decimal(1250)}, DataType::Decimal(12, 4)), "12.5000");
  EXPECT_EQ(Cast(cents, {Value::Decimal(1250)}, DataType::Decimal(10, 1)), "12.5");
  EXPECT_THAT(Cast(cents, {Value::Decimal(1255)}, DataType::Decimal(10, 1)), HasSubstr("row 0"));
  EXPECT_EQ(Cast(cents, {Value::Decimal(1200)}, TypeId::kInt64), "12");
  EXPECT_EQ(Cast(TypeId::kInt64, {I(12)}, cents), "12.00");
  EXPECT_THAT(Cast(TypeId::kInt64, {I(1'000'000'000)}, cents), HasSubstr("row 0"));
}

TEST(LosslessCastTest, TextTimesAndNulls) {
  EXPECT_EQ(Cast(TypeId::kDate, {I(1), Value()}, TypeId::kTimestamp),
            Show(ColumnOf(TypeId::kTimestamp, {I(86'400'000'000), Value()})));
  EXPECT_EQ(Cast(TypeId::kBytes, {Value::String("\xc3\xa9")}, TypeId::kString), "'\xc3\xa9'");
  EXPECT_THAT(Cast(TypeId::kBytes, {Value(), Value::String("\xff")}, TypeId::kString),
              HasSubstr("row 1"));
  EXPECT_EQ(Cast(TypeId::kNull, {Value(), Value()}, TypeId::kString), "null null");
  EXPECT_THAT(Cast(TypeId::kString, {Value::String("5")}, TypeId::kInt64),
              HasSubstr("row -1: string cannot become int64"));
  EXPECT_THAT(Cast(TypeId::kBool, {Value::Bool(true)}, TypeId::kInt64), HasSubstr("row -1"));
  EXPECT_THAT(Cast(TypeId::kTimestamp, {I(0)}, TypeId::kDate), HasSubstr("row -1"));
}

TEST(LosslessCastTest, ListsBecomeVectorsWhereSizesAgree) {
  const DataType list = DataType::List(TypeId::kFloat64);
  const DataType vector = DataType::Vector(TypeId::kFloat32, 2);
  const Value pair = Value::MakeList({D(1), D(2)});
  EXPECT_EQ(Cast(list, {pair, Value(), pair}, vector), "[1.0, 2.0] null [1.0, 2.0]");
  EXPECT_THAT(Cast(list, {pair, Value::MakeList({D(1)})}, vector), HasSubstr("row 1"));
  EXPECT_THAT(Cast(list, {pair, Value::MakeList({D(1), Value()})}, vector), HasSubstr("row 1"));
  EXPECT_THAT(Cast(list, {pair, Value::MakeList({D(1), D(0.1)})}, vector), HasSubstr("row 1"));
  EXPECT_EQ(Cast(vector, {pair, Value()}, list), "[1.0, 2.0] null");
  EXPECT_EQ(Cast(list, {Value::MakeList({}), pair}, DataType::List(TypeId::kInt64)), "[] [1, 2]");
}

TEST(LosslessCastTest, SlicedListsCastOnlyWhatTheyShow) {
  const DataType list = DataType::List(TypeId::kFloat64);
  const Column whole = ColumnOf(list, {Value::MakeList({D(0.5)}), Value::MakeList({D(1), D(2)}),
                                       Value::MakeList({D(3)}), Value::MakeList({D(0.5)})});
  std::int64_t bad_row = -1;
  const auto cast = CastLossless(whole.Slice(1, 2), DataType::List(TypeId::kInt32), &bad_row);
  ASSERT_TRUE(cast.ok()) << cast.status().ToString();
  EXPECT_EQ(Show(*cast), "[1, 2] [3]");
}

TEST(LosslessCastTest, MapsCastKeysAndValues) {
  const DataType from = DataType::Map(TypeId::kString, TypeId::kInt64);
  const DataType to = DataType::Map(TypeId::kString, TypeId::kInt32);
  const auto map = [](std::int64_t value) {
    return Value::MakeMap({{Value::String("a"), I(value)}});
  };
  EXPECT_EQ(Cast(from, {map(1)}, to), Cast(to, {map(1)}, to));
  EXPECT_THAT(Cast(from, {map(1), map(kMax)}, to), HasSubstr("row 1"));
}

}  // namespace
}  // namespace coeval
