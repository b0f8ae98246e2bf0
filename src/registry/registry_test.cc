#include "registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "registry/registry_fixture.h"

namespace coeval {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class RegistryTest : public RegistryFixture {};

TEST_F(RegistryTest, WhatIsAppliedIsThere) {
  const Plan plan = Apply(SampleDefinitions());
  EXPECT_THAT(plan.ToText(), HasSubstr("+ feature view 'weather': version 1, active at once"));
  EXPECT_THAT(plan.ToText(), HasSubstr("reads weather@v1, planes@v1, trip_features@v1"));
  EXPECT_THAT(plan.ToText(), HasSubstr("9 to create"));
  EXPECT_THAT(plan.ToText(/*done=*/true), HasSubstr("9 created"));
  const CatalogueSnapshot now = Now();
  EXPECT_EQ(now->project, "flights");
  EXPECT_EQ(now->revision, 1);
  EXPECT_EQ(now->entities.size(), 2U);
  EXPECT_EQ(now->sources.size(), 3U);
  const ViewVersion& weather = **now->FindView("weather", 0);
  EXPECT_EQ(weather.version, 1);
  EXPECT_EQ(weather.view.schema.size(), 3U);
  EXPECT_EQ(weather.view.owner, "met@example.org");
  EXPECT_EQ(weather.source.path, "{data}/weather/*.csv");
  EXPECT_EQ(weather.source.data_delay, kHour);
  EXPECT_THAT(weather.join_keys, ElementsAre(JoinKey{"airport", TypeId::kString}));
  EXPECT_EQ(weather.identity.size(), 64U);
  const OnDemandVersion& on_demand = **now->FindOnDemandView("trip_features", 0);
  EXPECT_EQ(on_demand.view.sources[0].version, 1);
  EXPECT_EQ(on_demand.request_sources[0].name, "trip");
  const ServiceVersion& service = **now->FindService("departure_delay_v1", 0);
  EXPECT_EQ(service.service.features[2].version, 1);
  EXPECT_EQ(service.service.features[0].join_key_map.at("airport"), "origin");
}

TEST_F(RegistryTest, ASecondApplyChangesNothing) {
  Apply(SampleDefinitions());
  const Plan plan = Apply(SampleDefinitions());
  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(plan.ToText(),
            "0 to create, 0 with a new version, 0 to update, 0 to delete, 9 unchanged\n");
  EXPECT_EQ(Now()->revision, 1);
}

TEST_F(RegistryTest, APlanChangesNothing) {
  const Result<Plan> plan = registry_->MakePlan(SampleDefinitions(), {});
  ASSERT_TRUE(plan.ok());
  EXPECT_FALSE(plan->empty());
  EXPECT_TRUE(Now()->views.empty());
  EXPECT_THAT(plan->ToJson().Write(),
              HasSubstr(R"("kind":"feature_view","name":"weather","change":"create")"));
}

TEST_F(RegistryTest, ItIsThereAfterReopening) {
  Apply(SampleDefinitions());
  const std::string identity = (*Now()->FindView("weather", 0))->identity;
  registry_ = OpenIt();
  EXPECT_EQ((*Now()->FindView("weather", 0))->identity, identity);
}

// Rule 8.2: another content is another version, and versions coexist; the plan says what differs.
TEST_F(RegistryTest, AChangeOfContentMakesAVersion) {
  Apply(SampleDefinitions());
  const Plan plan = Apply(WithTtl(6 * kHour));
  const ObjectChange& weather = ChangeOf(plan, "weather");
  EXPECT_EQ(weather.change, ChangeKind::kNewVersion);
  EXPECT_THAT(weather.differences, ElementsAre("ttl: 3h -> 6h"));
  // What reads it is pinned anew (rule 8.5).
  EXPECT_THAT(ChangeOf(plan, "trip_features").differences,
              ElementsAre("sources.weather.version: 1 -> 2"));
  EXPECT_EQ(ChangeOf(plan, "departure_delay_v1").version, 2);
  EXPECT_EQ(ChangeOf(plan, "planes").change, ChangeKind::kUnchanged);
  const CatalogueSnapshot now = Now();
  EXPECT_EQ((*now->FindView("weather", 1))->view.ttl, 3 * kHour);
  EXPECT_EQ((*now->FindView("weather", 2))->view.ttl, 6 * kHour);
  EXPECT_EQ((*now->FindView("weather", 1))->data_identity,
            (*now->FindView("weather", 2))->data_identity);
  EXPECT_EQ((*now->FindService("departure_delay_v1", 1))->service.features[0].version, 1);
  EXPECT_EQ((*now->FindService("departure_delay_v1", 2))->service.features[0].version, 2);
}

TEST_F(RegistryTest, ASourcesMeaningMakesAVersionOfItsViews) {
  Apply(SampleDefinitions());
  const Plan plan = Apply(Sample([](Definitions* all) { all->sources[0].data_delay = 2 * kHour; }));
  EXPECT_EQ(ChangeOf(plan, "weather_hourly").change, ChangeKind::kMetadata);
  EXPECT_THAT(ChangeOf(plan, "weather").differences, ElementsAre("source.data_delay: 1h -> 2h"));
  EXPECT_EQ((*Now()->FindView("weather", 1))->source.data_delay, kHour) << "a version is immutable";
  EXPECT_EQ((*Now()->FindView("weather", 2))->source.data_delay, 2 * kHour);
}

// Rule 8.2: a location is no part of a version, and counts for all versions at once.
TEST_F(RegistryTest, ALocationMakesNoVersion) {
  Apply(SampleDefinitions());
  Apply(Sample([](Definitions* all) { all->sources[0].data_delay = 2 * kHour; }));
  const Plan plan = Apply(Sample([](Definitions* all) {
    all->sources[0].data_delay = 2 * kHour;
    all->sources[0].path = "elsewhere/*.csv";
  }));
  EXPECT_EQ(ChangeOf(plan, "weather").change, ChangeKind::kUnchanged);
  EXPECT_THAT(ChangeOf(plan, "weather_hourly").differences,
              ElementsAre("path: {data}/weather/*.csv -> elsewhere/*.csv"));
  EXPECT_EQ((*Now()->FindView("weather", 1))->source.path, "elsewhere/*.csv");
  EXPECT_EQ((*Now()->FindView("weather", 1))->source.data_delay, kHour);
}

TEST_F(RegistryTest, DescriptionsMakeNoVersion) {
  Apply(SampleDefinitions());
  const Plan plan = Apply(Sample([](Definitions* all) { all->feature_views[0].owner = "other"; }));
  EXPECT_EQ(ChangeOf(plan, "weather").change, ChangeKind::kMetadata);
  EXPECT_THAT(plan.ToText(),
              HasSubstr("~ feature view 'weather': version 1 keeps its content\n    owner: "
                        "met@example.org -> other"));
  EXPECT_EQ((*Now()->FindView("weather", 1))->view.owner, "other");
}

TEST_F(RegistryTest, TheSameContentAgainIsTheSameVersion) {
  Apply(SampleDefinitions());
  Apply(WithTtl(6 * kHour));
  const Plan plan = Apply(SampleDefinitions());
  EXPECT_EQ(ChangeOf(plan, "weather").change, ChangeKind::kBackTo);
  EXPECT_EQ(ChangeOf(plan, "weather").version, 1);
  EXPECT_EQ(Now()->views.at("weather").size(), 2U);
  EXPECT_EQ(ChangeOf(Apply(WithTtl(kHour)), "weather").version, 3);
}

TEST_F(RegistryTest, LabelsNameVersions) {
  const auto labelled = [](const char* label, DurationMicros ttl) {
    return Sample([&](Definitions* all) {
      all->feature_views[0].version_label = label;
      all->feature_views[0].ttl = ttl;
    });
  };
  Apply(labelled("1.0", kHour));
  EXPECT_EQ((*Now()->FindView("weather", 1))->label, "1.0");
  EXPECT_THAT(
      ApplyError(labelled("1.0", 2 * kHour)).message(),
      HasSubstr("feature view 'weather', version_label: '1.0' is the label of version 1 already"));
  Apply(labelled("1.1", kHour));
  EXPECT_EQ((*Now()->FindView("weather", 1))->label, "1.1") << "a label is no content";
}

TEST_F(RegistryTest, AllMistakesAreSaidAndNothingIsChanged) {
  Apply(SampleDefinitions());
  const Status status = ApplyError(Sample([](Definitions* all) {
    all->feature_views[0].source = "weather_hourli";
    all->feature_views[1].ttl = kHour;
  }));
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(),
              AllOf(HasSubstr("definitions.py:30: feature view 'weather', source"),
                    HasSubstr("definitions.py:40: feature view 'planes', ttl")));
  EXPECT_EQ(Now()->revision, 1);
  EXPECT_THAT(
      ApplyError(Sample([](Definitions* all) { all->feature_views[1].schema.clear(); })).message(),
      HasSubstr("feature view 'planes', schema: is not known"));
}

// Rule 8.4.
TEST_F(RegistryTest, WhatIsUsedIsNotRemoved) {
  Apply(SampleDefinitions());
  const Definitions without = Sample([](Definitions* all) { all->feature_views.pop_back(); });
  const Result<Plan> plan = registry_->MakePlan(without, {});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->refusals.size(), 1U);
  EXPECT_THAT(plan->refusals[0].users, ElementsAre("on-demand feature view 'trip_features'",
                                                   "feature service 'departure_delay_v1'"));
  EXPECT_THAT(plan->ToText(), HasSubstr("REFUSED"));
  const Status status = ApplyError(without);
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(),
              HasSubstr("feature view 'planes': it cannot be removed, since it is used by "
                        "on-demand feature view 'trip_features', feature service"));
  EXPECT_EQ(Now()->revision, 1);
  EXPECT_THAT(registry_->Delete(ObjectKind::kEntity, "airport", "ann").status().message(),
              HasSubstr("used by feature view 'weather'"));
  EXPECT_THAT(registry_->Delete(ObjectKind::kSource, "trip", "ann").status().message(),
              HasSubstr("used by on-demand feature view 'trip_features'"));
  EXPECT_THAT(registry_->Delete(ObjectKind::kFeatureView, "wether", "ann").status().message(),
              HasSubstr("there is no feature view 'wether', did you mean \"weather\"?"));
}

// A version that serves on reads what the definitions no longer name.
TEST_F(RegistryTest, WhatAnActiveVersionReadsIsNotRemoved) {
  Apply(SampleDefinitions());
  ASSERT_TRUE(registry_->MarkServed(ObjectKind::kFeatureService, "departure_delay_v1", 1).ok());
  ASSERT_TRUE(registry_->MarkServed(ObjectKind::kOnDemandFeatureView, "trip_features", 1).ok());
  const Definitions without = Sample([](Definitions* all) {
    all->feature_views.pop_back();
    all->on_demand_feature_views.clear();
    all->feature_services[0].features.resize(1);
  });
  EXPECT_THAT(
      ApplyError(without).message(),
      AllOf(HasSubstr(
                "feature view 'planes': it cannot be removed, since it is used by feature "
                "service 'departure_delay_v1' version 1, which is active; apply with --promote"),
            HasSubstr("on-demand feature view 'trip_features': it cannot be removed")));
  const Plan plan = Apply(without, /*promote=*/true);
  EXPECT_EQ(ChangeOf(plan, "planes").change, ChangeKind::kDelete);
  EXPECT_THAT(plan.ToText(), HasSubstr("- feature view 'planes'"));
  EXPECT_FALSE(Now()->FindView("planes", 0).ok());
  EXPECT_EQ(ActiveService("departure_delay_v1"), 2);
  // The older version cannot come back while its view is gone.
  EXPECT_THAT(registry_->Rollback(ObjectKind::kFeatureService, "departure_delay_v1", "ann")
                  .status()
                  .message(),
              HasSubstr("reads the view 'planes', which was deleted"));
  Apply(SampleDefinitions());
  EXPECT_EQ(*registry_->Rollback(ObjectKind::kFeatureService, "departure_delay_v1", "ann"), 1);
}

TEST_F(RegistryTest, WhatIsGoneIsDeletedAndComesBackAsItWas) {
  Apply(SampleDefinitions());
  Apply(WithTtl(kHour));
  Apply({});
  EXPECT_TRUE(Now()->views.empty());
  EXPECT_TRUE(Now()->entities.empty());
  EXPECT_EQ(*registry_->Lineage(), std::vector<LineageEdge>());
  const Plan plan = Apply(WithTtl(kHour));
  EXPECT_EQ(ChangeOf(plan, "weather").change, ChangeKind::kCreate);
  EXPECT_EQ(ChangeOf(plan, "weather").version, 2);
  EXPECT_EQ(ActiveView("weather"), 2);
  EXPECT_EQ((*Now()->FindView("weather", 1))->view.ttl, 3 * kHour);
}

TEST_F(RegistryTest, SomeObjectsMayBeAppliedAlone) {
  Apply(SampleDefinitions());
  Definitions some;
  some.feature_views = {WithTtl(kHour).feature_views[0]};
  const Plan plan = Apply(some, false, /*complete=*/false);
  EXPECT_EQ(ChangeOf(plan, "weather").version, 2);
  EXPECT_EQ(ChangeOf(plan, "departure_delay_v1").version, 2) << "pinned anew";
  EXPECT_EQ(Now()->views.size(), 2U) << "nothing is deleted";
  some.feature_views[0].source = "nowhere";
  EXPECT_THAT(
      registry_->Apply(some, {.complete = false, .promote = false, .who = ""}).status().message(),
      HasSubstr("there is no source 'nowhere'"));
}

TEST_F(RegistryTest, AnotherVersionMayBePinnedByHand) {
  Apply(SampleDefinitions());
  const auto pinned = [](int version, const char* feature) {
    return Sample([&](Definitions* all) {
      all->feature_views[0].ttl = kHour;
      all->feature_services[0].features = {{"weather", version, {feature}, "", {}}};
    });
  };
  const Plan plan = Apply(pinned(1, "temp"));
  EXPECT_EQ(ChangeOf(plan, "departure_delay_v1").pins[0].version, 1);
  EXPECT_THAT(ApplyError(pinned(7, "temp")).message(),
              HasSubstr("the view 'weather' has no version 7; the one defined now is 2"));
  EXPECT_THAT(
      ApplyError(pinned(1, "tepm")).message(),
      HasSubstr("version 1 of the view 'weather' has no feature 'tepm', did you mean \"temp\"?"));
}

// A schema that was inferred once is kept.
TEST_F(RegistryTest, SchemasAreFrozen) {
  Apply(SampleDefinitions());
  Definitions open = Sample([](Definitions* all) { all->feature_views[0].schema.clear(); });
  FillFrozenSchemas(*Now(), &open);
  EXPECT_EQ(open.feature_views[0].schema.size(), 3U);
  EXPECT_TRUE(Apply(open).empty());
}

// Rule 8.6.
TEST_F(RegistryTest, ProjectsDoNotSeeEachOther) {
  Apply(SampleDefinitions());
  const std::unique_ptr<Registry> other = OpenIt("other");
  EXPECT_TRUE((*other->Snapshot())->views.empty());
  ASSERT_TRUE(other->Apply(WithTtl(kHour), {}).ok());
  EXPECT_EQ((*(*other->Snapshot())->FindView("weather", 0))->version, 1);
  ASSERT_TRUE(other->Apply({}, {}).ok());
  EXPECT_EQ(Now()->views.size(), 2U);
  EXPECT_TRUE((*other->History("", 100)).size() > (*registry_->History("", 100)).size());
}

TEST_F(RegistryTest, ASnapshotIsTheSameUntilSomethingChanges) {
  Apply(SampleDefinitions());
  const CatalogueSnapshot first = Now();
  EXPECT_EQ(Now(), first);
  const std::unique_ptr<Registry> other = OpenIt();
  coeval::Run run;
  run.kind = "materialize";
  run.view = "weather";
  ASSERT_TRUE(other->StartRun(run).ok());
  EXPECT_EQ(Now(), first) << "a run is no change of the catalogue";
  ASSERT_TRUE(other->Apply(WithTtl(kHour), {}).ok());
  EXPECT_NE(Now(), first);
  EXPECT_EQ(first->views.at("weather").size(), 1U) << "a request keeps the one it has";
  EXPECT_EQ(Now()->views.at("weather").size(), 2U);
}

TEST_F(RegistryTest, HistorySaysWhoDidWhatWhen) {
  Apply(SampleDefinitions());
  clock_->Set(2'000'000);
  ASSERT_TRUE(
      registry_->Apply(WithTtl(kHour), {.complete = true, .promote = false, .who = "bob"}).ok());
  const std::vector<HistoryEntry> all = *registry_->History("weather", 10);
  ASSERT_EQ(all.size(), 4U);  // newest first: activate and new_version, activate and create
  EXPECT_EQ(all[1].action, "new_version");
  EXPECT_EQ(all[1].who, "bob");
  EXPECT_EQ(all[1].at, 2'000'000);
  EXPECT_EQ(all[1].version, 2);
  EXPECT_EQ(all[1].detail.Write(), R"({"differences":["ttl: 3h -> 1h"]})");
  EXPECT_EQ(all[3].action, "create");
  EXPECT_EQ(all[3].who, "ann");
  EXPECT_EQ((*registry_->History("weather", 1)).size(), 1U);
}

TEST_F(RegistryTest, LineageSaysWhatIsMadeFromWhat) {
  Apply(SampleDefinitions());
  const std::vector<LineageEdge> edges = *registry_->Lineage();
  EXPECT_THAT(edges,
              Contains(LineageEdge{"source", "weather_hourly", 0, "feature_view", "weather", 1}));
  EXPECT_THAT(edges, Contains(LineageEdge{"entity", "airport", 0, "feature_view", "weather", 1}));
  EXPECT_THAT(edges, Contains(LineageEdge{"feature_view", "planes", 1, "on_demand_feature_view",
                                          "trip_features", 1}));
  EXPECT_THAT(edges, Contains(LineageEdge{"on_demand_feature_view", "trip_features", 1,
                                          "feature_service", "departure_delay_v1", 1}));
  EXPECT_EQ(edges.size(), 10U);
}

// The weather is pushed, and its files are the history of what was.
Definitions PushedWeather(const std::function<void(Source*)>& change) {
  Definitions all = SampleDefinitions();
  Source push;
  push.name = "weather_push";
  push.kind = SourceKind::kPush;
  push.created = CreatedMeaning::kArrival;
  push.batch_source = "weather_hourly";
  change(&push);
  all.sources.push_back(push);
  all.feature_views[0].source = "weather_push";
  return all;
}

TEST_F(RegistryTest, AViewThatIsPushedToReadsTheBatchSource) {
  Apply(SampleDefinitions());
  const Plan plan = Apply(PushedWeather([](Source*) {}));
  EXPECT_EQ(ChangeOf(plan, "weather").version, 2);
  EXPECT_THAT(ChangeOf(plan, "weather").differences,
              Contains("source: weather_hourly -> weather_push"));
  for (int opened = 0; opened < 2; ++opened) {
    const ViewVersion version = **Now()->FindView("weather", -1);
    EXPECT_EQ(version.source.name, "weather_hourly");
    EXPECT_EQ(version.source.data_delay, kHour);
    EXPECT_FALSE(version.pushed_alone());
    ASSERT_TRUE(version.push.has_value());
    EXPECT_EQ(version.push->name, "weather_push");
    EXPECT_EQ(version.push->timestamp_field, "time_hour");
    EXPECT_EQ(version.push->created, CreatedMeaning::kArrival);
    EXPECT_EQ(version.push->effective_lateness(), 7 * kDay + kHour);
    ASSERT_EQ(Now()->VersionsFedBy("weather_push").size(), 1U);
    EXPECT_FALSE((*Now()->FindView("weather", 1))->push.has_value());
    registry_ = OpenIt();
  }
  const Plan again =
      *registry_->MakePlan(PushedWeather([](Source* push) { push->timestamp_field = "at"; }), {});
  EXPECT_THAT(ChangeOf(again, "weather").differences,
              ElementsAre("push.timestamp_field: time_hour -> at"));
  const Plan owner =
      *registry_->MakePlan(PushedWeather([](Source* push) { push->owner = "met"; }), {});
  EXPECT_EQ(ChangeOf(owner, "weather").change, ChangeKind::kUnchanged);
}

TEST_F(RegistryTest, AViewMayBeFedByPushesAlone) {
  const auto alone = [](Source* push) {
    push->batch_source.clear();
    push->timestamp_field = "at";
    push->schema = {{"airport", TypeId::kString, "", {}, {}}};
  };
  Apply(PushedWeather(alone));
  const ViewVersion version = **Now()->FindView("weather", 0);
  EXPECT_TRUE(version.pushed_alone());
  EXPECT_EQ(version.source.timestamp_field, "at");
  EXPECT_EQ(version.push->schema.size(), 1U);
  Apply(PushedWeather([&](Source* push) {
    alone(push);
    push->schema.push_back({"temp", TypeId::kFloat64, "", {}, {}});
  }));
  EXPECT_EQ(ActiveView("weather"), 1) << "what is pushed beside makes no version";
  EXPECT_EQ((**Now()->FindView("weather", 0)).push->schema.size(), 2U);
}

TEST_F(RegistryTest, OneOfSeveralSourcesMayBePushedTo) {
  Definitions all = PushedWeather([](Source*) {});
  Source other = all.sources[0];
  other.name = "weather_daily";
  all.sources.push_back(other);
  all.feature_views[0].source.clear();
  all.feature_views[0].sources = {"weather_daily", "weather_push"};
  Apply(all);
  const ViewVersion version = **Now()->FindView("weather", 0);
  EXPECT_EQ(version.source.name, "weather_daily + weather_hourly");
  EXPECT_EQ(version.sources.size(), 2U);
  EXPECT_EQ(version.push->name, "weather_push");
  EXPECT_EQ(ActiveView("weather"), 1);
}

// Rule 8.4, and what is made from what.
TEST_F(RegistryTest, APushSourceUsesItsBatchSource) {
  Apply(PushedWeather([](Source*) {}));
  const std::vector<LineageEdge> edges = *registry_->Lineage();
  EXPECT_THAT(edges,
              Contains(LineageEdge{"source", "weather_hourly", 0, "source", "weather_push", 0}));
  EXPECT_THAT(edges,
              Contains(LineageEdge{"source", "weather_push", 0, "feature_view", "weather", 1}));
  EXPECT_THAT(registry_->Delete(ObjectKind::kSource, "weather_push", "ann").status().message(),
              HasSubstr("used by feature view 'weather'"));
  EXPECT_THAT(registry_->Delete(ObjectKind::kSource, "weather_hourly", "ann").status().message(),
              HasSubstr("used by source 'weather_push'"));
  Apply(SampleDefinitions());
  EXPECT_THAT(
      *registry_->Lineage(),
      Not(Contains(LineageEdge{"source", "weather_hourly", 0, "source", "weather_push", 0})))
      << "it is gone";
}

TEST_F(RegistryTest, NamesAreFoundAcrossKinds) {
  Apply(SampleDefinitions());
  EXPECT_EQ(*registry_->FindVersioned("weather"), ObjectKind::kFeatureView);
  EXPECT_EQ(*registry_->FindVersioned("departure_delay_v1"), ObjectKind::kFeatureService);
  EXPECT_THAT(registry_->FindVersioned("trip_featurs").status().message(),
              HasSubstr("did you mean \"trip_features\"?"));
  Apply(Sample([](Definitions* all) { all->feature_services[0].name = "weather"; }));
  EXPECT_EQ(registry_->FindVersioned("weather").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace coeval
