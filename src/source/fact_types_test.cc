// What pyarrow and Spark write, as Coeval's types.
#include <cstdlib>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/fact_reader.h"
#include "source/source_schema.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::ReadFacts;
using ::coeval::testing::Show;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::coeval::testing::WriteFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

class FactTypesTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryFolder;
    const std::string python = std::getenv("COEVAL_PYTHON");
    const std::string script =
        std::string(std::getenv("COEVAL_SOURCE_DIR")) + "/src/source/make_types.py";
    ASSERT_EQ(std::system((python + " '" + script + "' '" + folder_->path() + "'").c_str()), 0);
  }

  static void TearDownTestSuite() { delete folder_; }

  FactTypesTest() {
    source_.name = "s";
    source_.timestamp_field = "at";
    request_.keys = {{"key", TypeId::kString}};
  }

  // The feature's cells, or the error.
  std::string Read(const std::string& feature, const DataType& type,
                   const std::string& file = "types.parquet") {
    request_.features = {{feature, type}};
    const auto facts = ReadFacts(source_, folder_->path() + "/" + file, request_);
    return facts.ok() ? Show(facts->features[0]) : facts.status().message();
  }

  static TemporaryFolder* folder_;
  Source source_;
  FactRequest request_;
};

TemporaryFolder* FactTypesTest::folder_ = nullptr;

TEST_F(FactTypesTest, EventTimesFinerThanAMicrosecondGoUp) {
  const auto facts = ReadFacts(source_, folder_->path() + "/types.parquet", request_);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->keys[0]), "'a' 'b'");
  EXPECT_EQ(facts->times(0).event_time, At("2013-07-01T10:00:00.000001"));
  EXPECT_EQ(facts->times(1).event_time, At("2013-07-01T10:00:00.000001"));
}

TEST_F(FactTypesTest, EveryTypeComesIn) {
  EXPECT_EQ(Read("int8", TypeId::kInt32), "-1 null");
  EXPECT_EQ(Read("int8", TypeId::kInt64), "-1 null");
  EXPECT_EQ(Read("uint32", TypeId::kInt64), "4294967295 null");
  EXPECT_EQ(Read("half", TypeId::kFloat64), "1.5 null");
  EXPECT_EQ(Read("large", TypeId::kString), "'x' null");
  EXPECT_EQ(Read("view", TypeId::kString), "'a string longer than twelve' null");
  EXPECT_THAT(Read("day", TypeId::kDate), HasSubstr("2013-07-01"));
  EXPECT_THAT(Read("seconds", TypeId::kTimestamp), HasSubstr("2013-07-01T10:00:00Z"));
  EXPECT_EQ(Read("price", DataType::Decimal(12, 4)), "12.5000 null");
  EXPECT_EQ(Read("list", DataType::List(TypeId::kInt32)), "[1, 2] null");
  EXPECT_EQ(Read("list", DataType::Vector(TypeId::kFloat32, 2)), "[1.0, 2.0] null");
  EXPECT_EQ(Read("vector", DataType::Vector(TypeId::kFloat32, 2)), "[1.0, 2.0] null");
  EXPECT_THAT(Read("map", DataType::Map(TypeId::kString, TypeId::kInt64)),
              HasSubstr("'a': 1, 'b': 2"));
}

// Rule 1.2: values are never rounded.
TEST_F(FactTypesTest, ValuesFinerThanAMicrosecondAreAnError) {
  EXPECT_THAT(Read("fine", TypeId::kTimestamp),
              AllOf(HasSubstr("row 1 of "), HasSubstr("`fine`"), HasSubstr("microsecond")));
}

TEST_F(FactTypesTest, BytesThatAreNoTextAreAnError) {
  EXPECT_THAT(Read("bytes", TypeId::kString),
              AllOf(HasSubstr("row 0 of "), HasSubstr("does not fit string")));
}

TEST_F(FactTypesTest, StructsHaveNoType) {
  EXPECT_THAT(Read("struct", TypeId::kInt64),
              AllOf(HasSubstr("feature `struct`"), HasSubstr("struct")));
}

TEST_F(FactTypesTest, Int96BeyondNanosecondsIsReadExactly) {
  EXPECT_THAT(Read("old", TypeId::kTimestamp, "int96.parquet"), HasSubstr("9999-12-31T00:00:00Z"));
}

class SourceSchemaTest : public ::testing::Test {
 protected:
  SourceSchemaTest() { source_.name = "s"; }

  std::string Describe() {
    const auto schema = DescribeSource(source_, folder_.path(), TestContext());
    if (!schema.ok()) return schema.status().message();
    std::string text;
    for (const SourceColumn& column : schema->columns) {
      text += (text.empty() ? "" : " ") + column.name + ":" + column.type.ToString();
    }
    return text;
  }

  void Write(const std::string& name, const Table& table) {
    ASSERT_TRUE(WriteFile(table, folder_.File(name)).ok());
  }

  TemporaryFolder folder_;
  Source source_;
};

TEST_F(SourceSchemaTest, FilesShareOneSchema) {
  Write("a.parquet", Table().Ints("n", {1}).Add("x", Column::Nulls(TypeId::kNull, 1)));
  Write("b.parquet", Table().Strings("x", {"late"}).Ints("n", {1}));
  EXPECT_EQ(Describe(), "n:int64 x:string") << "nulls in one file, text in the other";
}

TEST_F(SourceSchemaTest, DifferencesNameBothFiles) {
  Write("a.parquet", Table().Ints("n", {1}));
  Write("b.parquet", Table().Strings("n", {"1"}));
  EXPECT_THAT(Describe(), AllOf(HasSubstr("a.parquet"), HasSubstr("b.parquet"),
                                HasSubstr("`n` is int64 in the first and string in the other")));
  Write("b.parquet", Table().Ints("n", {1}).Ints("m", {1}));
  EXPECT_THAT(Describe(), HasSubstr("`m` is only in the other"));
  Write("b.parquet", Table().Ints("m", {1}));
  EXPECT_THAT(Describe(), HasSubstr("differ"));
}

TEST_F(SourceSchemaTest, FoldersAreColumnsOfTheTypeOfAllTheirTexts) {
  source_.hive_partitions = true;
  Write("year=2013/city=ams/a.parquet", Table().Ints("n", {1}));
  Write("year=2014/city=1/a.parquet", Table().Ints("n", {1}));
  EXPECT_EQ(Describe(), "n:int64 year:int64 city:string");
}

TEST_F(SourceSchemaTest, FieldsAreInferredFromWhatIsLeft) {
  source_.timestamp_field = "at";
  source_.created_field = "written";
  source_.field_mapping = {{"town", "city"}, {"deg", "temp"}};
  Write("a.parquet", Table()
                         .Strings("town", {"ams"})
                         .Times("at", {0})
                         .Times("written", {0})
                         .Doubles("deg", {1.0})
                         .Ints("__index_level_0__", {0})
                         .Bools("wet", {true}));
  const auto schema = DescribeSource(source_, folder_.path(), TestContext());
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_EQ(schema->Find("at")->original->unit, TimeUnit::kMicro);
  const std::vector<std::string> keys{"city"};
  const auto fields = InferFields(source_, *schema, keys);
  ASSERT_TRUE(fields.ok()) << fields.status().ToString();
  ASSERT_EQ(fields->size(), 2U);
  EXPECT_EQ((*fields)[0].name, "temp");
  EXPECT_EQ((*fields)[1].name, "wet");
  EXPECT_EQ((*fields)[1].type, DataType(TypeId::kBool));
}

}  // namespace
}  // namespace coeval
