#include "source/united_reader.h"

#include <map>
#include <string>

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
    return OpenSourcesOf(version_, request_, locate, TestContext());
  }

  TemporaryFolder folder_;
  ViewVersion version_;
  FactRequest request_;
};

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
