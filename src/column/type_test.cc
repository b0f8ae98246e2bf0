#include "column/type.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/testing.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

TEST(TypeTest, NamesReadBack) {
  for (const char* name :
       {"null", "bool", "int32", "int64", "float32", "float64", "string", "bytes", "timestamp",
        "date", "decimal(38, 2)", "list<string>", "vector<float32, 8>", "map<string, float64>",
        "list<map<int64, list<decimal(5, -1)>>>"}) {
    EXPECT_EQ(MakeType(name).ToString(), name);
  }
  Random random(1);
  for (int i = 0; i < 1000; ++i) {
    const DataType type = RandomType(random, 3);
    EXPECT_EQ(MakeType(type.ToString()), type);
  }
}

TEST(TypeTest, TakesTheNamesOfOthers) {
  EXPECT_EQ(MakeType("int"), TypeId::kInt64);
  EXPECT_EQ(MakeType("BIGINT"), TypeId::kInt64);
  EXPECT_EQ(MakeType("double"), TypeId::kFloat64);
  EXPECT_EQ(MakeType("float"), TypeId::kFloat64);
  EXPECT_EQ(MakeType("str"), TypeId::kString);
  EXPECT_EQ(MakeType("varchar"), TypeId::kString);
  EXPECT_EQ(MakeType("binary"), TypeId::kBytes);
  EXPECT_EQ(MakeType("boolean"), TypeId::kBool);
  EXPECT_EQ(MakeType("Int64"), TypeId::kInt64);
  EXPECT_EQ(MakeType("Float32"), TypeId::kFloat32);
  EXPECT_EQ(MakeType("UnixTimestamp"), TypeId::kTimestamp);
  EXPECT_EQ(MakeType(" array< Int32 > "), DataType::List(TypeId::kInt32));
  EXPECT_EQ(MakeType("Array(String)"), DataType::List(TypeId::kString));
  EXPECT_EQ(MakeType("list[int]"), DataType::List(TypeId::kInt64));
  EXPECT_EQ(MakeType("numeric(10)"), DataType::Decimal(10, 0));
  EXPECT_EQ(MakeType("decimal128(10,2)"), DataType::Decimal(10, 2));
}

TEST(TypeTest, ErrorsSayWhatToWrite) {
  EXPECT_THAT(ParseType("flaot64").status().message(), HasSubstr("did you mean \"float64\"?"));
  EXPECT_THAT(ParseType("geometry").status().message(), HasSubstr("types are bool, int32"));
  for (const char* text :
       {"", "list", "list<", "list<int64", "list<int64]", "vector<int64, 3>", "vector<float32>",
        "vector<float32, 0>", "vector<float32, 99999999>", "map<string>", "map<list<int64>, bool>",
        "map<null, bool>", "decimal", "decimal(39, 0)", "decimal(0, 0)", "decimal(5, 99)",
        "int64 int64", "int64>", "<int64>"}) {
    EXPECT_EQ(ParseType(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "list<";
  EXPECT_FALSE(ParseType(deep).ok());
}

TEST(TypeTest, EqualityLooksIntoChildren) {
  EXPECT_EQ(DataType::List(TypeId::kInt64), DataType::List(TypeId::kInt64));
  EXPECT_FALSE(DataType::List(TypeId::kInt64) == DataType::List(TypeId::kInt32));
  EXPECT_FALSE(DataType::Decimal(5, 1) == DataType::Decimal(5, 2));
  EXPECT_FALSE(DataType::Vector(TypeId::kFloat32, 2) == DataType::Vector(TypeId::kFloat32, 3));
  EXPECT_FALSE(DataType(TypeId::kTimestamp) == DataType(TypeId::kInt64));
}

TEST(TypeTest, KnowsWidthsAndKeys) {
  EXPECT_EQ(MakeType("bool").width(), 1);
  EXPECT_EQ(MakeType("date").width(), 4);
  EXPECT_EQ(MakeType("timestamp").width(), 8);
  EXPECT_EQ(MakeType("decimal(5, 1)").width(), 16);
  EXPECT_EQ(MakeType("string").width(), 0);
  EXPECT_EQ(MakeType("vector<float32, 8>").width(), 0);
  for (const char* key : {"bool", "int32", "int64", "string", "bytes", "timestamp", "date"}) {
    EXPECT_TRUE(MakeType(key).is_key_type()) << key;
  }
  for (const char* other : {"null", "float32", "float64", "decimal(5, 1)", "list<int64>"}) {
    EXPECT_FALSE(MakeType(other).is_key_type()) << other;
  }
}

}  // namespace
}  // namespace coeval
