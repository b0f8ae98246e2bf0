// Every example of the function table is true, and the committed page shows the table of today.
#include "aggregation/example.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "aggregation/documentation.h"

namespace coeval {
namespace {

TEST(AggregateExampleTest, EveryExampleGivesItsResult) {
  for (const AggregateInfo& info : AggregateFunctions()) {
    for (const AggregateExample& example : info.examples) {
      const Result<std::string> result = RunExample(example);
      ASSERT_TRUE(result.ok()) << example.call << ": " << result.status().ToString();
      EXPECT_EQ(*result, example.result) << example.call << " of " << example.events;
    }
  }
}

TEST(AggregateExampleTest, EveryFunctionIsDocumentedAndHasAnExample) {
  std::set<std::string_view> names;
  for (const AggregateInfo& info : AggregateFunctions()) {
    EXPECT_FALSE(info.meaning.empty()) << info.name;
    EXPECT_FALSE(info.result.empty()) << info.name;
    EXPECT_FALSE(info.examples.empty()) << info.name;
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    for (const std::string_view alias : info.aliases) {
      EXPECT_TRUE(names.insert(alias).second) << alias;
    }
    for (const ParameterInfo& parameter : info.parameters) {
      EXPECT_LE(parameter.least, parameter.greatest) << info.name;
      EXPECT_FALSE(parameter.meaning.empty()) << info.name;
    }
  }
}

TEST(AggregateExampleTest, ThePageIsCurrent) {
  const char* const root = std::getenv("COEVAL_SOURCE_DIR");
  const std::string path = std::string(root != nullptr ? root : ".") + "/docs/aggregations.md";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), AggregationDocumentation())
      << "run: ninja coeval_aggregation_docs && coeval_aggregation_docs > docs/aggregations.md";
}

}  // namespace
}  // namespace coeval
