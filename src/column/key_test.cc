#include "column/key.h"

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"
#include "column/tie_encoding.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

// The key as text, or "error".
std::string Converted(const char* from, const char* cell, const char* to) {
  const Column column = MakeColumn(from, std::string("[") + cell + "]");
  const auto value = ConvertKey(column.GetValue(0), column.type(), MakeType(to));
  // The column path must say the same.
  const auto whole = ConvertKeyColumn(column, {"k", MakeType(to)}, "c");
  EXPECT_EQ(whole.ok(), value.ok()) << from << " " << cell << " " << to;
  if (value.ok() && whole.ok()) {
    EXPECT_TRUE(SameBits(whole->GetValue(0), *value)) << from << cell;
  }
  return value.ok() ? ToText(*value, MakeType(to)) : "error";
}

// Rule 2.1: a conversion loses nothing.
TEST(ConvertKeyTest, LosesNothing) {
  EXPECT_EQ(Converted("float64", "5.0", "int64"), "5");
  EXPECT_EQ(Converted("float64", "-0.0", "int64"), "0");
  EXPECT_EQ(Converted("float64", "5.5", "int64"), "error");
  EXPECT_EQ(Converted("float64", R"({"f": "nan"})", "int64"), "null");
  EXPECT_EQ(Converted("float64", R"({"f": "inf"})", "int64"), "error");
  EXPECT_EQ(Converted("float64", "9223372036854775808.0", "int64"), "error");
  EXPECT_EQ(Converted("float64", "-9223372036854775808.0", "int64"), "-9223372036854775808");
  EXPECT_EQ(Converted("float32", "16777216", "int32"), "16777216");
  EXPECT_EQ(Converted("int32", "7", "int64"), "7");
  EXPECT_EQ(Converted("int64", "2147483647", "int32"), "2147483647");
  EXPECT_EQ(Converted("int64", "2147483648", "int32"), "error");
  EXPECT_EQ(Converted("decimal(10, 2)", "\"7.00\"", "int64"), "7");
  EXPECT_EQ(Converted("decimal(10, 2)", "\"7.01\"", "int64"), "error");
  EXPECT_EQ(Converted("int64", "null", "string"), "null");
  EXPECT_EQ(Converted("null", "null", "int64"), "null");
}

TEST(ConvertKeyTest, TextNumbersAndFlagsAreNotEachOther) {
  EXPECT_EQ(Converted("string", "\"5\"", "int64"), "error");
  EXPECT_EQ(Converted("int64", "5", "string"), "error");
  EXPECT_EQ(Converted("bool", "true", "int64"), "error");
  EXPECT_EQ(Converted("int64", "1", "bool"), "error");
  EXPECT_EQ(Converted("float64", "1.0", "bool"), "error");
  EXPECT_EQ(Converted("string", "\"a\"", "bytes"), "error");
  EXPECT_EQ(Converted("bytes", "\"a\"", "string"), "error");
  EXPECT_EQ(Converted("string", "\"a\"", "string"), "'a'");
  EXPECT_EQ(Converted("float64", R"({"f": "nan"})", "string"), "null");
}

TEST(ConvertKeyTest, ADateIsATimestampAndATimestampNoDate) {
  EXPECT_EQ(Converted("date", "\"2013-01-01\"", "timestamp"), "2013-01-01T00:00:00Z");
  EXPECT_EQ(Converted("date", "2147483647", "timestamp"), "error");
  EXPECT_EQ(Converted("timestamp", "\"2013-01-01T00:00:00Z\"", "date"), "error");
  EXPECT_EQ(Converted("timestamp", "0", "int64"), "error");
  EXPECT_EQ(Converted("date", "0", "int32"), "error");
  EXPECT_EQ(Converted("int64", "1000000", "timestamp"), "1970-01-01T00:00:01Z");
  EXPECT_EQ(Converted("float64", "1.0", "date"), "1970-01-02");
  EXPECT_EQ(Converted("int64", "2147483648", "date"), "error");
}

TEST(ConvertKeyTest, ErrorsNameColumnRowAndCount) {
  const Column column = MakeColumn("float64", "[1.0, 2.5, null, 3.5]");
  const auto converted = ConvertKeyColumn(column, {"origin_id", TypeId::kInt64}, "from");
  EXPECT_THAT(converted.status().message(), HasSubstr("column 'from', row 1: 2.5 (float64)"));
  EXPECT_THAT(converted.status().message(), HasSubstr("join key 'origin_id' of type int64"));
  EXPECT_THAT(converted.status().message(), HasSubstr("2 such rows"));
  EXPECT_FALSE(ConvertKey(Value::Double(1), TypeId::kFloat64, TypeId::kFloat64).ok());
  EXPECT_FALSE(ConvertKeyColumn(column, {"k", TypeId::kFloat64}, "c").ok());
}

TEST(ConvertKeyTest, ColumnsConvertAsTheirValues) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    const DataType from = RandomType(random, 0);
    const DataType to(static_cast<TypeId>(Pick(random, 10)));
    const Column column = RandomColumn(from, 20, seed);
    std::vector<Value> expected;
    bool good = to.is_key_type();
    for (std::int64_t row = 0; row < column.length() && good; ++row) {
      const auto value = ConvertKey(column.GetValue(row), from, to);
      good = value.ok();
      if (good) expected.push_back(*value);
    }
    const auto converted = ConvertKeyColumn(column, {"k", to}, "c");
    ASSERT_EQ(converted.ok(), good) << from.ToString() << " " << to.ToString() << " seed " << seed;
    for (std::int64_t row = 0; row < column.length() && good; ++row) {
      ASSERT_TRUE(SameBits(converted->GetValue(row), expected[static_cast<std::size_t>(row)]));
    }
  }
}

DataType RandomKeyType(Random& random) {
  constexpr TypeId kKeys[] = {TypeId::kBool,  TypeId::kInt32,     TypeId::kInt64, TypeId::kString,
                              TypeId::kBytes, TypeId::kTimestamp, TypeId::kDate};
  return kKeys[Pick(random, 7)];
}

// Key bytes are tie bytes; rows with a null match nothing (2.2).
TEST(KeyColumnTest, EncodesAsTieBytes) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Random random(seed);
    const std::int64_t rows = Pick(random, 30);
    std::vector<Column> columns;
    std::vector<JoinKey> keys;
    for (std::int64_t n = Pick(random, 4); n > 0; --n) {
      keys.push_back({"k" + std::to_string(n), RandomKeyType(random)});
      columns.push_back(RandomColumn(keys.back().type, rows, random()));
    }
    const KeyColumn encoded = KeyColumn::Encode(columns, rows);
    ASSERT_EQ(encoded.length(), rows);
    for (std::int64_t row = 0; row < rows; ++row) {
      bool null = false;
      std::vector<Value> values;
      for (const Column& column : columns) {
        null = null || column.IsNull(row);
        values.push_back(column.GetValue(row));
      }
      ASSERT_EQ(encoded.IsNull(row), null) << "seed " << seed;
      if (null) continue;
      ASSERT_EQ(encoded.bytes(row), TieBytes(columns, row)) << "seed " << seed;
      ASSERT_EQ(encoded.bytes(row), EncodeKey(values, keys));
      const auto decoded = DecodeKey(encoded.bytes(row), keys);
      ASSERT_TRUE(decoded.ok());
      for (std::size_t i = 0; i < keys.size(); ++i) ASSERT_TRUE(SameBits((*decoded)[i], values[i]));
    }
  }
}

TEST(KeyColumnTest, AViewWithoutEntitiesHasOneKey) {
  const KeyColumn encoded = KeyColumn::Encode({}, 3);
  EXPECT_EQ(encoded.length(), 3);
  EXPECT_FALSE(encoded.IsNull(2));
  EXPECT_EQ(encoded.bytes(2), "");
  EXPECT_EQ(EncodeKey({}, {}), "");
  EXPECT_TRUE(DecodeKey("", {})->empty());
}

TEST(KeyColumnTest, AColumnOfNullsIsNull) {
  const std::vector<Column> columns = {MakeColumn("int64", "[1, 2]"),
                                       Column::Nulls(TypeId::kNull, 2)};
  EXPECT_TRUE(KeyColumn::Encode(columns, 2).IsNull(0));
}

// Two columns must not run into each other: ("a", "b") is not ("ab", "").
TEST(KeyColumnTest, DifferentKeysHaveDifferentBytes) {
  const std::vector<Column> columns = {MakeColumn("string", R"(["a", "ab", "a\u0000", "a"])"),
                                       MakeColumn("string", R"(["b", "", "b", "\u0000b"])")};
  const KeyColumn encoded = KeyColumn::Encode(columns, 4);
  std::map<std::string, int> seen;
  for (std::int64_t row = 0; row < 4; ++row) ++seen[std::string(encoded.bytes(row))];
  EXPECT_EQ(seen.size(), 4U);
}

TEST(DecodeKeyTest, DamageIsCorruption) {
  const std::vector<JoinKey> keys = {{"origin", TypeId::kString}, {"hour", TypeId::kInt64}};
  const std::vector<Value> values = {Value::String(std::string("J\0K", 3)), Value::Int(7)};
  const std::string good = EncodeKey(values, keys);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto decoded = DecodeKey(good.substr(0, size), keys);
    EXPECT_EQ(decoded.status().code(), StatusCode::kCorruption) << size;
  }
  EXPECT_FALSE(DecodeKey(good + "x", keys).ok());
  std::string marked = good;
  marked[0] = 2;
  EXPECT_THAT(DecodeKey(marked, keys).status().message(), HasSubstr("join key 'origin'"));
  const std::vector<JoinKey> flag = {{"flag", TypeId::kBool}};
  EXPECT_FALSE(DecodeKey("\x01\x02", flag).ok());
  const std::vector<JoinKey> text = {{"text", TypeId::kString}};
  EXPECT_FALSE(DecodeKey(std::string("\x01\xFF\0\0", 4), text).ok());
  // Any bytes: an answer or an error, and what decodes encodes to the same.
  Random random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = good;
    bytes[static_cast<std::size_t>(Pick(random, std::ssize(bytes)))] = static_cast<char>(random());
    const auto decoded = DecodeKey(bytes, keys);
    if (decoded.ok()) {
      ASSERT_EQ(EncodeKey(*decoded, keys), bytes);
    }
  }
}

}  // namespace
}  // namespace coeval
