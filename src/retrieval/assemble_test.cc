#include "retrieval/assemble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "retrieval/testing.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <typename... V>
Column MakeColumn(DataType type, V... values) {
  ColumnBuilder builder(std::move(type));
  for (const Value& value : {Value(values)...}) EXPECT_TRUE(builder.Append(value).ok());
  return builder.Finish();
}

SharedFeaturePlan Plan(std::vector<std::string> features) {
  FeatureRequest request;
  request.features = std::move(features);
  auto plan = PlanFeatures(MakeTestCatalogue(), request);
  EXPECT_TRUE(plan.ok()) << plan.status().ToString();
  return *plan;
}

constexpr TimeMicros kNoon = 1'357'041'600'000'000;  // 2013-01-01T12:00:00Z

// Rules 7.2 and 7.6: the default stands in place of null, the status tells that it does.
TEST(AssembleTest, GivesStatusesTimesAndDefaults) {
  const auto plan = Plan({"weather:gust"});
  const ViewAnswers answers{
      {MakeColumn(TypeId::kFloat64, Value::Double(5), Value(), Value(), Value())},
      {Match::kFound, Match::kFound, Match::kOutsideMaxAge, Match::kNotFound},
      {10, 20, 30, 40}};
  const std::vector<Column> keys{
      MakeColumn(TypeId::kString, Value::String("JFK"), Value(), Value(), Value())};
  const auto table = AssembleFeatures(*plan, {&answers, 1}, keys, 4, {&kNoon, 1});
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(table->columns[0].values<double>(), ElementsAre(5, -1, -1, -1));
  EXPECT_THAT(table->statuses[0],
              ElementsAre(FeatureStatus::kPresent, FeatureStatus::kNullValue,
                          FeatureStatus::kOutsideMaxAge, FeatureStatus::kNotFound));
  EXPECT_THAT(table->times[0], ElementsAre(10, 20, 30, kMinTime));
}

// An aggregate has a time of its own, and INVALID stays null in spite of a default (6.2, 7.6).
TEST(AssembleTest, TakesTimesAndErrorsOfEachAggregate) {
  const auto plan = Plan({"weather:gust"});
  const ViewAnswers answers{
      .features = {MakeColumn(TypeId::kFloat64, Value::Double(5), Value(), Value())},
      .match = {Match::kFound, Match::kFound, Match::kFound},
      .event_time = {1, 2, 3},
      .feature_times = {{10, kMinTime, 30}},
      .invalid = {{0, 0, 1}}};
  const std::vector<Column> keys{
      MakeColumn(TypeId::kString, Value::String("JFK"), Value(), Value())};
  const auto table = AssembleFeatures(*plan, {&answers, 1}, keys, 3, {&kNoon, 1});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->columns[0].values<double>()[1], -1);
  EXPECT_TRUE(table->columns[0].IsNull(2));
  EXPECT_THAT(table->statuses[0], ElementsAre(FeatureStatus::kPresent, FeatureStatus::kNullValue,
                                              FeatureStatus::kInvalid));
  EXPECT_THAT(table->times[0], ElementsAre(10, kMinTime, 30));
  EXPECT_EQ(table->invalid_count, 1);
  ASSERT_EQ(table->first_errors.size(), 1U);
  EXPECT_THAT(table->first_errors[0], HasSubstr("weather:gust, row 2"));
}

// An on-demand feature's time is the greatest of its inputs', its status tells of null and error.
TEST(AssembleTest, ComputesOnDemandFeatures) {
  const auto plan = Plan({"flight:age", "flight:warm"});
  ASSERT_EQ(plan->views.size(), 2U);
  const ViewAnswers planes{{MakeColumn(TypeId::kInt32, Value::Int(2003), Value())},
                           {Match::kFound, Match::kFound},
                           {7, 8}};
  const ViewAnswers weather{{MakeColumn(TypeId::kFloat64, Value::Double(71), Value::Double(60))},
                            {Match::kFound, Match::kFound},
                            {90, kMinTime}};
  const std::vector<ViewAnswers> answers{planes, weather};
  std::vector<Column> request(3);
  request[plan->RequestColumn("tailnum")] =
      MakeColumn(TypeId::kString, Value::String("N1"), Value::String("N2"));
  request[plan->RequestColumn("airport")] =
      MakeColumn(TypeId::kString, Value::String("JFK"), Value::String("LGA"));
  request[plan->RequestColumn("scheduled")] =
      MakeColumn(TypeId::kTimestamp, Value::Int(kNoon), Value::Int(kNoon));
  const auto table = AssembleFeatures(*plan, answers, request, 2, {&kNoon, 1});
  ASSERT_TRUE(table.ok()) << table.status().ToString();
  EXPECT_EQ(table->columns[0].values<std::int64_t>()[0], 10);
  EXPECT_TRUE(table->columns[0].IsNull(1));
  EXPECT_THAT(table->statuses[0], ElementsAre(FeatureStatus::kPresent, FeatureStatus::kNullValue));
  EXPECT_THAT(table->times[0], ElementsAre(7, 8));
  EXPECT_THAT(table->columns[1].values<std::uint8_t>(), ElementsAre(1, 0));
  EXPECT_THAT(table->times[1], ElementsAre(90, kMinTime));
}

}  // namespace
}  // namespace coeval
