#include "retrieval/feature_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "retrieval/testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<SharedFeaturePlan> Plan(std::vector<std::string> features, bool full = false) {
  FeatureRequest request;
  request.features = std::move(features);
  request.full_feature_names = full;
  return PlanFeatures(MakeTestCatalogue(), std::move(request));
}

std::vector<std::string> Names(const FeaturePlan& plan) {
  std::vector<std::string> names;
  for (const PlannedOutput& output : plan.outputs) names.push_back(output.name);
  return names;
}

// Rule 7.3: the answer keeps the request's order, duplicates included; one look-up serves them all.
TEST(FeaturePlanTest, KeepsTheOrderAskedForAndReadsEachViewOnce) {
  const auto plan = Plan({"weather:gust", "planes:built", "weather:temp", "weather:gust"});
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  EXPECT_THAT(Names(**plan), ElementsAre("gust", "built", "temp", "gust"));
  ASSERT_EQ((*plan)->views.size(), 2U);
  EXPECT_THAT((*plan)->views[0].features, ElementsAre(0U, 1U));
  EXPECT_EQ((*plan)->outputs[0].position, 1U);
  EXPECT_EQ((*plan)->outputs[2].position, 0U);
}

TEST(FeaturePlanTest, ExpandsAllFeaturesOfAView) {
  const auto plan = Plan({"weather:*"});
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(Names(**plan), ElementsAre("temp", "gust"));
}

TEST(FeaturePlanTest, FindsVersionsByNumberLabelAndLatest) {
  for (const char* reference : {"weather@v2:dewp", "weather__v1.2:dewp", "weather@latest:dewp"}) {
    const auto plan = Plan({reference});
    ASSERT_TRUE(plan.ok()) << plan.status().ToString();
    EXPECT_EQ((*plan)->views[0].version->version, 2);
  }
  EXPECT_EQ(Plan({"weather:dewp"}).status().code(), StatusCode::kNotFound);
}

TEST(FeaturePlanTest, GivesFullNames) {
  const auto plan = Plan({"weather:temp", "planes:temp"}, true);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(Names(**plan), ElementsAre("weather__temp", "planes__temp"));
}

TEST(FeaturePlanTest, RefusesTwoFeaturesOfOneName) {
  const auto plan = Plan({"weather:temp", "planes:temp"});
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.status().message(), HasSubstr("full_feature_names"));
}

TEST(FeaturePlanTest, SuggestsTheNearestName) {
  EXPECT_THAT(Plan({"wether:temp"}).status().message(), HasSubstr("weather"));
  EXPECT_THAT(Plan({"weather:tmp"}).status().message(), HasSubstr("did you mean \"temp\"?"));
  EXPECT_THAT(Plan({}).status().message(), HasSubstr("no features"));
}

// Rule 4.4: the service's key map reaches the stored sources of its on-demand view.
TEST(FeaturePlanTest, MapsKeysThroughAService) {
  FeatureRequest request;
  request.service = "delays";
  const auto plan = PlanFeatures(MakeTestCatalogue(), request);
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  EXPECT_THAT(Names(**plan), ElementsAre("age", "warm", "gust"));
  EXPECT_EQ((*plan)->service_reference, "delays@v2");
  ASSERT_EQ((*plan)->views.size(), 2U);  // weather by origin is shared by both
  std::vector<std::string> columns;
  for (const PlannedColumn& column : (*plan)->request_columns) columns.push_back(column.name);
  EXPECT_THAT(columns, ElementsAre("tailnum", "origin", "scheduled"));
}

// Only what the asked feature's expression reads is looked up.
TEST(FeaturePlanTest, PlansOnlyTheInputsThatAreUsed) {
  const auto plan = Plan({"flight:warm"});
  ASSERT_TRUE(plan.ok()) << plan.status().ToString();
  ASSERT_EQ((*plan)->views.size(), 1U);
  EXPECT_EQ((*plan)->views[0].version->view.name, "weather");
  EXPECT_EQ((*plan)->request_columns.size(), 1U);
}

TEST(FeaturePlanTest, ChecksNamesAgainstTheSpine) {
  const auto plan = Plan({"weather:temp"});
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(CheckOutputNames(**plan, {"airport", "event_timestamp"}).ok());
  EXPECT_THAT(CheckOutputNames(**plan, {"airport", "Temp"}).message(), HasSubstr("'temp'"));
  EXPECT_FALSE(CheckOutputNames(**plan, {"airport", "AIRPORT"}).ok());
}

}  // namespace
}  // namespace coeval
