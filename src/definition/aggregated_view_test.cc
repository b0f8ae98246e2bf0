#include "definition/aggregated_view.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "definition/definitions.h"
#include "definition/identity.h"
#include "definition/object_json.h"

namespace coeval {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kAggregations = R"([
  {"name": "spend", "function": "sum", "columns": ["amount"], "time_window": "7d",
   "where": "kind = 'food'"},
  {"name": "n", "function": "count"}])";

Json Document(const std::string& aggregations, const std::string& more = "") {
  const std::string text = R"({
    "entities": [{"name": "user", "join_keys": [{"name": "user", "type": "int64"}]}],
    "sources": [{"name": "payments", "path": "p.parquet", "timestamp_field": "at",
                 "event_id_field": "id"}],
    "feature_views": [{"name": "spending", "entities": ["user"], "source": "payments",
      "inputs": [{"name": "amount", "type": "int64"}, {"name": "id", "type": "string"},
                 {"name": "kind", "type": "string"}],
      "aggregations": )" + aggregations +
                           more + "}]}";
  Result<Json> json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << json.status().message();
  return json.ok() ? *std::move(json) : Json();
}

Definitions Read(const Json& document) {
  std::vector<DefinitionError> errors;
  Definitions definitions = ReadDefinitions(document, &errors);
  EXPECT_THAT(errors, IsEmpty());
  return definitions;
}

std::vector<std::string> Mistakes(const std::string& aggregations, const std::string& more = "") {
  std::vector<std::string> texts;
  for (const DefinitionError& error : CheckDefinitions(Read(Document(aggregations, more)))) {
    texts.push_back(error.field + ": " + error.message);
  }
  return texts;
}

TEST(AggregatedViewTest, FeaturesFollowFromFunctionsAndExpressions) {
  const Definitions all = Read(Document(kAggregations, R"(, "expressions": {"big": "spend > n"})"));
  EXPECT_THAT(CheckDefinitions(all), IsEmpty());
  const auto view = ResolveAggregatedView(all.feature_views[0], all.sources[0]);
  ASSERT_TRUE(view.ok()) << view.status().message();
  std::vector<std::string> features;
  for (const Field& field : view->schema) {
    features.push_back(field.name + " " + field.type.ToString());
  }
  EXPECT_THAT(features, ElementsAre("spend int64", "n int64", "big bool"));
  EXPECT_THAT(view->tie_columns, ElementsAre(0, 2)) << "amount and kind, by name";
  EXPECT_EQ(view->id_column, 1U);
}

TEST(AggregatedViewTest, TheDocumentComesBack) {
  const std::string everything = R"([{"name": "q", "function": "quantile", "columns": ["amount"],
    "time_window": 604800000000, "slide_interval": 86400000000, "offset": 3600000000,
    "closed": "both", "zone": "Europe/Berlin", "rows": 5, "where": "amount > 0", "by": "kind",
    "params": {"q": 0.9}}])";
  const FeatureView view = Read(Document(everything)).feature_views[0];
  const Result<Json> expected = ParseJson(everything);
  EXPECT_EQ(WriteObject(view.aggregations[0]).Write(true), expected->array()[0].Write(true));
}

TEST(AggregatedViewTest, AllMistakesAreTold) {
  EXPECT_THAT(Mistakes(R"json([{"name": "a", "function": "summ", "columns": ["amount"]},
                   {"name": "b", "function": "sum", "columns": ["amuont"]},
                   {"name": "c", "function": "sum", "columns": ["kind"]},
                   {"name": "d", "function": "count", "time_window": "-1h"},
                   {"name": "e", "function": "count", "where": "amount +"},
                   {"name": "f", "function": "count", "where": "amount > now()"},
                   {"name": "g", "function": "count", "time_window": "1d", "zone": "Mars",
                    "slide_interval": "1d"},
                   {"name": "h", "function": "first_n", "columns": ["amount"], "params": {"m": 1}},
                   {"name": "h", "function": "count"}])json",
                       R"(, "ttl": "1d")"),
              ElementsAre(HasSubstr("ttl: "), AllOf(HasSubstr("a.function"), HasSubstr("\"sum\"")),
                          AllOf(HasSubstr("b.columns"), HasSubstr("\"amount\"")),
                          HasSubstr("aggregations.c"), HasSubstr("aggregations.d"),
                          HasSubstr("e.where"), AllOf(HasSubstr("f.where"), HasSubstr("now()")),
                          AllOf(HasSubstr("aggregations.g"), HasSubstr("Mars")),
                          HasSubstr("aggregations.h"),
                          AllOf(HasSubstr("aggregations.h"), HasSubstr("two aggregations"))));
}

TEST(AggregatedViewTest, ASchemaThatSaysOtherwiseIsAMistake) {
  EXPECT_THAT(Mistakes(kAggregations, R"(, "schema": [{"name": "n", "type": "float64"},
                                                      {"name": "m", "type": "int64"}])"),
              ElementsAre(AllOf(HasSubstr("schema.n"), HasSubstr("int64"))));
  EXPECT_THAT(Mistakes(kAggregations, R"(, "schema": [{"name": "m", "type": "int64"}])"),
              ElementsAre(AllOf(HasSubstr("schema.m"), HasSubstr("did you mean"))));
  const Definitions all = Read(
      Document(kAggregations, R"(, "schema": [{"name": "n", "type": "int64", "default": 7}])"));
  EXPECT_TRUE(ResolveAggregatedView(all.feature_views[0], all.sources[0])->schema[1].default_value);
}

TEST(AggregatedViewTest, ExpressionsNeedAggregations) {
  EXPECT_THAT(Mistakes("[]", R"(, "expressions": {"a": "1"})"),
              ElementsAre(HasSubstr("on-demand view")));
}

// Spelling changes no version; what is computed does.
TEST(AggregatedViewTest, TheIdentityIsOfWhatIsComputed) {
  const auto identity = [](const std::string& aggregations, const std::string& more = "") {
    const Definitions all = Read(Document(aggregations, more));
    return IdentityOf(LogicalContent(all.feature_views[0], all));
  };
  const std::string base = identity(kAggregations);
  std::string spelled = kAggregations;
  spelled.replace(spelled.find("kind = 'food'"), 13, "kind='food'");
  EXPECT_EQ(identity(spelled), base);
  std::string longer = kAggregations;
  longer.replace(longer.find("7d"), 2, "8d");
  EXPECT_NE(identity(longer), base);
  EXPECT_NE(identity(kAggregations, R"(, "expressions": {"big": "spend > n"})"), base);
}

TEST(AggregatedViewTest, InputsAreTheColumnsThatAreRead) {
  const Definitions all = Read(Document(kAggregations));
  const std::vector<Field> columns = {{"kind", TypeId::kString, "", {}, {}},
                                      {"more", TypeId::kInt64, "", {}, {}},
                                      {"id", TypeId::kString, "", {}, {}},
                                      {"amount", TypeId::kInt64, "", {}, {}}};
  const auto inputs = InputsOf(all.feature_views[0], all.sources[0], columns);
  ASSERT_TRUE(inputs.ok()) << inputs.status().message();
  std::vector<std::string> names;
  for (const Field& field : *inputs) names.push_back(field.name);
  EXPECT_THAT(names, ElementsAre("amount", "id", "kind"));
  const auto missing = InputsOf(all.feature_views[0], all.sources[0], {columns[1], columns[2]});
  EXPECT_EQ(missing.status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace coeval
