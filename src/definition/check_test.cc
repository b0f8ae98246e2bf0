#include <functional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "definition/definitions.h"
#include "definition/sample.h"

namespace coeval {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;

Json Parse(std::string_view text) {
  const Result<Json> json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << json.status().ToString();
  return json.ok() ? *json : Json();
}

// The errors of the sample with members of one object replaced (`changes` is a JSON object).
std::vector<std::string> Changed(std::string_view list, std::string_view name,
                                 std::string_view changes) {
  Json document = SampleDocument();
  Json* object = SampleObject(&document, list, name);
  const Json members = Parse(changes);
  for (const auto& [member, value] : members.object()) object->Set(member, value);
  return ErrorsOf(document);
}

std::vector<std::string> Added(std::string_view list, std::string_view object) {
  Json document = SampleDocument();
  const_cast<Json*>(document.Find(list))->Append(Parse(object));
  return ErrorsOf(document);
}

TEST(CheckTest, TheSampleIsRight) {
  EXPECT_THAT(ErrorsOf(SampleDocument()), IsEmpty());
}

// What cannot be read does not hide what is wrong elsewhere, and is told once.
TEST(CheckTest, MistakesOfReadingAndOfCheckingComeTogether) {
  Json document = SampleDocument();
  Json* weather = SampleObject(&document, "feature_views", "weather");
  weather->Set("schema", Parse(R"([{"name": "temp", "type": "flot64"}])"));
  weather->Set("entities", Parse(R"(["airprt"])"));
  Json* planes = SampleObject(&document, "feature_views", "planes");
  planes->Set("source", "plane_registr");
  std::vector<DefinitionError> errors;
  const Definitions definitions = ReadDefinitions(document, &errors);
  ASSERT_EQ(errors.size(), 1U);
  std::vector<std::string> texts;
  for (const DefinitionError& error : AllMistakes(std::move(errors), definitions)) {
    texts.push_back(error.object + ", " + error.field);
  }
  EXPECT_THAT(texts,
              IsSupersetOf({"feature view 'weather', schema.temp.type",
                            "feature view 'weather', entities", "feature view 'planes', source"}));
  EXPECT_THAT(texts, Not(Contains("feature view 'weather', schema.temp")));
  EXPECT_THAT(texts, Not(Contains(HasSubstr("expressions"))));
}

TEST(CheckTest, NamesAreUniqueIgnoringCase) {
  EXPECT_THAT(
      Added("entities", R"({"name": "Airport", "join_keys": [{"name": "a", "type": "int64"}]})"),
      ElementsAre(
          "entity 'Airport', name: the name is taken by entity 'airport' (definitions.py:3); "
          "names differ in more than case"));
  EXPECT_THAT(Added("feature_views",
                    R"({"name": "weather", "source": "plane_register", "where": "x.yaml:4"})"),
              ElementsAre(HasSubstr(
                  "x.yaml:4: feature view 'weather', name: the name is taken by feature view "
                  "'weather' (definitions.py:30)")));
}

// A reference view:feature means one view, of whichever kind.
TEST(CheckTest, ViewsAndOnDemandViewsShareTheirNames) {
  EXPECT_THAT(
      Added("feature_views", R"({"name": "trip_features", "source": "plane_register"})"),
      ElementsAre(HasSubstr("on-demand feature view 'trip_features', name: the name is taken by "
                            "feature view 'trip_features'")));
}

TEST(CheckTest, ReservedCharactersInNames) {
  EXPECT_THAT(Added("feature_views", R"({"name": "a__b", "source": "plane_register"})"),
              ElementsAre(HasSubstr("'__' is reserved")));
  EXPECT_THAT(Added("feature_views", R"({"name": "a@b", "source": "plane_register"})"),
              ElementsAre(HasSubstr("'@' belongs to references")));
}

TEST(CheckTest, EntitiesHaveKeysOfKeyTypes) {
  EXPECT_THAT(Added("entities", R"({"name": "x"})"),
              ElementsAre("entity 'x', join_keys: an entity has at least one join key"));
  EXPECT_THAT(
      Added("entities", R"({"name": "x", "join_keys": [{"name": "k", "type": "float64"}]})"),
      ElementsAre(HasSubstr("entity 'x', join_keys.k: float64 is no type for a join key")));
  EXPECT_THAT(Added("entities", R"({"name": "x", "join_keys": [{"name": "k", "type": "int64"},
                                                               {"name": "K", "type": "int64"}]})"),
              ElementsAre(HasSubstr("join_keys.K: the name is there twice")));
}

TEST(CheckTest, MisspeltReferencesHaveASuggestion) {
  EXPECT_THAT(
      Changed("feature_views", "weather", R"({"entities": ["airprot"]})"),
      Contains("definitions.py:30: feature view 'weather', entities: there is no entity 'airprot', "
               "did you mean \"airport\"?"));
  EXPECT_THAT(Changed("feature_views", "weather", R"({"source": "weather_hourli"})"),
              ElementsAre("definitions.py:30: feature view 'weather', source: there is no source "
                          "'weather_hourli', did you mean \"weather_hourly\"?"));
}

TEST(CheckTest, EntitiesOfAViewHaveDifferentKeys) {
  Json document = SampleDocument();
  SampleObject(&document, "feature_views", "planes")
      ->Set("entities", Parse(R"(["plane", "tail", "plane"])"));
  const_cast<Json*>(document.Find("entities"))
      ->Append(Parse(R"({"name": "tail", "join_keys": [{"name": "TailNum", "type": "string"}]})"));
  EXPECT_THAT(ErrorsOf(document),
              ElementsAre(HasSubstr("'plane' and 'tail' both have the join key 'TailNum'"),
                          HasSubstr("'plane' is there twice")));
}

TEST(CheckTest, AViewReadsAFileSource) {
  EXPECT_THAT(Changed("feature_views", "planes", R"({"source": "trip"})"),
              ElementsAre(HasSubstr("'trip' is a request source")));
}

// Rule 1.3.
TEST(CheckTest, ATimelessSourceTakesNoTtl) {
  EXPECT_THAT(
      Changed("feature_views", "planes", R"({"ttl": "1h"})"),
      ElementsAre(HasSubstr("definitions.py:40: feature view 'planes', ttl: a view that reads a "
                            "timeless source takes no ttl")));
  EXPECT_THAT(
      Changed("feature_views", "weather", R"({"ttl": -1, "sla": -1})"),
      ElementsAre(HasSubstr("ttl: may not be negative"), HasSubstr("sla: may not be negative")));
}

TEST(CheckTest, TimesOfASourceMakeSense) {
  EXPECT_THAT(Changed("sources", "plane_register", R"({"timeless": false})"),
              ElementsAre(HasSubstr("timestamp_field: is missing")));
  EXPECT_THAT(Changed("sources", "plane_register",
                      R"({"timestamp_field": "t", "data_delay": 1, "lateness": 1})"),
              ElementsAre(HasSubstr("timestamp_field: a timeless source has none"),
                          HasSubstr("data_delay: a timeless source has none"),
                          HasSubstr("lateness: a timeless source has none")));
  EXPECT_THAT(
      Changed(
          "sources", "weather_hourly",
          R"({"created": "arrival", "data_delay": -1, "lateness": -2, "overlap": -1, "max_future": 0})"),
      ElementsAre(
          HasSubstr("\"arrival\" needs created_timestamp_column"),
          HasSubstr("data_delay: may not be negative"), HasSubstr("lateness: may not be negative"),
          HasSubstr("overlap: may not be negative"), HasSubstr("max_future: must be positive")));
}

TEST(CheckTest, ColumnsHaveOneRole) {
  EXPECT_THAT(Changed("sources", "weather_hourly", R"({"sequence_field": "time_hour"})"),
              ElementsAre(HasSubstr("the column 'time_hour' is the timestamp_field already")));
  EXPECT_THAT(
      Changed("sources", "weather_hourly", R"({"field_mapping": {"a": "x", "b": "X", "c": ""}})"),
      ElementsAre(HasSubstr("field_mapping.b: two columns are mapped to 'X'"),
                  HasSubstr("field_mapping.c: a name may not be empty")));
}

TEST(CheckTest, CsvOptionsFitTheFile) {
  EXPECT_THAT(Changed("sources", "weather_hourly", R"({"format": "parquet"})"),
              ElementsAre(HasSubstr("csv: options for CSV, but the format is another")));
  EXPECT_THAT(Changed("sources", "weather_hourly", R"({"csv": {"header": false}})"),
              ElementsAre(HasSubstr("csv.column_names: is missing")));
  EXPECT_THAT(Changed("sources", "weather_hourly", R"({"csv": {"column_names": ["a"]}})"),
              ElementsAre(HasSubstr("the file's header names the columns")));
  EXPECT_THAT(Changed("sources", "weather_hourly",
                      R"({"csv": {"header": false, "column_names": ["temp", "temp"],
                          "types": {"tmep": "int64", "temp": "list<int64>"}, "delimiter": "\""}})"),
              ElementsAre(HasSubstr("csv.delimiter: is the quote too"),
                          HasSubstr("csv.column_names: 'temp' is there twice"),
                          HasSubstr("csv.types.tmep: no such column, did you mean \"temp\"?"),
                          HasSubstr("csv.types.temp: CSV has no list<int64>")));
}

TEST(CheckTest, TheSchemaHoldsFeaturesAlone) {
  EXPECT_THAT(
      Changed("feature_views", "planes", R"({"schema": [{"name": "TAILNUM", "type": "string"},
                      {"name": "year", "type": "int64"}, {"name": "Year", "type": "int64"}]})"),
      Contains(HasSubstr("schema.Year: the name is there twice")));
  EXPECT_THAT(
      Changed("feature_views", "planes", R"({"schema": [{"name": "TAILNUM", "type": "string"},
                      {"name": "seats", "type": "int64"}]})"),
      ElementsAre(HasSubstr("schema.TAILNUM: it is a join key of the view's entity")));
}

// A schema that is still to be inferred leaves nothing to compare with, and is no mistake.
TEST(CheckTest, AnEmptySchemaIsCheckedAsFarAsItGoes) {
  EXPECT_THAT(Changed("feature_views", "weather", R"({"schema": []})"), IsEmpty());
}

TEST(CheckTest, OnDemandViewsReadStoredViewsAndRequests) {
  EXPECT_THAT(
      Changed(
          "on_demand_feature_views", "trip_features",
          R"({"sources": ["wether", "trip_features"], "request_sources": ["tripp", "plane_register"]})"),
      ElementsAre(
          HasSubstr("sources.wether: there is no view 'wether', did you mean \"weather\"?"),
          HasSubstr("only stored views can be read here"),
          HasSubstr("request_sources.tripp: there is no source 'tripp', did you mean \"trip\"?"),
          HasSubstr("'plane_register' is no request source")));
  EXPECT_THAT(Changed("on_demand_feature_views", "trip_features",
                      R"({"sources": ["weather", "weather", "planes"]})"),
              Contains(HasSubstr("sources.weather: two sources have this name")));
}

TEST(CheckTest, EachFeatureHasOneExpression) {
  EXPECT_THAT(
      Changed("on_demand_feature_views", "trip_features",
              R"({"expressions": {"gust_over_wind": "wind_gust", "seat_mile": "seats"}})"),
      ElementsAre(HasSubstr("expressions: 'seat_miles' has none"),
                  HasSubstr("expressions.seat_mile: the schema has no such feature, did you mean "
                            "\"seat_miles\"?")));
}

TEST(CheckTest, ExpressionsMustCompileToTheFeaturesType) {
  EXPECT_THAT(
      Changed("on_demand_feature_views", "trip_features",
              R"({"expressions": {"gust_over_wind": "wind_gusst + 1", "seat_miles": "'text'"}})"),
      ElementsAre(HasSubstr("definitions.py:50: on-demand feature view 'trip_features', "
                            "expressions.gust_over_wind: "),
                  HasSubstr("expressions.seat_miles: ")));
  // temp is not among the features that the view takes from weather.
  EXPECT_THAT(Changed("on_demand_feature_views", "trip_features",
                      R"({"expressions": {"gust_over_wind": "temp", "seat_miles": "1.0"}})"),
              ElementsAre(HasSubstr("expressions.gust_over_wind: ")));
}

TEST(CheckTest, ServicesNameViewsAndFeaturesThatExist) {
  EXPECT_THAT(
      Changed("feature_services", "departure_delay_v1",
              R"({"features": [{"view": "weather", "features": ["tmep", "temp", "temp"]},
                                       "plans", {"view": "trip_features", "features": ["seat_miless"]}]})"),
      ElementsAre(
          HasSubstr("features.weather.features: the view 'weather' has no feature 'tmep', did "
                    "you mean \"temp\"?"),
          HasSubstr("'temp' is there twice"), HasSubstr("'weather__temp' is there twice"),
          HasSubstr("features.plans: there is no view 'plans', did you mean \"planes\"?"),
          HasSubstr("did you mean \"seat_miles\"?")));
  EXPECT_THAT(Changed("feature_services", "departure_delay_v1", R"({"features": []})"),
              ElementsAre(HasSubstr("a service names at least one view")));
}

TEST(CheckTest, AServiceHasNoNameTwice) {
  EXPECT_THAT(Changed("feature_services", "departure_delay_v1",
                      R"({"features": [{"view": "weather", "features": ["temp"]},
                                       {"view": "weather", "features": ["temp"], "alias": "Weather"}]})"),
              ElementsAre(HasSubstr(
                  "'Weather__temp' is there twice; give one of the two views another name")));
  EXPECT_THAT(Changed("feature_services", "departure_delay_v1",
                      R"({"features": [{"view": "weather", "features": ["temp"]},
                                       {"view": "weather", "features": ["temp"], "alias": "there",
                                        "join_key_map": {"airport": "dest"}}]})"),
              IsEmpty());
}

TEST(CheckTest, KeyMapsNameJoinKeys) {
  EXPECT_THAT(
      Changed(
          "feature_services", "departure_delay_v1",
          R"({"features": [{"view": "weather", "alias": "a__b", "join_key_map": {"airprot": "origin"}}]})"),
      ElementsAre(
          HasSubstr("features.a__b.alias: '__' is reserved"),
          HasSubstr("'airprot' is no join key of the view 'weather', which has 'airport', did "
                    "you mean \"airport\"?")));
  // Through an on-demand view the keys of its sources are renamed.
  EXPECT_THAT(
      Changed(
          "feature_services", "departure_delay_v1",
          R"({"features": [{"view": "trip_features", "join_key_map": {"airport": "origin"}}]})"),
      IsEmpty());
}

TEST(CheckTest, VersionLabels) {
  EXPECT_THAT(Changed("feature_views", "weather", R"({"version_label": "1.2"})"), IsEmpty());
  EXPECT_THAT(Changed("feature_views", "weather", R"({"version_label": "2"})"),
              ElementsAre(HasSubstr("version_label: a plain number is a version's own")));
}

}  // namespace
}  // namespace coeval
