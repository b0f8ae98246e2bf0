// Every example of the function table is true, and the committed page shows the table of today.
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expression/documentation.h"
#include "expression/functions.h"
#include "expression/testing.h"

namespace coeval {
namespace {

TEST(ExampleTest, EveryExampleGivesItsResult) {
  const Batch inputs = ExampleInputs();
  for (const Function& function : Functions()) {
    for (const Example& example : function.examples) {
      const std::string answer = Ask(example.expression, inputs);
      if (example.result == "error") {
        EXPECT_THAT(answer, testing::StartsWith("invalid: ")) << example.expression;
      } else {
        // Without the type, which the page does not show ("decimal(25, 22) 0.33").
        const std::string value =
            answer.substr(answer.find(") ") != std::string::npos && answer.starts_with("decimal")
                              ? answer.find(") ") + 2
                              : answer.find(' ') + 1);
        EXPECT_EQ(value, example.result) << example.expression << " gives " << answer;
      }
    }
  }
}

TEST(ExampleTest, EveryFunctionIsDocumentedAndHasAnExample) {
  std::set<std::string_view> names;
  for (const Function& function : Functions()) {
    EXPECT_FALSE(function.usage.empty()) << function.name;
    EXPECT_FALSE(function.meaning.empty()) << function.name;
    EXPECT_FALSE(function.examples.empty()) << function.name;
    EXPECT_TRUE(names.insert(function.name).second) << function.name;
    for (const std::string_view alias : function.aliases) {
      EXPECT_TRUE(names.insert(alias).second) << alias;
    }
  }
}

TEST(ExampleTest, ThePageIsCurrent) {
  const char* const root = std::getenv("COEVAL_SOURCE_DIR");
  const std::string path = std::string(root != nullptr ? root : ".") + "/docs/expressions.md";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), ExpressionDocumentation())
      << "run: ninja coeval_expression_docs && coeval_expression_docs > docs/expressions.md";
}

}  // namespace
}  // namespace coeval
