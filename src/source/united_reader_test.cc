#include "source/united_reader.h"

#include <iterator>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "definition/view_source.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::TestContext;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Source Named(const std::string& name) {
  Source source;
  source.name = name;
  source.path = name + ".parquet";
  source.timestamp_field = "at";
  return source;
}

class UnitedReaderTest : public ::testing::Test {
 protected:
  UnitedReaderTest() {
    Source web = Named("web");
    web.created_field = "written";
    web.field_mapping = {{"heat", "temp"}};
    Source app = Named("app");
    app.delete_field = "gone";
    version_.sources = {web, app};
    version_.source = UniteSources(std::vector<const Source*>{&web, &app});
    request_.view = "weather";
    request_.keys = {{"city", TypeId::kString}};
    request_.features = {{"temp", TypeId::kFloat64}};
  }

  void Write(const std::string& source, const Table& table) {
    const Status status =
        ::coeval::testing::WriteFile(table, folder_.File(source + ".parquet"), {});
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  Result<std::unique_ptr<FactReader>> Open() {
    const LocateSource locate = [this](const Source& source) -> Result<std::string> {
      return folder_.File(source.path);
    };
    return OpenSourcesOf(version_, request_, locate, pushed_, TestContext());
  }

  // A view of one file source that is pushed to as well.
  void ReadOneFileAndPushes() {
    const Source file = Named("zoo");
    Source push;
    push.name = "app_push";  // by name before the files, and read after them
    push.kind = SourceKind::kPush;
    version_.sources.clear();
    version_.source = file;
    version_.push = PushMeaning(push, &file);
  }

  void Push(const std::string& city, double temp, TimeMicros at) {
    LogBatch logged;
    logged.c = At("2013-03-01") + std::ssize(pushed_.batches);
    logged.first_number = 7 + std::ssize(pushed_.batches);
    Table rows;
    rows.Strings("city", {city}).Doubles("temp", {temp}).Times("at", {at});
    logged.rows = rows.batch();
    pushed_.batches.push_back(std::move(logged));
  }

  TemporaryFolder folder_;
  ViewVersion version_;
  FactRequest request_;
  LoggedPushes pushed_{.writer = "w"};
};

// Facts in words, with all that tells them apart.
std::vector<std::string> WordsOf(const FactBatch& facts) {
  std::vector<std::string> words;
  for (std::int64_t row = 0; row < facts.num_rows; ++row) {
    const FactTimes times = facts.times(row);
    const Sequence sequence = facts.sequence_of(row);
    words.push_back(
        std::string(facts.keys[0].bytes(row)) + " " + FormatTime(times.event_time).substr(0, 10) +
        (times.has_created ? " " + FormatTime(times.created_time).substr(0, 10) : "") +
        (times.arrived ? " arrived" : "") +
        (sequence.present ? " " + std::string(sequence.log) + std::to_string(sequence.number)
                          : "") +
        (facts.features.empty() ? ""
                                : " " + ToText(facts.features[0].GetValue(row), TypeId::kFloat64)));
  }
  return words;
}

std::vector<std::string> ReadWords(FactReader* reader) {
  std::vector<std::string> words;
  while (true) {
    const auto batch = reader->Next();
    EXPECT_TRUE(batch.ok()) << batch.status().ToString();
    if (!batch.ok() || !batch->has_value()) return words;
    for (std::string& word : WordsOf(**batch)) words.push_back(std::move(word));
  }
}

// What was pushed says of itself that it arrived; the rows of the files do not.
TEST_F(UnitedReaderTest, WhatWasPushedIsOneSourceMore) {
  ReadOneFileAndPushes();
  Write("zoo", Table()
                   .Strings("city", {"ams", "ber"})
                   .Times("at", {At("2013-01-01"), At("2013-01-02")})
                   .Doubles("temp", {1.5, 2.5}));
  Push("ams", 3.5, At("2013-01-01"));
  Push("cph", 4.5, At("2013-01-03"));
  const std::vector<std::string> expected = {"ams 2013-01-01 1.5", "ber 2013-01-02 2.5",
                                             "ams 2013-01-01 2013-03-01 arrived log7 3.5",
                                             "cph 2013-01-03 2013-03-01 arrived log8 4.5"};
  const auto reader = Open();
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_EQ((*reader)->expected_rows(), 4);
  EXPECT_EQ((*reader)->manifest().source, "zoo + app_push");
  ASSERT_EQ((*reader)->manifest().files.size(), 2U);
  EXPECT_EQ((*reader)->manifest().files[1].name, "app_push/log");
  EXPECT_EQ((*reader)->PlaceOf(1, 1).row, 8);
  EXPECT_EQ(ReadWords(reader->get()), expected);
  EXPECT_EQ((*reader)->counts().facts, 4);

  // The same in pieces, keys and values apart.
  const auto again = Open();
  ASSERT_TRUE(again.ok());
  FactPieces* pieces = (*again)->pieces();
  ASSERT_NE(pieces, nullptr);
  ASSERT_EQ(pieces->size(), 2U);
  EXPECT_FALSE(pieces->is_held());
  std::vector<std::string> words;
  for (std::size_t piece = 0; piece < pieces->size(); ++piece) {
    FactBatch keys;
    const auto counts = pieces->ReadKeys(piece, [&](const FactBatch& facts) { keys = facts; });
    ASSERT_TRUE(counts.ok()) << counts.status().ToString();
    EXPECT_EQ(keys.file, piece);
    EXPECT_EQ(keys.created_time.type(), DataType(TypeId::kTimestamp));
    const std::vector<std::int64_t> rows = {0, 1};
    const auto values = pieces->ReadValues(piece, rows, kAllFeatures);
    ASSERT_TRUE(values.ok()) << values.status().ToString();
    keys.features = *values;
    for (std::string& word : WordsOf(keys)) words.push_back(std::move(word));
  }
  EXPECT_TRUE(pieces->Finish().ok());
  EXPECT_EQ(words, expected);
}

// Row groups that are too old are not read, pushed or not; a push that came late is.
TEST_F(UnitedReaderTest, ARangeIsOneForFilesAndPushes) {
  ReadOneFileAndPushes();
  Write("zoo", Table()
                   .Strings("city", {"ams", "ber"})
                   .Times("at", {At("2013-01-01"), At("2013-01-05")})
                   .Doubles("temp", {1.5, 2.5}));
  Push("ams", 3.5, At("2013-01-02"));
  Push("cph", 4.5, At("2013-01-06"));
  request_.range = {.event_min = At("2013-01-04"), .event_max = At("2013-01-05")};
  auto reader = Open();
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_THAT(ReadWords(reader->get()), ElementsAre("ber 2013-01-05 2.5"));
  request_.range.created_min = At("2013-03-01");
  reader = Open();
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_THAT(ReadWords(reader->get()),
              ElementsAre("ber 2013-01-05 2.5", "ams 2013-01-02 2013-03-01 arrived log7 3.5"));
}

TEST_F(UnitedReaderTest, WhereNothingWasPushedTheFilesAreReadAlone) {
  ReadOneFileAndPushes();
  Write("zoo",
        Table().Strings("city", {"ams"}).Times("at", {At("2013-01-01")}).Doubles("temp", {1.5}));
  const auto reader = Open();
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_EQ((*reader)->manifest().source, "zoo");
  EXPECT_EQ((*reader)->manifest().files[0].name, "zoo.parquet");
  const auto batch = (*reader)->Next();
  ASSERT_TRUE(batch.ok() && batch->has_value());
  EXPECT_EQ((*batch)->created_time.type(), DataType(TypeId::kNull));
}

TEST_F(UnitedReaderTest, GivesTheFactsOfAllWithTheColumnsOfAny) {
  Write("web", Table()
                   .Strings("city", {"ams", std::nullopt})
                   .Times("at", {At("2013-01-01"), At("2013-01-01")})
                   .Times("written", {At("2013-02-01"), At("2013-02-01")})
                   .Doubles("heat", {1.5, 2.5}));
  Write("app", Table()
                   .Strings("city", {"ber"})
                   .Times("at", {At("2013-01-02")})
                   .Bools("gone", {true})
                   .Doubles("temp", {3.5}));
  const auto reader = Open();
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  EXPECT_EQ((*reader)->expected_rows(), 3);
  std::map<std::string, std::pair<bool, bool>> seen;  // city -> has a created time, is a delete
  while (true) {
    const auto batch = (*reader)->Next();
    ASSERT_TRUE(batch.ok()) << batch.status().ToString();
    if (!batch->has_value()) break;
    const FactBatch& facts = **batch;
    EXPECT_EQ(facts.created_time.type(), DataType(TypeId::kTimestamp));
    EXPECT_EQ(facts.deleted.type(), DataType(TypeId::kBool));
    EXPECT_EQ(facts.sequence.type(), DataType(TypeId::kNull));
    const RowPlace place = (*reader)->PlaceOf(facts.file, facts.row_number(0));
    EXPECT_EQ(place.row, 0) << (*reader)->manifest().files[facts.file].name;
    for (std::int64_t row = 0; row < facts.num_rows; ++row) {
      seen[std::string(facts.keys[0].GetValue(row).AsString())] = {facts.times(row).has_created,
                                                                   facts.is_delete(row)};
    }
  }
  EXPECT_EQ(seen, (std::map<std::string, std::pair<bool, bool>>{{"ams", {true, false}},
                                                                {"ber", {false, true}}}));
  EXPECT_EQ((*reader)->counts().rows, 3);
  EXPECT_EQ((*reader)->counts().facts, 2);
  EXPECT_EQ((*reader)->counts().null_keys, 1);
  EXPECT_EQ((*reader)->stats().files_read, 2);
  const SourceManifest& manifest = (*reader)->manifest();
  EXPECT_EQ(manifest.source, "app + web");
  ASSERT_EQ(manifest.files.size(), 2U);
  EXPECT_THAT((std::vector<std::string>{manifest.files[0].name, manifest.files[1].name}),
              ElementsAre("app/app.parquet", "web/web.parquet"));
}

TEST_F(UnitedReaderTest, SaysWhichSourceIsWrong) {
  Write("web", Table()
                   .Strings("city", {"ams"})
                   .Times("at", {At("2013-01-01")})
                   .Times("written", {At("2013-02-01")})
                   .Doubles("heat", {1.5}));
  Write("app",
        Table().Strings("city", {"ber"}).Times("at", {At("2013-01-02")}).Bools("gone", {true}));
  EXPECT_THAT(Open().status().message(), HasSubstr("source `app`"));
  Write("app", Table()
                   .Strings("city", {"ber"})
                   .Times("at", {At("2013-01-02")})
                   .Bools("gone", {false})
                   .Doubles("temp", {1.0}));
  Write("web", Table()
                   .Strings("city", {"ams"})
                   .Times("at", {std::nullopt})
                   .Times("written", {At("2013-02-01")})
                   .Doubles("heat", {1.5}));
  const auto reader = Open();
  ASSERT_TRUE(reader.ok()) << reader.status().ToString();
  ASSERT_TRUE((*reader)->Next().ok()) << "by the names of the sources, app comes first";
  const auto failed = (*reader)->Next();
  EXPECT_THAT(failed.status().message(), HasSubstr("source `web`"));
  EXPECT_EQ((*reader)->Next().status().message(), failed.status().message());
}

}  // namespace
}  // namespace coeval
