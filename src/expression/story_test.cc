// Asks every line of tests/expressions/*.txt.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "expression/functions.h"
#include "expression/literal.h"
#include "expression/testing.h"

namespace coeval {
namespace {

namespace fs = std::filesystem;

fs::path StoryFolder() {
  const char* const root = std::getenv("COEVAL_SOURCE_DIR");
  return fs::path(root != nullptr ? root : ".") / "tests" / "expressions";
}

struct Story {
  std::string where, expression, inputs, answer;
};

std::vector<Story> ReadStories(const fs::path& path) {
  std::vector<Story> stories;
  std::ifstream file(path);
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (TrimSpace(line).empty() || line[0] == '#') continue;
    const std::string where = path.filename().string() + ":" + std::to_string(number);
    // From the right: an expression may hold " | " no more than the other two.
    const std::size_t second = line.rfind(" | ");
    const std::size_t first = line.rfind(" |", second - 1);
    if (second == std::string::npos || first == std::string::npos) {
      ADD_FAILURE() << where << ": a story is expression | inputs | answer";
      continue;
    }
    stories.push_back({where, std::string(TrimSpace(line.substr(0, first))),
                       std::string(TrimSpace(line.substr(first + 2, second - first - 2))),
                       std::string(TrimSpace(line.substr(second + 3)))});
  }
  return stories;
}

class StoryTest : public testing::TestWithParam<std::string> {};

TEST_P(StoryTest, EveryLineHolds) {
  const std::vector<Story> stories = ReadStories(StoryFolder() / (GetParam() + ".txt"));
  ASSERT_FALSE(stories.empty());
  for (const Story& story : stories) {
    const std::string answer = Ask(story.expression, story.inputs);
    const std::size_t colon = story.answer.find(": ");
    const bool partly =
        story.answer.starts_with("error: ") || story.answer.starts_with("invalid: ");
    const bool holds = partly ? answer.starts_with(story.answer.substr(0, colon + 2)) &&
                                    answer.find(story.answer.substr(colon + 2)) != std::string::npos
                              : answer == story.answer;
    EXPECT_TRUE(holds) << story.where << ": " << story.expression << "\n  expected " << story.answer
                       << "\n  found    " << answer;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, StoryTest,
                         testing::Values("arithmetic", "cast", "comparison", "hash", "json",
                                         "logic", "math", "mistakes", "nested", "text", "time"),
                         [](const auto& parameter) { return parameter.param; });

TEST(StoryTest, EveryFileIsAsked) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(StoryFolder())) {
    files += entry.path().extension() == ".txt" ? 1 : 0;
  }
  EXPECT_EQ(files, 11);
}

// A function that no story calls is not tested.
TEST(StoryTest, EveryFunctionHasAStory) {
  std::string all;
  for (const auto& entry : fs::directory_iterator(StoryFolder())) {
    if (entry.path().extension() != ".txt") continue;
    for (const Story& story : ReadStories(entry.path())) all += " " + story.expression;
  }
  for (const Function& function : Functions()) {
    if (function.notation != Notation::kCall) continue;
    for (const std::string_view name : function.aliases) {
      EXPECT_NE(all.find(std::string(name) + "("), std::string::npos) << name;
    }
    EXPECT_NE(all.find(std::string(function.name) + "("), std::string::npos) << function.name;
  }
}

}  // namespace
}  // namespace coeval
