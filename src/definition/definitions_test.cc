#include "definition/definitions.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "definition/sample.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Json Parse(std::string_view text) {
  const Result<Json> json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << json.status().ToString();
  return json.ok() ? *json : Json();
}

Definitions Read(const Json& document) {
  std::vector<DefinitionError> errors;
  Definitions definitions = ReadDefinitions(document, &errors);
  for (const DefinitionError& error : errors) ADD_FAILURE() << error.ToString();
  return definitions;
}

std::vector<std::string> ReadErrors(std::string_view text) {
  std::vector<DefinitionError> errors;
  ReadDefinitions(Parse(text), &errors);
  std::vector<std::string> texts;
  for (const DefinitionError& error : errors) texts.push_back(error.ToString());
  return texts;
}

TEST(DefinitionsTest, TheSampleIsReadWhole) {
  const Definitions all = Read(SampleDocument());
  ASSERT_EQ(all.entities.size(), 2U);
  EXPECT_EQ(all.entities[0].join_keys[0], (JoinKey{"airport", TypeId::kString}));
  ASSERT_EQ(all.sources.size(), 3U);
  const Source& weather = all.sources[0];
  EXPECT_EQ(weather.format, FileFormat::kCsv);
  EXPECT_EQ(weather.data_delay, kHour);
  EXPECT_EQ(weather.effective_lateness(), kHour + 7 * kDay);
  EXPECT_THAT(weather.csv.null_values, ElementsAre("NA"));
  EXPECT_EQ(weather.field_mapping.at("origin"), "airport");
  EXPECT_TRUE(all.sources[1].timeless);
  EXPECT_EQ(all.sources[2].kind, SourceKind::kRequest);
  const FeatureView& view = all.feature_views[0];
  EXPECT_EQ(view.ttl, 3 * kHour);
  EXPECT_TRUE(SameBits(*view.schema[2].default_value, Value::Double(0.0)));
  EXPECT_EQ(view.tags.at("team"), "weather");
  EXPECT_EQ(all.on_demand_feature_views[0].sources[0].features.size(), 2U);
  EXPECT_EQ(all.feature_services[0].features[0].join_key_map.at("airport"), "origin");
  EXPECT_EQ(all.where.at("feature_view weather"), "definitions.py:30");
}

// Written and read again nothing changes, and what is at its default is not written.
TEST(DefinitionsTest, WritingAndReadingChangesNothing) {
  const Json written = WriteDefinitions(Read(SampleDocument()));
  EXPECT_EQ(WriteDefinitions(Read(written)).Write(), written.Write());
  EXPECT_THAT(written.Write(), Not(HasSubstr("where")));
  EXPECT_THAT(written.Write(), Not(HasSubstr("overlap")));
  EXPECT_THAT(written.Write(), HasSubstr(R"("default":0)"));
}

TEST(DefinitionsTest, EveryMemberIsReadAndWritten) {
  const Json document = Parse(R"({
    "entities": [{"name": "e", "join_keys": [{"name": "k", "type": "int64"}, {"name": "d", "type": "date"}],
                  "description": "text", "tags": {"a": "b"}, "owner": "me"}],
    "sources": [{"name": "s", "kind": "file", "path": "x.csv", "format": "csv",
      "csv": {"delimiter": ";", "quote": "'", "header": false, "null_values": [],
              "types": {"b": "int64", "a": "string"}, "column_names": ["a", "b"]},
      "hive_partitions": true, "timestamp_field": "t", "created_timestamp_column": "c",
      "created": "arrival", "data_delay": 1, "sequence_field": "n", "delete_field": "gone",
      "field_mapping": {"b": "bb"}, "lateness": 0, "overlap": 0, "max_future": 5, "allow_1970": true,
      "on_bad_time": "skip", "description": "text", "tags": {"a": "b"}, "owner": "me"},
     {"name": "p", "kind": "file", "path": "p", "format": "parquet", "timeless": true}],
    "feature_views": [{"name": "v", "entities": ["e"],
      "schema": [{"name": "x", "type": "list<string>", "description": "text", "tags": {"a": "b"},
                  "default": ["a", null]}],
      "ttl": 7, "source": "s", "online": false, "offline": false, "version_label": "1.2", "sla": 9,
      "description": "text", "tags": {"a": "b"}, "owner": "me"}],
    "on_demand_feature_views": [{"name": "o",
      "sources": [{"view": "v", "version": 2, "features": ["x"], "alias": "w", "join_key_map": {"k": "kk"}}],
      "request_sources": ["r"], "schema": [{"name": "y", "type": "int64"}], "expressions": {"y": "1"},
      "version_label": "beta-1", "description": "text", "tags": {"a": "b"}, "owner": "me"}],
    "feature_services": [{"name": "f", "features": [{"view": "v"}], "description": "text",
      "tags": {"a": "b"}, "owner": "me"}]})");
  EXPECT_EQ(WriteDefinitions(Read(document)).Write(), document.Write());
}

TEST(DefinitionsTest, DurationsMayBeTexts) {
  Json document = SampleDocument();
  SampleObject(&document, "feature_views", "weather")->Set("ttl", "3h");
  SampleObject(&document, "sources", "weather_hourly")->Set("overlap", "2d");
  const Definitions all = Read(document);
  EXPECT_EQ(all.feature_views[0].ttl, 3 * kHour);
  EXPECT_EQ(all.sources[0].overlap, 2 * kDay);
}

TEST(DefinitionsTest, TheEndingSaysTheFormatWhereNothingElseDoes) {
  const Definitions all = Read(Parse(R"({"sources": [
    {"name": "a", "path": "d/*.csv"}, {"name": "b", "path": "d"}, {"name": "c", "path": "x.feather"},
    {"name": "d", "path": "x.csv", "format": "parquet"}]})"));
  EXPECT_EQ(all.sources[0].format, FileFormat::kCsv);
  EXPECT_EQ(all.sources[1].format, FileFormat::kParquet);
  EXPECT_EQ(all.sources[2].format, FileFormat::kArrow);
  EXPECT_EQ(all.sources[3].format, FileFormat::kParquet);
}

TEST(DefinitionsTest, AViewMayBeNamedAlone) {
  const Definitions all =
      Read(Parse(R"({"feature_services": [{"name": "f", "features": ["v"]}]})"));
  EXPECT_EQ(all.feature_services[0].features[0].view, "v");
}

// Rule 9: all mistakes at once, each with place, object and member.
TEST(DefinitionsTest, AllMistakesAreSaidAtOnce) {
  EXPECT_THAT(
      ReadErrors(
          R"({"feature_views": [{"name": "weather", "where": "d.yaml:7", "sourse": "s", "ttl": "3 hours",
        "online": "yes", "entities": "airport",
        "schema": [{"name": "temp", "type": "flaot64"}, {"type": "int64"},
                   {"name": "n", "type": "int64", "default": "five"}]}], "feature_servises": []})"),
      ElementsAre(
          HasSubstr(
              "d.yaml:7: feature view 'weather', entities: a list of texts is expected, found "
              "string \"airport\""),
          HasSubstr("d.yaml:7: feature view 'weather', schema.temp.type: "),
          "d.yaml:7: feature view 'weather', schema[1].name: is missing",
          HasSubstr("schema.n.default: \"five\" is no int64"),
          HasSubstr("d.yaml:7: feature view 'weather', ttl: "),
          "d.yaml:7: feature view 'weather', source: is missing",
          "d.yaml:7: feature view 'weather', online: true or false is expected, found string "
          "\"yes\"",
          "d.yaml:7: feature view 'weather', sourse: is unknown here, did you mean \"source\"?",
          "feature_servises: is unknown here, did you mean \"feature_services\"?"));
}

TEST(DefinitionsTest, WhatIsNoObjectIsSaid) {
  EXPECT_THAT(ReadErrors("[]"), ElementsAre("an object is expected here, found array"));
  EXPECT_THAT(ReadErrors(R"({"entities": 5})"),
              ElementsAre("entities: a list is expected, found integer 5"));
  EXPECT_THAT(ReadErrors(R"({"entities": [5]})"),
              ElementsAre("entities[0]: an object is expected here, found integer"));
}

TEST(DefinitionsTest, AChoiceIsOneOfItsWords) {
  EXPECT_THAT(
      ReadErrors(R"({"sources": [{"name": "s", "path": "p", "created": "arival"}]})"),
      ElementsAre("source 's', created: 'arival' is none of \"version\", \"arrival\", did you mean "
                  "\"arrival\"?"));
}

TEST(DefinitionsTest, DocumentsOfSeveralFilesBecomeOne) {
  const Json merged =
      MergeDocuments({Parse(R"({"entities": [{"name": "a"}], "sources": []})"),
                      Parse(R"({"entities": [{"name": "b"}], "feature_views": [1]})")});
  EXPECT_EQ(merged.Write(),
            R"({"entities":[{"name":"a"},{"name":"b"}],"sources":[],"feature_views":[1]})");
  EXPECT_EQ(MergeDocuments({Json(5)}).Write(), "5");
  EXPECT_EQ(MergeDocuments({Parse(R"({"entities": []})"), Parse(R"({"entities": 5})")}).Write(),
            R"({"entities":5})")
      << "what is wrong stays, to be reported";
}

TEST(DefinitionsTest, NoErrorIsOk) {
  EXPECT_TRUE(ToStatus({}).ok());
  const Status status = ToStatus({{"a:1", "entity 'e'", "", "one"}, {"", "", "f", "two"}});
  EXPECT_EQ(status.message(), "2 mistakes in the definitions:\n  a:1: entity 'e': one\n  f: two");
}

}  // namespace
}  // namespace coeval
