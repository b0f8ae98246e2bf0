#include "serve/api/json_column.h"

#include <cmath>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time.h"
#include "column/builder.h"

namespace coeval {
namespace {

using testing::HasSubstr;

Result<Column> FromJson(const std::string& json, const DataType& type) {
  simdjson::dom::parser parser;
  simdjson::dom::array values;
  EXPECT_EQ(parser.parse(json).get(values), simdjson::SUCCESS) << json;
  return ColumnFromJson(values, type, "key");
}

std::string Written(const Column& column) {
  std::string text;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (row > 0) text += ' ';
    AppendFeastValue(column, row, &text);
  }
  return text;
}

// What goes in and comes out again, in Feast's form.
std::string Through(const std::string& json, const DataType& type) {
  const auto column = FromJson(json, type);
  EXPECT_TRUE(column.ok()) << column.status().message();
  return column.ok() ? Written(*column) : "";
}

TEST(JsonColumnTest, IntegersLoseNothing) {
  EXPECT_EQ(
      Through("[1, -2, null, 5.0, 1e3, 9223372036854775807, -9223372036854775808]", TypeId::kInt64),
      "1 -2 null 5 1000 9223372036854775807 -9223372036854775808");
  EXPECT_EQ(Through("[2147483647]", TypeId::kInt32), "2147483647");
  EXPECT_EQ(Through("[\"1\", \"-9223372036854775808\"]", TypeId::kInt64), "1 -9223372036854775808");
  for (const char* wrong :
       {"[0.5]", "[true]", "[1e300]", "[9223372036854775808]", "[[1]]", "[{}]", "[\"1.0\"]",
        "[\"\"]", "[\" 1\"]", "[\"0x1\"]", "[\"9223372036854775808\"]"}) {
    EXPECT_FALSE(FromJson(wrong, TypeId::kInt64).ok()) << wrong;
  }
  EXPECT_FALSE(FromJson("[2147483648]", TypeId::kInt32).ok());
}

TEST(JsonColumnTest, AnErrorNamesColumnRowAndValue) {
  const auto column = FromJson("[1, \"two\"]", TypeId::kInt64);
  EXPECT_EQ(column.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(column.status().message(), HasSubstr("column 'key', row 1: \"two\""));
  EXPECT_THAT(column.status().message(), HasSubstr("int64"));
}

TEST(JsonColumnTest, FloatsKeepTheirBitsAndNanIsNull) {
  EXPECT_EQ(Through("[0.1, 5, -0.0, 1e300, 5e-324, null]", TypeId::kFloat64),
            "0.1 5.0 -0.0 1e+300 5e-324 null");
  EXPECT_EQ(Through("[\"NaN\", \"Infinity\", \"-Infinity\"]", TypeId::kFloat64),
            "null \"Infinity\" \"-Infinity\"");
  // Widened to double with all its digits, as Feast does.
  EXPECT_EQ(Through("[0.1]", TypeId::kFloat32), "0.10000000149011612");
  EXPECT_FALSE(FromJson("[\"half\"]", TypeId::kFloat64).ok());
}

TEST(JsonColumnTest, NullNanIsNoKey) {
  ColumnBuilder builder(TypeId::kFloat32);
  builder.AppendDouble(std::numeric_limits<double>::quiet_NaN());
  builder.AppendDouble(-std::numeric_limits<double>::infinity());
  EXPECT_EQ(Written(builder.Finish()), "null \"-Infinity\"");
}

TEST(JsonColumnTest, TextsBytesAndFlags) {
  EXPECT_EQ(Through(R"(["a\"b\n", "", "é", null])", TypeId::kString), R"("a\"b\n" "" "é" null)");
  EXPECT_EQ(Through(R"(["aGk=", ""])", TypeId::kBytes), R"("aGk=" "")");
  EXPECT_FALSE(FromJson(R"(["aGk"])", TypeId::kBytes).ok());
  EXPECT_EQ(Through("[true, false, null]", TypeId::kBool), "true false null");
  EXPECT_FALSE(FromJson("[1]", TypeId::kBool).ok());
  EXPECT_FALSE(FromJson("[1]", TypeId::kString).ok());
}

TEST(JsonColumnTest, TimesAreTextOrEpochSecondsAndComeOutAsSeconds) {
  EXPECT_EQ(Through(R"(["1970-01-01T00:01:00Z", 5, null])", TypeId::kTimestamp), "60 5 null");
  EXPECT_EQ(Through(R"(["1969-12-31T23:59:59.5Z"])", TypeId::kTimestamp), "-1");
  EXPECT_EQ(Through(R"(["2013-01-31"])", TypeId::kDate), R"("2013-01-31")");
  EXPECT_FALSE(FromJson(R"(["2013-01-31T01:00:00Z"])", TypeId::kDate).ok());
  EXPECT_FALSE(FromJson(R"(["2013-13-01"])", TypeId::kTimestamp).ok());
  EXPECT_FALSE(FromJson("[0.5]", TypeId::kTimestamp).ok());
}

TEST(JsonColumnTest, DecimalsAreExact) {
  const DataType type = DataType::Decimal(10, 2);
  EXPECT_EQ(Through(R"(["12.50", "-0.01", 7, "3"])", type), R"("12.50" "-0.01" "7.00" "3.00")");
  for (const char* wrong : {R"(["1.234"])", R"(["123456789.00"])", R"(["x"])", "[1.5]"}) {
    EXPECT_FALSE(FromJson(wrong, type).ok()) << wrong;
  }
}

TEST(JsonColumnTest, ListsVectorsAndMaps) {
  EXPECT_EQ(Through("[[1, null], [], null]", DataType::List(TypeId::kInt64)), "[1,null] [] null");
  EXPECT_EQ(Through("[[1, 2.5]]", DataType::Vector(TypeId::kFloat32, 2)), "[1.0,2.5]");
  EXPECT_FALSE(FromJson("[[1]]", DataType::Vector(TypeId::kFloat32, 2)).ok());
  EXPECT_EQ(Through(R"([{"b": 1, "a": null}])", DataType::Map(TypeId::kString, TypeId::kInt64)),
            R"({"a":null,"b":1})");
  EXPECT_FALSE(FromJson("[[1]]", DataType::Map(TypeId::kString, TypeId::kInt64)).ok());
}

TEST(JsonColumnTest, FeastTimes) {
  std::string text;
  AppendFeastTime(kMinTime, &text);
  AppendFeastTime(60'500'000, &text);
  EXPECT_EQ(text, "\"1970-01-01T00:00:00Z\"\"1970-01-01T00:01:00.500Z\"");
}

}  // namespace
}  // namespace coeval
