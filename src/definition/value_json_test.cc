#include "definition/value_json.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::HasSubstr;

struct Case {
  const char* type;
  const char* json;
  const char* canonical;  // the same where null
};

class ValueJsonRoundTrip : public ::testing::TestWithParam<Case> {};

// What is read is written in one form, and that form reads back as the same bits.
TEST_P(ValueJsonRoundTrip, KeepsEveryBit) {
  const DataType type = *ParseType(GetParam().type);
  const Result<Value> value = ValueFromJson(*ParseJson(GetParam().json), type);
  ASSERT_TRUE(value.ok()) << value.status().ToString();
  const std::string written = ValueToJson(*value, type).Write();
  EXPECT_EQ(written, GetParam().canonical != nullptr ? GetParam().canonical : GetParam().json);
  const Result<Value> again = ValueFromJson(*ParseJson(written), type);
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_TRUE(SameBits(*value, *again)) << written;
}

INSTANTIATE_TEST_SUITE_P(
    Values, ValueJsonRoundTrip,
    ::testing::Values(
        Case{"bool", "true", nullptr}, Case{"int32", "-2147483648", nullptr},
        Case{"int64", "9223372036854775807", nullptr}, Case{"float64", "0.1", nullptr},
        Case{"float64", R"("nan")", nullptr}, Case{"float64", R"("-inf")", nullptr},
        Case{"float32", R"("inf")", nullptr}, Case{"string", R"("a\u00fc\n")", R"("aü\n")"},
        Case{"bytes", R"("")", nullptr}, Case{"bytes", R"("aA==")", nullptr},
        Case{"bytes", R"("aGk=")", nullptr}, Case{"bytes", R"("/+8A")", nullptr},
        Case{"timestamp", R"("2013-01-01T00:00:00Z")", nullptr},
        Case{"timestamp", R"("2013-01-01 01:00+01:00")", R"("2013-01-01T00:00:00Z")"},
        Case{"timestamp", "5", R"("1970-01-01T00:00:00.000005Z")"},
        Case{"timestamp", "9223372036854775807", nullptr}, Case{"date", R"("2013-01-31")", nullptr},
        Case{"date", R"("1969-12-31")", nullptr}, Case{"decimal(5, 2)", R"("-12.50")", nullptr},
        Case{"decimal(5, 2)", "7", R"("7.00")"}, Case{"decimal(5, 2)", R"("-0.05")", nullptr},
        Case{"decimal(5, 2)", R"("1.2")", R"("1.20")"},
        Case{"decimal(5, 2)", R"("1.2300")", R"("1.23")"},
        Case{"decimal(38, 0)", R"("-99999999999999999999999999999999999999")", nullptr},
        Case{"list<int64>", "[1,null,3]", nullptr}, Case{"list<string>", "[]", nullptr},
        Case{"vector<float32, 2>", "[1,2.5]", "[1.0,2.5]"},
        Case{"map<string, int64>", R"({"b":1,"a":null})", R"({"a":null,"b":1})"},
        Case{"map<int64, string>", R"([[2,"b"],[1,"a"]])", R"([[1,"a"],[2,"b"]])"}));

TEST(ValueJsonTest, AnIntegerIsAFloatToo) {
  const Result<Value> value = ValueFromJson(Json(5), TypeId::kFloat64);
  ASSERT_TRUE(value.ok());
  EXPECT_TRUE(SameBits(*value, Value::Double(5.0)));
}

TEST(ValueJsonTest, MinusZeroKeepsItsSign) {
  const Result<Value> value = ValueFromJson(Json(-0.0), TypeId::kFloat64);
  ASSERT_TRUE(value.ok());
  const std::string written = ValueToJson(*value, TypeId::kFloat64).Write();
  EXPECT_TRUE(SameBits(*ValueFromJson(*ParseJson(written), TypeId::kFloat64), Value::Double(-0.0)))
      << written;
}

TEST(ValueJsonTest, AFloat32IsTheNearest) {
  const Result<Value> value = ValueFromJson(Json(0.1), TypeId::kFloat32);
  ASSERT_TRUE(value.ok());
  EXPECT_TRUE(SameBits(*value, Value::Double(static_cast<double>(0.1F))));
}

TEST(ValueJsonTest, NullIsNull) {
  EXPECT_TRUE(ValueFromJson(Json(), TypeId::kInt64)->is_null());
  EXPECT_TRUE(ValueToJson(Value(), TypeId::kInt64).is_null());
}

TEST(ValueJsonTest, NothingIsLostSilently) {
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {"bool", "1"},
      {"int32", "2147483648"},
      {"int32", "-2147483649"},
      {"int64", "5.0"},
      {"int64", R"("5")"},
      {"int64", "true"},
      {"float64", R"("NaN")"},
      {"float64", "9007199254740993"},
      {"float32", "1e39"},
      {"string", "5"},
      {"bytes", R"("a")"},
      {"bytes", R"("aGl=")"},
      {"bytes", R"("a===")"},
      {"bytes", R"("a=aa")"},
      {"bytes", "[1]"},
      {"timestamp", R"("noon")"},
      {"timestamp", R"("2013-01-01T00:00:00.0000001Z")"},
      {"timestamp", "1.5"},
      {"date", R"("2013-01-01T01:00:00Z")"},
      {"date", "5"},
      {"decimal(5, 2)", R"("1.234")"},
      {"decimal(5, 2)", R"("1000")"},
      {"decimal(5, 2)", "1.5"},
      {"decimal(5, 2)", R"("")"},
      {"decimal(5, 2)", R"("-")"},
      {"decimal(5, 2)", R"("1.2.3")"},
      {"decimal(5, 2)", R"("1e2")"},
      {"list<int64>", R"(["a"])"},
      {"list<int64>", "5"},
      {"vector<float32, 2>", "[1.0]"},
      {"vector<float32, 2>", "[1.0, null]"},
      {"map<int64, string>", R"({"1": "a"})"},
      {"map<int64, string>", R"([[1, "a"], [1, "b"]])"},
      {"map<int64, string>", R"([[null, "a"]])"},
      {"map<int64, string>", "[[1]]"}};
  for (const auto& [type, json] : wrong) {
    const Result<Value> value = ValueFromJson(*ParseJson(json), *ParseType(type));
    EXPECT_FALSE(value.ok()) << json << " as " << type;
    if (!value.ok()) {
      EXPECT_EQ(value.status().code(), StatusCode::kInvalidArgument);
    }
  }
  EXPECT_THAT(ValueFromJson(Json("5"), TypeId::kInt64).status().message(),
              HasSubstr("\"5\" is no int64"));
}

}  // namespace
}  // namespace coeval
