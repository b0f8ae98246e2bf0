// Facts out of CSV files, and what is inferred from them.
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
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::testing::AllOf;
using ::testing::HasSubstr;

class FactCsvTest : public ::testing::Test {
 protected:
  FactCsvTest() {
    source_.name = "flights";
    source_.format = FileFormat::kCsv;
    source_.timestamp_field = "at";
    source_.csv.null_values = {"NA"};
    request_.view = "flights";
    request_.keys = {{"tail", TypeId::kString}};
    request_.features = {{"delay", TypeId::kFloat64}};
  }

  std::string ErrorOf(const std::string& text) {
    const auto facts = ReadFacts(source_, folder_.Text("a.csv", text), request_);
    return facts.ok() ? "none" : facts.status().ToString();
  }

  std::string TypesOf(const std::string& text) {
    const auto schema = DescribeSource(source_, folder_.Text("a.csv", text), TestContext());
    if (!schema.ok()) return schema.status().ToString();
    std::string types;
    for (const SourceColumn& column : schema->columns) {
      types += (types.empty() ? "" : " ") + column.name + ":" + column.type.ToString();
    }
    return types;
  }

  TemporaryFolder folder_;
  Source source_;
  FactRequest request_;
};

TEST_F(FactCsvTest, ReadsDeclaredTypesAndAnyTimeText) {
  const auto path = folder_.Text("a.csv",
                                 "tail,at,delay\n"
                                 "007,2013-01-01T10:00:00Z,5\n"
                                 "N1,2013-01-01 10:00:00.0000001,2.5\n"
                                 "NA,2013-01-01,1\n"
                                 "N2,2013-01-01T12:00:00+02:00,NA\n");
  FactCounts counts;
  const auto facts = ReadFacts(source_, path, request_, &counts);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->keys[0]), "'007' 'N1' 'N2'") << "a string key keeps its zeros";
  EXPECT_EQ(Show(facts->features[0]), "5.0 2.5 null");
  EXPECT_EQ(facts->times(0).event_time, At("2013-01-01T10:00"));
  EXPECT_EQ(facts->times(1).event_time, At("2013-01-01T10:00:00.000001")) << "rule 1.2: up";
  EXPECT_EQ(facts->times(2).event_time, At("2013-01-01T10:00"));
  EXPECT_EQ(counts.null_keys, 1);
}

TEST_F(FactCsvTest, TextThatIsNoTimeIsABadTime) {
  EXPECT_THAT(ErrorOf("tail,at,delay\nN1,2013-01-01,1\nN1,soon,1\n"),
              AllOf(HasSubstr("1 row of source `flights` with a bad time: row 1 of"),
                    HasSubstr("`at` is 'soon'")));
}

TEST_F(FactCsvTest, ABadCellNamesItsRow) {
  EXPECT_THAT(ErrorOf("tail,at,delay\nN1,2013-01-01,1\nN1,2013-01-01,x9\n"),
              AllOf(HasSubstr("row 1 (from 0, without the header), column `delay`: 'x9' is no "
                              "double"),
                    HasSubstr("null_values")));
}

TEST_F(FactCsvTest, RaggedLinesAreAnError) {
  EXPECT_THAT(ErrorOf("tail,at,delay\nN1,2013-01-01\n"),
              AllOf(HasSubstr("a.csv"), HasSubstr("Expected 3 columns, got 2")));
}

TEST_F(FactCsvTest, OptionsOfTheDialect) {
  source_.csv.delimiter = ';';
  source_.csv.quote = '\'';
  source_.csv.header = false;
  source_.csv.column_names = {"tail", "at", "delay"};
  const auto facts = ReadFacts(
      source_, folder_.Text("a.csv", "'N;1';2013-01-01;1\n'two\nlines';2013-01-02;2\n"), request_);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->keys[0]), "'N;1' 'two\nlines'");
}

TEST_F(FactCsvTest, AnEmptyTextIsNotNullWhereQuoted) {
  source_.csv.null_values = {""};
  FactCounts counts;
  const auto facts =
      ReadFacts(source_, folder_.Text("a.csv", "tail,at,delay\n\"\",2013-01-01,1\n,2013-01-01,2\n"),
                request_, &counts);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->keys[0]), "''");
  EXPECT_EQ(counts.null_keys, 1);
}

TEST_F(FactCsvTest, TypesAreThoseOfAllRows) {
  EXPECT_EQ(TypesOf("a,b,c,d,e,f,g\n1,1.5,x,true,2013-01-01,2013-01-01T10:00:00Z,NA\n"
                    "2,NA,NA,false,NA,2013-01-01T10:00:00.5Z,NA\n"),
            "a:int64 b:float64 c:string d:bool e:date f:timestamp g:null");
  std::string many = "a,b\n";
  for (int i = 0; i < 300'000; ++i) many += "1,7\n";  // more than one block of text
  EXPECT_EQ(TypesOf(many + "0.5,x\n"), "a:float64 b:string");
  source_.csv.types = {{"a", TypeId::kString}, {"at", TypeId::kTimestamp}};
  EXPECT_EQ(TypesOf("a,at\n1,2013-01-01\n"), "a:string at:timestamp");
}

TEST_F(FactCsvTest, FieldsLeaveOutWhatTheSourceNeedsItself) {
  source_.field_mapping = {{"tail_number", "tail"}};
  const auto path =
      folder_.Text("a.csv", "tail_number,at,delay,__index,n\nN1,2013-01-01,1.5,0,NA\n");
  const auto schema = DescribeSource(source_, path, TestContext());
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  const std::vector<std::string> keys{"tail"};
  const auto fields = InferFields(source_, *schema, keys);
  ASSERT_FALSE(fields.ok());
  EXPECT_THAT(fields.status().message(), HasSubstr("column `n` of source `flights` holds only "
                                                   "nulls"));
}

TEST_F(FactCsvTest, CompressedFilesAreReadByTheirEnding) {
  ::coeval::testing::Table table;
  table.Strings("tail", {"N1"}).Times("at", {At("2013-01-01")}).Doubles("delay", {1.0});
  const auto plain = folder_.File("b.csv");
  ASSERT_TRUE(::coeval::testing::WriteFile(table, plain).ok());
  ASSERT_EQ(std::system(("gzip -k " + plain).c_str()), 0);
  source_.csv.null_values = {""};
  const auto facts = ReadFacts(source_, plain + ".gz", request_);
  ASSERT_TRUE(facts.ok()) << facts.status().ToString();
  EXPECT_EQ(Show(facts->keys[0]), "'N1'");
}

}  // namespace
}  // namespace coeval
