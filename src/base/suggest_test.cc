#include "base/suggest.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

const std::vector<std::string> kNames = {"weather", "flights", "airport", "id"};

TEST(SuggestTest, FindsTypingMistakes) {
  EXPECT_EQ(Nearest("wether", kNames), "weather");
  EXPECT_EQ(Nearest("WEATHER", kNames), "weather");
  EXPECT_EQ(Nearest("wtaeher", kNames), "weather");
  EXPECT_EQ(Nearest("flight", kNames), "flights");
  EXPECT_EQ(Nearest("di", kNames), "id");
  EXPECT_EQ(Nearest("i", kNames), "id");
}

TEST(SuggestTest, IsSilentWhenNothingIsNear) {
  EXPECT_EQ(Nearest("passenger", kNames), "");
  EXPECT_EQ(Nearest("xy", kNames), "");
  EXPECT_EQ(Nearest("", kNames), "");
  EXPECT_EQ(Nearest("weather", {}), "");
  EXPECT_EQ(Nearest(std::string(100000, 'x'), kNames), "");
}

TEST(SuggestTest, WritesTheQuestion) {
  EXPECT_EQ(DidYouMean("wether", kNames), ", did you mean \"weather\"?");
  EXPECT_EQ(DidYouMean("passenger", kNames), "");
}

}  // namespace
}  // namespace coeval
