// What a view reads of a push source: the columns that it declares, by the rules of files.
#include "source/pushed_facts.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "source/source_schema.h"
#include "source/testing.h"
#include "source/united_reader.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Table;
using ::coeval::testing::TestContext;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Source Rates() {
  Source push;
  push.name = "rates_push";
  push.kind = SourceKind::kPush;
  push.created = CreatedMeaning::kArrival;
  push.timestamp_field = "at";
  push.field_mapping = {{"code", "currency"}};
  push.schema = {{"code", TypeId::kString, "", {}, {}}, {"rate", TypeId::kFloat64, "", {}, {}}};
  return push;
}

FactRequest RateByCurrency() {
  FactRequest request;
  request.keys = {{"currency", TypeId::kString}};
  request.features = {{"rate", TypeId::kFloat64}};
  return request;
}

Status OpenError(const Source& push, const FactRequest& request) {
  return OpenPushedFacts(push, request, {}, TestContext()).status();
}

TEST(PushedFactsTest, AViewThatIsFedByPushesAloneReadsNoRow) {
  ViewVersion version;
  version.source = Rates();
  version.push = Rates();
  const LocateSource nowhere = [](const Source&) -> Result<std::string> {
    return Status::Internal("a push source has no place");
  };
  const auto reader = OpenSourcesOf(version, RateByCurrency(), nowhere, {}, TestContext());
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  const auto first = (*reader)->Next();
  ASSERT_TRUE(first.ok()) << first.status().ToString();
  EXPECT_FALSE(first->has_value());
  EXPECT_EQ((*reader)->counts().rows, 0);
  EXPECT_EQ((*reader)->manifest().source, "rates_push");
}

LogBatch Logged(TimeMicros c, std::int64_t first_number, const Table& rows) {
  LogBatch logged;
  logged.c = c;
  logged.first_number = first_number;
  logged.rows = rows.batch();
  return logged;
}

// Created with their batch, numbered as in the log; a column that was declared later is null.
TEST(PushedFactsTest, LoggedRowsAreFactsThatArrived) {
  Table first;
  first.Strings("code", {"EUR", std::nullopt, "USD"})
      .Doubles("rate", {1.0, 2.0, 3.0})
      .Times("at", {At("2013-01-01"), At("2013-01-02"), At("2013-01-03")});
  Table before;
  before.Strings("code", {"GBP"}).Times("at", {At("2012-01-01")});
  const LoggedPushes logged = {
      .writer = "w",
      .batches = {Logged(At("2013-02-01"), 7, first), Logged(At("2013-02-02"), 10, before)}};
  const auto reader = OpenPushedFacts(Rates(), RateByCurrency(), logged, TestContext());
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  std::vector<std::string> facts;
  while (true) {
    const auto batch = (*reader)->Next();
    ASSERT_TRUE(batch.ok()) << batch.status().ToString();
    if (!batch->has_value()) break;
    for (std::int64_t row = 0; row < (*batch)->num_rows; ++row) {
      const FactTimes times = (*batch)->times(row);
      facts.push_back(std::string((*batch)->keys[0].bytes(row)) + " " +
                      FormatTime(times.event_time).substr(0, 10) + " " +
                      FormatTime(times.created_time).substr(0, 10) + " " +
                      std::to_string((*batch)->sequence_of(row).number) + " " +
                      ToText((*batch)->features[0].GetValue(row), TypeId::kFloat64));
    }
  }
  EXPECT_THAT(facts,
              ElementsAre("EUR 2013-01-01 2013-02-01 7 1.0", "USD 2013-01-03 2013-02-01 9 3.0",
                          "GBP 2012-01-01 2013-02-02 10 null"));
  EXPECT_EQ((*reader)->counts().null_keys, 1);
}

// Short pushes are read together, and what comes later only adds to the end: a place stays what it
// was, so that a view may be read several times while others push.
TEST(PushedFactsTest, PlacesAreNumbersInTheLogAndStay) {
  LoggedPushes pushed{.writer = "w"};
  for (std::int64_t i = 0; i < 3; ++i) {
    Table rows;
    rows.Strings("code", {"EUR", "USD"})
        .Doubles("rate", {1.0, 2.0})
        .Times("at", {At("2013-01-01"), At("2013-01-02")});
    pushed.batches.push_back(Logged(At("2013-02-01") + i, 100 * i, rows));
    const auto reader = OpenPushedFacts(Rates(), RateByCurrency(), pushed, TestContext());
    ASSERT_TRUE(reader.ok()) << reader.status().ToString();
    FactPieces* pieces = (*reader)->pieces();
    ASSERT_NE(pieces, nullptr);
    EXPECT_TRUE(pieces->is_held());
    ASSERT_EQ(pieces->size(), 1U);
    EXPECT_EQ(pieces->rows(0), 2 * (i + 1));
    std::vector<std::int64_t> numbers;
    const auto read = pieces->ReadKeys(0, [&](const FactBatch& facts) {
      EXPECT_TRUE(facts.arrived());
      EXPECT_EQ(*facts.log, "w");
      for (std::int64_t row = 0; row < facts.num_rows; ++row) {
        numbers.push_back((*reader)->PlaceOf(facts.file, facts.row_number(row)).row);
        EXPECT_EQ(numbers.back(), facts.sequence_of(row).number);
        EXPECT_TRUE(facts.times(row).arrived);
      }
    });
    ASSERT_TRUE(read.ok()) << read.status().ToString();
    std::vector<std::int64_t> expected;
    for (std::int64_t push = 0; push <= i; ++push) {
      expected.push_back(100 * push);
      expected.push_back(100 * push + 1);
    }
    EXPECT_EQ(numbers, expected);
    const SourceManifest& manifest = (*reader)->manifest();
    ASSERT_EQ(manifest.files.size(), 1U);
    EXPECT_EQ(manifest.files[0].name, "log");
    EXPECT_EQ(manifest.files[0].modified, At("2013-02-01") + i);
  }
}

TEST(PushedFactsTest, ColumnsAreCheckedAsThoseOfAFile) {
  EXPECT_TRUE(OpenError(Rates(), RateByCurrency()).ok());
  FactRequest request = RateByCurrency();
  request.features = {{"rat", TypeId::kFloat64}};
  EXPECT_THAT(OpenError(Rates(), request).message(),
              AllOf(HasSubstr("push source `rates_push`"),
                    HasSubstr("no column `rat` for feature `rat`, did you mean \"rate\"?"),
                    HasSubstr("there are code, rate, at")));
  request.features = {{"code", TypeId::kString}};
  EXPECT_THAT(OpenError(Rates(), request).message(), HasSubstr("is renamed to `currency`"));
  request.features = {{"rate", TypeId::kBool}};
  EXPECT_THAT(OpenError(Rates(), request).message(), HasSubstr("feature `rate`"));
  Source numbered = Rates();
  numbered.schema.push_back({"at", TypeId::kInt64, "", {}, {}});
  EXPECT_THAT(OpenError(numbered, RateByCurrency()).message(), HasSubstr("timestamp_field"));
}

// What a view without a schema takes from it.
TEST(PushedFactsTest, FeaturesAreInferredFromTheSchema) {
  const auto schema = DescribeSource(Rates(), "", TestContext());
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  const auto fields = InferFields(Rates(), *schema, std::vector<std::string>{"currency"});
  ASSERT_TRUE(fields.ok()) << fields.status().ToString();
  std::vector<std::string> names;
  for (const Field& field : *fields) names.push_back(field.name + " " + field.type.ToString());
  EXPECT_THAT(names, ElementsAre("rate float64"));
}

}  // namespace
}  // namespace coeval
