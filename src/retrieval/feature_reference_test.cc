#include "retrieval/feature_reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::HasSubstr;

FeatureReference Parsed(std::string_view text) {
  const auto reference = ParseFeatureReference(text);
  EXPECT_TRUE(reference.ok()) << reference.status().ToString();
  return reference.ok() ? *reference : FeatureReference{};
}

TEST(FeatureReferenceTest, PlainMeansTheActiveVersion) {
  const auto reference = Parsed("weather:temp");
  EXPECT_EQ(reference.view, "weather");
  EXPECT_EQ(reference.feature, "temp");
  EXPECT_EQ(reference.version, 0);
}

TEST(FeatureReferenceTest, ReadsVersionsInEveryForm) {
  EXPECT_EQ(Parsed("weather@v3:temp").version, 3);
  EXPECT_EQ(Parsed("weather@V3:temp").version, 3);
  EXPECT_EQ(Parsed("weather__v3:temp").version, 3);
  EXPECT_EQ(Parsed("weather__v3:temp").view, "weather");
  EXPECT_EQ(Parsed("weather@latest:temp").version, kLatestVersion);
  EXPECT_EQ(Parsed("weather@LATEST:temp").version, kLatestVersion);
}

TEST(FeatureReferenceTest, ReadsLabels) {
  EXPECT_EQ(Parsed("weather__v1.2:temp").label, "1.2");
  EXPECT_EQ(Parsed("weather@v1.2:temp").label, "1.2");
  EXPECT_EQ(Parsed("weather@v1.2:temp").version, 0);
}

TEST(FeatureReferenceTest, AsksForAllFeatures) {
  EXPECT_EQ(Parsed("weather:*").feature, "*");
}

// "__v" that no version follows belongs to the name.
TEST(FeatureReferenceTest, KeepsANameThatOnlyLooksVersioned) {
  EXPECT_EQ(Parsed("my__vector:x").view, "my__vector");
}

TEST(FeatureReferenceTest, ShowsTheFormExpected) {
  for (const char* text : {"temp", ":temp", "weather:", "weather@3:temp", "weather@v0:temp",
                           "weather@:temp", "@v1:temp", "a:b:c", "", "weather@v:temp"}) {
    const auto reference = ParseFeatureReference(text);
    ASSERT_FALSE(reference.ok()) << text;
    EXPECT_EQ(reference.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(reference.status().message(), HasSubstr("view:feature"));
  }
}

}  // namespace
}  // namespace coeval
