#include "definition/identity.h"

#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "definition/sample.h"

namespace coeval {
namespace {

const UpstreamVersions kUpstream = {{"weather", 1}, {"planes", 1}, {"trip_features", 1}};

struct Identities {
  std::string view, data, on_demand, service;
};

Identities IdentitiesOf(const Definitions& all) {
  return {IdentityOf(LogicalContent(all.feature_views[0], all)),
          DataIdentity(all.feature_views[0], all),
          IdentityOf(LogicalContent(all.on_demand_feature_views[0], all, kUpstream)),
          IdentityOf(LogicalContent(all.feature_services[0], kUpstream))};
}

std::string ViewIdentityAfter(const std::function<void(Definitions*)>& change) {
  Definitions all = SampleDefinitions();
  change(&all);
  return IdentityOf(LogicalContent(all.feature_views[0], all));
}

// Rule 8.2: locations, owners, descriptions and tags are no part of a version.
TEST(IdentityTest, WhatIsNotLogicalDoesNotCount) {
  const std::string before = IdentitiesOf(SampleDefinitions()).view;
  const std::map<std::string, std::function<void(Definitions*)>> changes = {
      {"path", [](Definitions* all) { all->sources[0].path = "elsewhere.csv"; }},
      {"format", [](Definitions* all) { all->sources[0].format = FileFormat::kParquet; }},
      {"overlap", [](Definitions* all) { all->sources[0].overlap = 5 * kDay; }},
      {"on_bad_time", [](Definitions* all) { all->sources[0].on_bad_time = OnBadTime::kSkip; }},
      {"description", [](Definitions* all) { all->feature_views[0].description = "other"; }},
      {"field description",
       [](Definitions* all) { all->feature_views[0].schema[0].description = "x"; }},
      {"owner", [](Definitions* all) { all->feature_views[0].owner = "other"; }},
      {"tags", [](Definitions* all) { all->feature_views[0].tags.clear(); }},
      {"sla", [](Definitions* all) { all->feature_views[0].sla = kHour; }},
      {"label", [](Definitions* all) { all->feature_views[0].version_label = "1.1"; }},
      {"entity's name",
       [](Definitions* all) {
         all->entities[0].name = "field";
         all->feature_views[0].entities = {"field"};
       }},
      {"lateness said as it is",
       [](Definitions* all) { all->sources[0].lateness = kHour + 7 * kDay; }},
      {"a column mapped to itself",
       [](Definitions* all) { all->sources[0].field_mapping["a"] = "a"; }},
  };
  for (const auto& [what, change] : changes) EXPECT_EQ(ViewIdentityAfter(change), before) << what;
}

TEST(IdentityTest, WhatIsLogicalCounts) {
  std::map<std::string, std::string> seen = {{IdentitiesOf(SampleDefinitions()).view, "before"}};
  const std::map<std::string, std::function<void(Definitions*)>> changes = {
      {"ttl", [](Definitions* all) { all->feature_views[0].ttl = kHour; }},
      {"type", [](Definitions* all) { all->feature_views[0].schema[0].type = TypeId::kFloat32; }},
      {"order",
       [](Definitions* all) {
         std::swap(all->feature_views[0].schema[0], all->feature_views[0].schema[1]);
       }},
      {"default",
       [](Definitions* all) { all->feature_views[0].schema[2].default_value = Value::Double(1); }},
      {"default's sign",
       [](Definitions* all) {
         all->feature_views[0].schema[2].default_value = Value::Double(-0.0);
       }},
      {"no default",
       [](Definitions* all) { all->feature_views[0].schema[2].default_value.reset(); }},
      {"key type", [](Definitions* all) { all->entities[0].join_keys[0].type = TypeId::kBytes; }},
      {"timestamp_field", [](Definitions* all) { all->sources[0].timestamp_field = "t"; }},
      {"created",
       [](Definitions* all) {
         all->sources[0].created_field = "c";
         all->sources[0].created = CreatedMeaning::kArrival;
       }},
      {"created_field", [](Definitions* all) { all->sources[0].created_field = "c"; }},
      {"data_delay", [](Definitions* all) { all->sources[0].data_delay = 0; }},
      {"sequence", [](Definitions* all) { all->sources[0].sequence_field = ""; }},
      {"delete", [](Definitions* all) { all->sources[0].delete_field = "gone"; }},
      {"lateness", [](Definitions* all) { all->sources[0].lateness = kDay; }},
      {"max_future", [](Definitions* all) { all->sources[0].max_future = kDay; }},
      {"mapping", [](Definitions* all) { all->sources[0].field_mapping["x"] = "temp"; }},
      {"name", [](Definitions* all) { all->feature_views[0].name = "other"; }},
  };
  for (const auto& [what, change] : changes) {
    const auto [same, added] = seen.emplace(ViewIdentityAfter(change), what);
    EXPECT_TRUE(added) << what << " is like " << same->second;
  }
}

// Rule 8.2: versions that differ only in ttl share their data.
TEST(IdentityTest, TheTtlIsNoPartOfTheData) {
  Definitions all = SampleDefinitions();
  const Identities before = IdentitiesOf(all);
  all.feature_views[0].ttl = 0;
  EXPECT_EQ(IdentitiesOf(all).data, before.data);
  EXPECT_NE(IdentitiesOf(all).view, before.view);
  all.feature_views[0].schema.erase(all.feature_views[0].schema.begin());
  EXPECT_NE(IdentitiesOf(all).data, before.data);
}

TEST(IdentityTest, OnDemandViewsFollowTheirSourcesAndRequests) {
  Definitions all = SampleDefinitions();
  const Identities before = IdentitiesOf(all);
  const OnDemandFeatureView& view = all.on_demand_feature_views[0];
  UpstreamVersions newer = kUpstream;
  newer["weather"] = 2;
  EXPECT_NE(IdentityOf(LogicalContent(view, all, newer)), before.on_demand);
  EXPECT_NE(IdentityOf(LogicalContent(all.feature_services[0], newer)), before.service);
  all.on_demand_feature_views[0].expressions["seat_miles"] = "seats   *   distance";
  EXPECT_NE(IdentitiesOf(all).on_demand, before.on_demand);
  all.on_demand_feature_views[0].expressions["seat_miles"] = "distance   *   seats";
  EXPECT_EQ(IdentitiesOf(all).on_demand, before.on_demand) << "spaces do not count";
  all.sources[2].schema[1].type = TypeId::kFloat32;
  EXPECT_NE(IdentitiesOf(all).on_demand, before.on_demand);
}

TEST(IdentityTest, AVersionThatWasAskedForStays) {
  Projection newest;
  newest.view = "weather";
  Projection second = newest;
  second.version = 2;
  const std::vector<Projection> pinned = PinVersions({newest, second}, {{"weather", 3}});
  EXPECT_EQ(pinned[0].version, 3);
  EXPECT_EQ(pinned[1].version, 2);
}

// The hashes of this file are those of release 0.1: a later release must not change them, or every
// version of every registry would be another. The libraries of rule 6.4 are held still here.
TEST(IdentityTest, HashesAreThoseOfTheFirstRelease) {
  const char* source_dir = std::getenv("COEVAL_SOURCE_DIR");
  std::ifstream file(std::string(source_dir != nullptr ? source_dir : ".") +
                     "/tests/format/definition_hashes.txt");
  ASSERT_TRUE(file) << "run from the source folder";
  std::map<std::string, std::string> golden;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    golden[line.substr(0, line.find(' '))] = line.substr(line.find(' ') + 1);
  }
  Definitions all = SampleDefinitions();
  std::map<std::string, std::string> found;
  for (const FeatureView& view : all.feature_views) {
    found["feature_view." + view.name] = IdentityOf(LogicalContent(view, all));
    found["data." + view.name] = DataIdentity(view, all);
  }
  Json on_demand = LogicalContent(all.on_demand_feature_views[0], all, kUpstream);
  on_demand.Set("libraries", "golden");
  found["on_demand_feature_view.trip_features"] = IdentityOf(on_demand);
  found["feature_service.departure_delay_v1"] =
      IdentityOf(LogicalContent(all.feature_services[0], kUpstream));
  Definitions pushed = all;
  Source push;
  push.name = "weather_push";
  push.kind = SourceKind::kPush;
  push.batch_source = "weather_hourly";
  push.max_future = kDay;
  pushed.sources.push_back(push);
  pushed.feature_views[0].source = "weather_push";
  found["feature_view.weather_pushed"] =
      IdentityOf(LogicalContent(pushed.feature_views[0], pushed));
  push.batch_source.clear();
  push.timestamp_field = "at";
  pushed.sources.back() = push;
  found["feature_view.weather_pushed_alone"] =
      IdentityOf(LogicalContent(pushed.feature_views[0], pushed));
  FeatureView every = all.feature_views[0];
  every.schema.clear();
  for (const auto& [type, value] :
       std::map<std::string, std::string>{{"bool", "true"},
                                          {"int32", "-5"},
                                          {"int64", "9007199254740993"},
                                          {"float32", "0.1"},
                                          {"float64", "-0.0"},
                                          {"string", "\"ü\""},
                                          {"bytes", "\"/+8A\""},
                                          {"timestamp", "\"2013-01-01T00:00:00Z\""},
                                          {"date", "\"2013-01-01\""},
                                          {"decimal(38, 2)", "\"1.25\""},
                                          {"list<string>", "[\"a\",null]"},
                                          {"vector<float32, 2>", "[0.5,1.5]"},
                                          {"map<string, float64>", "{\"a\":1}"}}) {
    Json field = Json::MakeObject();
    field.Set("name", type);
    field.Set("type", type);
    field.Set("default", *ParseJson(value));
    Json document = SampleDocument();
    SampleObject(&document, "feature_views", "weather")->Set("schema", Json(Json::Array{field}));
    std::vector<DefinitionError> errors;
    const Definitions read = ReadDefinitions(document, &errors);
    ASSERT_TRUE(errors.empty()) << errors[0].ToString();
    every.schema.push_back(read.feature_views[0].schema[0]);
  }
  found["feature_view.every_type"] = IdentityOf(LogicalContent(every, all));
  EXPECT_EQ(found, golden);
}

}  // namespace
}  // namespace coeval
