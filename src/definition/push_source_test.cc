// Push sources: what is declared, what is refused, what a view that reads one is.
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "definition/catalogue.h"
#include "definition/definitions.h"
#include "definition/identity.h"
#include "definition/pushed_columns.h"
#include "definition/sample.h"
#include "definition/view_source.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kClicks = R"({
  "entities": [{"name": "user", "join_keys": [{"name": "user", "type": "int64"}]}],
  "sources": [
    {"name": "clicks_file", "kind": "file", "path": "clicks.parquet", "format": "parquet",
     "timestamp_field": "at", "data_delay": 3600000000, "event_id_field": "id",
     "field_mapping": {"uid": "user"}, "max_future": 86400000000},
    {"name": "clicks_push", "kind": "push", "batch_source": "clicks_file"},
    {"name": "rates_push", "kind": "push",
     "schema": [{"name": "code", "type": "string", "description": "ISO 4217"},
                {"name": "rate", "type": "float64"}, {"name": "number", "type": "int64"}],
     "timestamp_field": "quoted_at", "event_id_field": "number", "field_mapping": {"code": "user"},
     "lateness": 3600000000, "max_future": 60000000, "description": "quotes",
     "tags": {"a": "b"}, "owner": "me"}
  ],
  "feature_views": [
    {"name": "clicks", "entities": ["user"], "schema": [{"name": "page", "type": "string"}],
     "source": "clicks_push"}
  ],
  "on_demand_feature_views": [],
  "feature_services": []
})";

Json Clicks() {
  Result<Json> json = ParseJson(kClicks);
  EXPECT_TRUE(json.ok()) << json.status().ToString();
  return *std::move(json);
}

Definitions Read(const Json& document) {
  std::vector<DefinitionError> errors;
  Definitions read = ReadDefinitions(document, &errors);
  for (const DefinitionError& error : errors) ADD_FAILURE() << error.ToString();
  return read;
}

// The errors with members of one object replaced (`changes` is a JSON object).
std::vector<std::string> Changed(std::string_view list, std::string_view name,
                                 std::string_view changes) {
  Json document = Clicks();
  const Result<Json> members = ParseJson(changes);
  EXPECT_TRUE(members.ok()) << members.status().ToString();
  for (const auto& [member, value] : members->object()) {
    SampleObject(&document, list, name)->Set(member, value);
  }
  return ErrorsOf(document);
}

TEST(PushSourceTest, EveryMemberIsReadAndWritten) {
  EXPECT_THAT(ErrorsOf(Clicks()), IsEmpty());
  EXPECT_EQ(WriteDefinitions(Read(Clicks())).Write(), Clicks().Write());
  EXPECT_EQ(Read(Clicks()).sources[1].created, CreatedMeaning::kArrival);
}

TEST(PushSourceTest, WithoutABatchSourceTheColumnsAndTheTimeAreNamed) {
  EXPECT_THAT(Changed("sources", "clicks_push", R"({"batch_source": null})"),
              ElementsAre(HasSubstr("source 'clicks_push', schema: is missing"),
                          HasSubstr("source 'clicks_push', timestamp_field: is missing")));
}

// Rules 1.3, 1.4, 3.2, 3.7: all mistakes at once, each with its reason.
TEST(PushSourceTest, WhatAPushCannotHaveIsRefused) {
  EXPECT_THAT(
      Changed("sources", "rates_push",
              R"({"created_timestamp_column": "c", "created": "version", "data_delay": "1h",
                  "timeless": true, "sequence_field": "n", "delete_field": "gone", "lateness": -2,
                  "max_future": 0})"),
      ElementsAre(
          HasSubstr("created_timestamp_column: the created time of a push is given by Coeval"),
          HasSubstr("created: the created time of a push is given by Coeval"),
          HasSubstr("data_delay: a push source has none: what is pushed is known when it arrives"),
          HasSubstr("timeless: a push source is not"), HasSubstr("sequence_field: a push source"),
          HasSubstr("delete_field: a push source has none"),
          HasSubstr("lateness: may not be negative"), HasSubstr("max_future: must be positive")));
  EXPECT_THAT(Changed("sources", "rates_push", R"({"path": "x", "overlap": "1d"})"),
              ElementsAre(HasSubstr("path: is unknown here"), HasSubstr("overlap: is unknown")));
  EXPECT_THAT(Changed("sources", "rates_push", R"({"created": "arrival"})"), IsEmpty());
}

TEST(PushSourceTest, TheBatchSourceIsAFileSourceWithTimes) {
  EXPECT_THAT(Changed("sources", "clicks_push", R"({"batch_source": "clicks_fil"})"),
              ElementsAre(HasSubstr("source 'clicks_push', batch_source: there is no source "
                                    "'clicks_fil', did you mean \"clicks_file\"?")));
  EXPECT_THAT(Changed("sources", "clicks_push", R"({"batch_source": "rates_push"})"),
              ElementsAre(HasSubstr("batch_source: 'rates_push' is a push source")));
  EXPECT_THAT(Changed("sources", "clicks_push", R"({"batch_source": "clicks_push"})"),
              ElementsAre(HasSubstr("batch_source: 'clicks_push' is a push source")));
  EXPECT_THAT(Changed("sources", "clicks_file",
                      R"({"timeless": true, "timestamp_field": "", "data_delay": 0})"),
              ElementsAre(HasSubstr("source 'clicks_push', batch_source: 'clicks_file' is "
                                    "timeless")));
}

TEST(PushSourceTest, PushedColumnsAreThoseOfTheSchema) {
  EXPECT_THAT(
      Changed("sources", "rates_push",
              R"({"event_id_field": "numbr", "field_mapping": {"cod": "user", "quoted_at": "t"},
                          "schema": [{"name": "code", "type": "string"},
                                     {"name": "Code", "type": "string"},
                                     {"name": "number", "type": "int64", "default": 5},
                                     {"name": "quoted_at", "type": "float64"}]})"),
      ElementsAre(HasSubstr("schema.Code: the name is there twice"),
                  HasSubstr("schema.number: a default is declared in the view"),
                  HasSubstr("schema.quoted_at: is the timestamp_field, and float64 is no "
                            "time"),
                  HasSubstr("event_id_field: the schema has no column 'numbr', did you "
                            "mean \"number\"?"),
                  HasSubstr("field_mapping.cod: the schema has no such column, did you "
                            "mean \"code\"?")));
  EXPECT_THAT(
      Changed("sources", "clicks_push", R"({"schema": [{"name": "page", "type": "string"}]})"),
      ElementsAre(HasSubstr("event_id_field: the schema has no column 'id'")))
      << "as the batch source has it";
}

TEST(PushSourceTest, AViewHasOnePushSourceThatAgreesWithItsFiles) {
  EXPECT_THAT(Changed("feature_views", "clicks",
                      R"({"source": null, "sources": ["clicks_push", "rates_push"]})"),
              ElementsAre(HasSubstr("feature view 'clicks', sources: 'clicks_push' and "
                                    "'rates_push' are push sources; a view has one at most")));
  EXPECT_THAT(Changed("feature_views", "clicks",
                      R"({"source": null, "sources": ["clicks_push", "clicks_file"]})"),
              ElementsAre(HasSubstr("'clicks_file' is there twice: it is the batch source of "
                                    "'clicks_push'")));
  EXPECT_THAT(Changed("feature_views", "clicks",
                      R"({"source": null, "sources": ["rates_push", "clicks_file"]})"),
              ElementsAre(HasSubstr("differ in `lateness` (7d1h, 1h)"),
                          HasSubstr("differ in `event_id_field` (id, number)")));
  EXPECT_THAT(Changed("sources", "clicks_push", R"({"lateness": "1d"})"),
              ElementsAre(HasSubstr("feature view 'clicks', source: 'clicks_file' and "
                                    "'clicks_push' differ in `lateness` (7d1h, 1d)")));
  EXPECT_THAT(Changed("sources", "clicks_push", R"({"lateness": "169h"})"), IsEmpty());
}

// Rule 5.3: more than one way in, and nothing that tells an event from its copy.
TEST(PushSourceTest, EventsThatComeBothWaysHaveAnId) {
  const auto with_count = [](const std::string& source, bool has_id) {
    Json document = Clicks();
    Json* view = SampleObject(&document, "feature_views", "clicks");
    view->Set("schema", Json::MakeArray());
    view->Set("source", source);
    view->Set("aggregations", *ParseJson(R"([{"name": "n", "function": "count"}])"));
    if (!has_id) SampleObject(&document, "sources", "clicks_file")->Set("event_id_field", "");
    return ErrorsOf(document);
  };
  EXPECT_THAT(with_count("clicks_push", true), IsEmpty());
  EXPECT_THAT(with_count("clicks_push", false),
              ElementsAre(HasSubstr("feature view 'clicks', source: an event may come in twice, as "
                                    "a row of 'clicks_file' and as a push to 'clicks_push'")));
  EXPECT_THAT(with_count("clicks_file", false), IsEmpty());
  EXPECT_THAT(with_count("rates_push", false), IsEmpty()) << "one way in";
}

TEST(PushSourceTest, WhatIsNotSaidIsAsInTheBatchSource) {
  const Definitions all = Read(Clicks());
  const auto ways = FindViewSources(all.feature_views[0], all.sources);
  ASSERT_TRUE(ways.has_value());
  ASSERT_EQ(ways->batch.size(), 1U);
  EXPECT_EQ(ways->Meaning().name, "clicks_file");
  const Source& push = *ways->push;
  EXPECT_EQ(push.name, "clicks_push");
  EXPECT_EQ(push.timestamp_field, "at");
  EXPECT_EQ(push.event_id_field, "id");
  EXPECT_EQ(push.field_mapping.at("uid"), "user");
  EXPECT_EQ(push.max_future, kDay);
  EXPECT_EQ(push.created, CreatedMeaning::kArrival);
  EXPECT_EQ(push.data_delay, 0) << "known when it arrives";
  EXPECT_EQ(push.effective_lateness(), 7 * kDay + kHour) << "one lateness for all of a view";
  EXPECT_EQ(ways->All().back(), &push);
}

TEST(PushSourceTest, AViewMayBeFedByPushesAlone) {
  Definitions all = Read(Clicks());
  all.feature_views[0].source = "rates_push";
  const auto ways = FindViewSources(all.feature_views[0], all.sources);
  ASSERT_TRUE(ways.has_value());
  EXPECT_THAT(ways->batch, IsEmpty());
  EXPECT_EQ(ways->Meaning().kind, SourceKind::kPush);
  all.feature_views[0].source = "nothing";
  EXPECT_FALSE(FindViewSources(all.feature_views[0], all.sources).has_value());
}

std::string IdentityAfter(const std::function<void(Definitions*)>& change) {
  Definitions all = Read(Clicks());
  change(&all);
  return IdentityOf(LogicalContent(all.feature_views[0], all));
}

// Rule 8.2.
TEST(PushSourceTest, TheIdentityHoldsWhatAPushMeans) {
  const std::string before = IdentityAfter([](Definitions*) {});
  const std::map<std::string, std::function<void(Definitions*)>> same = {
      {"names",
       [](Definitions* all) {
         all->sources[0].name = all->sources[1].batch_source = "history";
         all->sources[1].name = all->feature_views[0].source = "live";
       }},
      {"said as it is",
       [](Definitions* all) {
         all->sources[1].timestamp_field = "at";
         all->sources[1].lateness = 7 * kDay + kHour;
         all->sources[1].field_mapping = {{"uid", "user"}};
       }},
      {"schema",
       [](Definitions* all) { all->sources[1].schema = {{"id", TypeId::kInt64, "", {}, {}}}; }},
      {"owner", [](Definitions* all) { all->sources[1].owner = "me"; }},
  };
  for (const auto& [what, change] : same) EXPECT_EQ(IdentityAfter(change), before) << what;
  std::map<std::string, std::string> seen = {{before, "before"}};
  const std::map<std::string, std::function<void(Definitions*)>> others = {
      {"the file alone", [](Definitions* all) { all->feature_views[0].source = "clicks_file"; }},
      {"pushes alone", [](Definitions* all) { all->feature_views[0].source = "rates_push"; }},
      {"timestamp_field", [](Definitions* all) { all->sources[1].timestamp_field = "t"; }},
      {"event_id_field", [](Definitions* all) { all->sources[1].event_id_field = "n"; }},
      {"field_mapping", [](Definitions* all) { all->sources[1].field_mapping = {{"u", "user"}}; }},
      {"no mapping", [](Definitions* all) { all->sources[1].field_mapping = {{"u", "u"}}; }},
      {"max_future", [](Definitions* all) { all->sources[1].max_future = kHour; }},
      {"of the file", [](Definitions* all) { all->sources[0].data_delay = 0; }},
  };
  for (const auto& [what, change] : others) {
    const auto [first, added] = seen.emplace(IdentityAfter(change), what);
    EXPECT_TRUE(added) << what << " is like " << first->second;
  }
}

ViewVersion VersionOf(const std::string& source) {
  const Definitions all = Read(Clicks());
  ViewVersion version;
  version.view = all.feature_views[0];
  version.view.source = source;
  const auto ways = FindViewSources(version.view, all.sources);
  version.source = ways->Meaning();
  version.push = ways->push;
  version.join_keys = JoinKeysOf(version.view, all);
  version.version = 1;
  version.active = true;
  return version;
}

TEST(PushSourceTest, PushedColumnsAreFoundThroughTheMapping) {
  const PushedColumns clicks = PushedColumnsOf(VersionOf("clicks_push"));
  EXPECT_EQ(clicks.event_time, "at");
  EXPECT_EQ(clicks.event_id, "id");
  EXPECT_THAT(clicks.keys, ElementsAre("uid"));
  EXPECT_THAT(clicks.features, ElementsAre("page"));
  ViewVersion windows = VersionOf("rates_push");
  windows.view.aggregations.emplace_back();
  windows.view.inputs = {{"number", TypeId::kInt64, "", {}, {}},
                         {"rate", TypeId::kFloat64, "", {}, {}}};
  const PushedColumns rates = PushedColumnsOf(windows);
  EXPECT_THAT(rates.keys, ElementsAre("code"));
  EXPECT_THAT(rates.features, ElementsAre("number", "rate"));
  EXPECT_THAT(PushedSchema(*windows.push).names(),
              ElementsAre("code", "rate", "number", "quoted_at"));
}

// Rule 8.5: a push feeds what a materialization would feed.
TEST(PushSourceTest, AllVersionsInUseThatReadTheSourceAreFed) {
  Catalogue catalogue;
  for (int v = 1; v <= 3; ++v) {
    ViewVersion version = VersionOf(v == 2 ? "clicks_push" : "rates_push");
    version.version = v;
    version.active = v == 1;
    catalogue.views["clicks"].push_back(version);
  }
  ViewVersion other = VersionOf("clicks_push");
  catalogue.views["more"] = {other};
  other.push.reset();
  catalogue.views["files"] = {other};
  const auto fed = [&](const std::string& source) {
    std::vector<std::string> names;
    for (const ViewVersion* version : catalogue.VersionsFedBy(source)) {
      names.push_back(version == &catalogue.views["more"][0] ? "more"
                                                             : std::to_string(version->version));
    }
    return names;
  };
  EXPECT_THAT(fed("rates_push"), ElementsAre("1", "3"));
  EXPECT_THAT(fed("clicks_push"), ElementsAre("2", "more"));
  EXPECT_THAT(fed("clicks_file"), IsEmpty());
  catalogue.views["clicks"][0].active = false;
  catalogue.views["clicks"][2].active = true;
  EXPECT_THAT(fed("clicks_push"), ElementsAre("more")) << "an old one that nothing reads";
}

}  // namespace
}  // namespace coeval
