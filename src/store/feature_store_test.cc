#include "store/feature_store.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "io/files.h"
#include "source/testing.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Show;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::coeval::testing::WriteFile;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kDefinitions = R"(entities:
  - name: airport
    join_keys: [{name: airport, type: string}]
sources:
  - {name: weather_file, path: "{data}/weather.parquet", timestamp_field: at}
  - {name: flight, kind: request, schema: [{name: limit, type: float64}]}
feature_views:
  - name: weather
    entities: [airport]
    source: weather_file
    ttl: 3h
    schema: [{name: temp, type: float64}, {name: reports, type: int64}]
on_demand_feature_views:
  - name: judged
    sources: [weather]
    request_sources: [flight]
    schema: [{name: over, type: float64}]
    expressions: {over: temp - limit}
feature_services:
  - {name: model, features: [weather, judged]}
)";

// A repository of one file of weather, its clock at noon.
class FeatureStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    (void)folder_.Text("coeval.yaml", "project: tests\nlocations: {data: data}\n");
    Declare(kDefinitions);
    Table weather;
    weather.Strings("airport", {"JFK", "JFK", "LGA", "JFK"});
    weather.Times("at", {At("2024-05-01T08:00:00Z"), At("2024-05-01T11:00:00Z"),
                         At("2024-05-01T08:00:00Z"), At("2024-05-01T12:30:00Z")});
    weather.Doubles("temp", {1.5, 2.5, 9, 7});
    weather.Ints("reports", {1, 2, 3, 4});
    (void)folder_.Text("data/keep", "");
    ASSERT_TRUE(WriteFile(weather, folder_.File("data/weather.parquet")).ok());
  }

  void Declare(const std::string& text) const { (void)folder_.Text("definitions.yaml", text); }

  Result<std::unique_ptr<FeatureStore>> Open() {
    StoreOptions options;
    options.repository = folder_.path();
    options.clock = clock_;
    return FeatureStore::Open(std::move(options));
  }

  // Applied and carried.
  std::unique_ptr<FeatureStore> Filled() {
    auto store = Open();
    EXPECT_TRUE(store.ok()) << store.status().message();
    const auto applied = (*store)->Apply(nullptr, {});
    EXPECT_TRUE(applied.ok()) << applied.status().message();
    const auto carried = (*store)->MaterializeIncremental(At("2024-05-01T12:00:00Z"), {});
    EXPECT_TRUE(carried.ok()) << carried.status().message();
    return std::move(*store);
  }

  static FeatureRequest Model() {
    FeatureRequest request;
    request.service = "model";
    return request;
  }

  // The model's features of airports, all judged by a limit of 1.
  static Result<OnlineAnswer> Ask(FeatureStore* store, const testing::Cells<std::string>& airports,
                                  std::optional<TimeMicros> at = std::nullopt) {
    COEVAL_ASSIGN_OR_RETURN(const SharedFeaturePlan plan, store->PlanRequest(Model()));
    Table rows;
    rows.Strings("airport", airports);
    rows.Doubles("limit", testing::Cells<double>(airports.size(), 1.0));
    return store->ReadOnline(plan, rows.batch().columns, rows.batch().num_rows, at);
  }

  // "temp: 2.5 null; reports: ..." of an answer, or the error.
  static std::string Values(const Result<OnlineAnswer>& answer) {
    if (!answer.ok()) return answer.status().ToString();
    std::string text;
    for (std::size_t i = 0; i < answer->plan->outputs.size(); ++i) {
      text += (i == 0 ? "" : "; ") + answer->plan->outputs[i].name + ": " +
              Show(answer->table.columns[i]);
    }
    return text;
  }

  static Result<TrainingSet> Train(FeatureStore* store, const testing::Cells<TimeMicros>& times) {
    Table spine;
    spine.Times("event_timestamp", times);
    spine.Strings("airport", testing::Cells<std::string>(times.size(), "JFK"));
    spine.Doubles("limit", testing::Cells<double>(times.size(), 1.0));
    ArrowArrayStream stream = spine.Stream();
    COEVAL_ASSIGN_OR_RETURN(ArrowTable table, ArrowTable::Read(&stream));
    return store->GetHistoricalFeatures(Model(), std::move(table), {});
  }

  TemporaryFolder folder_;
  std::shared_ptr<FixedClock> clock_ = std::make_shared<FixedClock>(At("2024-05-01T12:00:00Z"));
};

TEST_F(FeatureStoreTest, WithoutARepositoryItSaysHowToMakeOne) {
  StoreOptions options;
  options.repository = folder_.File("data");
  const auto store = FeatureStore::Open(std::move(options));
  EXPECT_EQ(store.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(store.status().message(), HasSubstr("coeval.yaml"));
}

TEST_F(FeatureStoreTest, PlanTellsWhatApplyDoes) {
  const auto store = *Open();
  const auto plan = store->PlanChanges(nullptr, {});
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  EXPECT_FALSE(plan->empty);
  EXPECT_THAT(plan->text, HasSubstr("feature view 'weather'"));
  EXPECT_TRUE((*store->Snapshot())->views.empty()) << "a plan changes nothing";
  const auto applied = store->Apply(nullptr, {});
  ASSERT_TRUE(applied.ok());
  EXPECT_EQ((*store->Snapshot())->views.size(), 1U);
  EXPECT_TRUE(store->PlanChanges(nullptr, {})->empty);
}

TEST_F(FeatureStoreTest, DefinitionsThatDoNotCheckChangeNothing) {
  const auto store = Filled();
  std::string wrong = kDefinitions;
  wrong.replace(wrong.find("temp - limit"), 12, "tmp - limit");
  Declare(wrong);
  const auto applied = store->Apply(nullptr, {});
  EXPECT_EQ(applied.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(applied.status().message(), HasSubstr("definitions.yaml:"));
  EXPECT_THAT(applied.status().message(), HasSubstr("judged"));
  EXPECT_EQ(Values(Ask(store.get(), {"JFK"})), "temp: 2.5; reports: 2; over: 1.5");
}

// The promise: what is served now is what a training set has for now.
TEST_F(FeatureStoreTest, TrainingAndServingGiveTheSame) {
  const auto store = Filled();
  EXPECT_EQ(Values(Ask(store.get(), {"JFK", "LGA", "EWR", std::nullopt})),
            "temp: 2.5 null null null; reports: 2 null null null; over: 1.5 null null null")
      << "LGA's fact is older than its ttl";
  const auto set = Train(store.get(), {At("2024-05-01T12:00:00Z"), At("2024-05-01T10:59:59Z"),
                                       At("2024-05-01T13:00:00Z")});
  ASSERT_TRUE(set.ok()) << set.status().message();
  EXPECT_EQ(Show(set->features->Whole(0).value()), "2.5 1.5 7.0");
  EXPECT_EQ(Show(set->features->Whole(2).value()), "1.5 0.5 6.0");
  const auto sets = store->TrainingSets(10);
  ASSERT_EQ(sets->array().size(), 1U);
  EXPECT_EQ(sets->array()[0].GetString("content_hash"), set->manifest.GetString("content_hash"));
}

TEST_F(FeatureStoreTest, TimesBeforeTheHorizonAreAskedOfTheSources) {
  const auto store = Filled();
  const auto early = Ask(store.get(), {"JFK"}, At("2024-05-01T09:00:00Z"));
  EXPECT_EQ(Values(early), "temp: 1.5; reports: 1; over: 0.5");
  EXPECT_TRUE(early->from_offline);
  const auto now = Ask(store.get(), {"JFK"});
  EXPECT_FALSE(now->from_offline);
  EXPECT_THAT(Values(Ask(store.get(), {"JFK"}, At("2024-05-01T12:00:01Z"))),
              HasSubstr("after now"));
}

TEST_F(FeatureStoreTest, AStoreNeverFilledAsksTheSourcesForATime) {
  const auto store = Open();
  ASSERT_TRUE(store.ok()) << store.status().message();
  ASSERT_TRUE((*store)->Apply(nullptr, {}).ok());
  const auto early = Ask(store->get(), {"JFK"}, At("2024-05-01T09:00:00Z"));
  EXPECT_EQ(Values(early), "temp: 1.5; reports: 1; over: 0.5");
  EXPECT_TRUE(early->from_offline);
  EXPECT_EQ(Values(Ask(store->get(), {"JFK"})), "temp: null; reports: null; over: null")
      << "what is served now is what the store holds";
}

// Rule 8.5: what was filled goes on to be served until its successor has as much.
TEST_F(FeatureStoreTest, AnApplyPutsNoEmptyVersionInAFilledOnesPlace) {
  const auto store = Filled();
  std::string changed = kDefinitions;
  const std::string before = "name: reports, type: int64";
  changed.replace(changed.find(before), before.size(), "name: reports, type: float64");
  Declare(changed);
  ASSERT_TRUE(store->Apply(nullptr, {}).ok());
  EXPECT_EQ(store->Snapshot().value()->FindView("weather", 0).value()->version, 1);
  ASSERT_TRUE(store->MaterializeIncremental(At("2024-05-01T12:00:00Z"), {}).ok());
  EXPECT_EQ(store->Snapshot().value()->FindView("weather", 0).value()->version, 2);
}

TEST_F(FeatureStoreTest, PromoteNamesTheViewsWhoseDataLieBehind) {
  const auto store = Filled();
  std::string changed = kDefinitions;
  const std::string before = "name: reports, type: int64";
  changed.replace(changed.find(before), before.size(), "name: reports, type: float64");
  Declare(changed);
  ASSERT_TRUE(store->Apply(nullptr, {}).ok());
  const std::string none = "weather@v2 holds no data in the online store yet, weather@v1 up to ";
  const auto view = store->Promote("weather@v2");
  ASSERT_TRUE(view.ok()) << view.status().message();
  EXPECT_THAT(view->text, HasSubstr("version 2 is active now\nnote: " + none));
  const auto service = store->Promote("model");
  ASSERT_TRUE(service.ok()) << service.status().message();
  EXPECT_THAT(service->text, HasSubstr("note: " + none)) << "its pins";
  const auto back = store->Rollback("weather");
  ASSERT_TRUE(back.ok()) << back.status().message();
  EXPECT_THAT(back->text, Not(HasSubstr("note: ")));
  ASSERT_TRUE(store->MaterializeIncremental(At("2024-05-01T12:00:00Z"), {}).ok());
  EXPECT_THAT(store->Promote("weather@v2")->text, Not(HasSubstr("note: ")));
}

TEST_F(FeatureStoreTest, FactsOfTheFutureComeWithTime) {
  const auto store = Filled();
  clock_->Set(At("2024-05-01T13:00:00Z"));
  const auto carried = store->MaterializeIncremental(At("2024-05-01T13:00:00Z"), {});
  ASSERT_TRUE(carried.ok()) << carried.status().message();
  ASSERT_EQ(carried->size(), 1U);
  EXPECT_EQ(carried->front().view, "weather@v1");
  EXPECT_EQ(carried->front().watermark, At("2024-05-01T13:00:00Z"));
  EXPECT_EQ(Values(Ask(store.get(), {"JFK"})), "temp: 7.0; reports: 4; over: 6.0");
  const auto runs = store->Runs(10);
  ASSERT_EQ(runs->array().size(), 2U);
  EXPECT_EQ(runs->array()[0].GetString("status"), "succeeded");
}

TEST_F(FeatureStoreTest, ANewExpressionServesWhenPromotedAndGoesBack) {
  const auto store = Filled();
  EXPECT_EQ(Values(Ask(store.get(), {"JFK"})), "temp: 2.5; reports: 2; over: 1.5");
  std::string changed = kDefinitions;
  changed.replace(changed.find("temp - limit"), 12, "temp + limit");
  changed.replace(changed.find("[weather, judged]"), 17, "[judged]");
  Declare(changed);
  ASSERT_TRUE(store->Apply(nullptr, {}).ok());
  EXPECT_EQ(Values(Ask(store.get(), {"JFK"})), "temp: 2.5; reports: 2; over: 1.5");
  ASSERT_TRUE(store->Promote("model").ok());
  EXPECT_EQ(Values(Ask(store.get(), {"JFK"})), "over: 3.5");
  ASSERT_TRUE(store->Rollback("model").ok());
  EXPECT_EQ(Values(Ask(store.get(), {"JFK"})), "temp: 2.5; reports: 2; over: 1.5");
  EXPECT_THAT(store->Promote("modle").status().message(), HasSubstr("did you mean \"model\"?"));
}

// Decision 7: one owner of the online store, any number of readers of the registry.
TEST_F(FeatureStoreTest, TwoStoresShareTheRegistryAndNotTheOnlineStore) {
  auto first = Filled();
  const auto second = *Open();
  EXPECT_EQ(second->List("features")->array().size(), 3U);
  const auto refused = Ask(second.get(), {"JFK"});
  EXPECT_EQ(refused.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(refused.status().message(), HasSubstr("one owner"));
  EXPECT_EQ(second->OpenOnlineStore().code(), StatusCode::kUnavailable);
  EXPECT_FALSE(second->Ready().GetBool("ready"));
  EXPECT_TRUE(Train(second.get(), {At("2024-05-01T12:00:00Z")}).ok()) << "it needs the files only";
  first.reset();
  EXPECT_EQ(Values(Ask(second.get(), {"JFK"})), "temp: 2.5; reports: 2; over: 1.5");
}

TEST_F(FeatureStoreTest, WhatOneStoreAppliesTheOtherServes) {
  const auto first = Filled();
  const auto second = *Open();
  ASSERT_TRUE(first->PlanRequest(Model()).ok());
  ASSERT_TRUE(second->Delete("model").ok());
  EXPECT_EQ(first->PlanRequest(Model()).status().code(), StatusCode::kNotFound);
  EXPECT_THAT(second->Delete("weather").status().message(), HasSubstr("judged"));
  EXPECT_EQ(second->History(10)->array().empty(), false);
}

TEST_F(FeatureStoreTest, DescribesAnObjectAndItsNeighbours) {
  const auto store = Filled();
  const auto record = store->Describe("weather");
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->GetString("ttl"), "3h");
  EXPECT_EQ(record->GetString("watermark"), "2024-05-01T12:00:00Z");
  const std::string text = record->Write();
  EXPECT_THAT(text, HasSubstr("weather_file"));
  EXPECT_THAT(text, HasSubstr("feature_service model"));
  EXPECT_THAT(store->Describe("wether").status().message(), HasSubstr("did you mean \"weather\"?"));
}

TEST_F(FeatureStoreTest, HealthSaysWhatIsWrong) {
  const auto store = Filled();
  const auto wrong = [&store] {
    std::vector<std::string> checks;
    const Json report = store->Doctor();
    for (const Json& check : report.array()) {
      if (!check.GetBool("ok")) checks.push_back(check.GetString("check"));
    }
    return checks;
  };
  EXPECT_THAT(wrong(), IsEmpty());
  EXPECT_TRUE(store->Ready().GetBool("ready"));
  ASSERT_TRUE(RemoveTree(folder_.File("data")).ok());
  EXPECT_THAT(wrong(), ElementsAre("source weather_file"));
  EXPECT_TRUE(store->Ready().GetBool("ready")) << "what was carried is served all the same";
}

// A secret is what a variable or a file brought.
TEST_F(FeatureStoreTest, SecretsStayOutOfErrorsRunsAndLogs) {
  (void)folder_.Text("place", folder_.File("canary"));
  (void)folder_.Text("coeval.yaml", "project: tests\nlocations: {data: {file: place}}\n");
  const auto store = *Open();
  ASSERT_TRUE(store->Apply(nullptr, {}).ok()) << "schemas are declared: no file is needed yet";
  const auto carried = store->MaterializeIncremental(At("2024-05-01T12:00:00Z"), {});
  EXPECT_THAT(carried.status().message(), HasSubstr("weather.parquet"));
  EXPECT_THAT(carried.status().message(), Not(HasSubstr("canary")));
  const auto trained = Train(store.get(), {At("2024-05-01T12:00:00Z")});
  EXPECT_THAT(trained.status().message(), Not(HasSubstr("canary")));
  EXPECT_THAT(store->Runs(5)->Write(), Not(HasSubstr("canary")));
  EXPECT_THAT(store->Runs(5)->Write(), HasSubstr("weather.parquet"));
  EXPECT_THAT(store->Doctor().Write(), Not(HasSubstr("canary")));
}

}  // namespace
}  // namespace coeval
