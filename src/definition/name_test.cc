#include "definition/name.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::HasSubstr;

TEST(NameTest, ObjectNames) {
  for (const char* good : {"weather", "_x", "W2", "a-b_c", "departure_delay_v1"}) {
    EXPECT_EQ(WhyBadObjectName(good), "") << good;
  }
  for (const char* bad : {"", "2x", "-x", "a.b", "a b", "größe", "a/b", "a\nb"}) {
    EXPECT_NE(WhyBadObjectName(bad), "") << bad;
  }
  EXPECT_THAT(WhyBadObjectName("a__b"), HasSubstr("'__' is reserved"));
  EXPECT_THAT(WhyBadObjectName("a@v1"), HasSubstr("'@' belongs to references"));
  EXPECT_THAT(WhyBadObjectName("a:b"), HasSubstr("':' belongs to references"));
  EXPECT_EQ(WhyBadObjectName(std::string(200, 'a')), "");
  EXPECT_THAT(WhyBadObjectName(std::string(201, 'a')), HasSubstr("at most 200"));
}

TEST(NameTest, FieldNamesMayBeAnythingThatAReferenceCanHold) {
  for (const char* good : {"temp", "wind gust", "größe", "a.b", "2x", "a__b", "%"}) {
    EXPECT_EQ(WhyBadFieldName(good), "") << good;
  }
  for (const char* bad : {"", " a", "a ", "a\tb", "a:b", "*", "\xff", "a\x7f"}) {
    EXPECT_NE(WhyBadFieldName(bad), "") << bad;
  }
}

TEST(NameTest, VersionLabels) {
  for (const char* good : {"1.2", "2024-06-beta", "v3", "a"}) {
    EXPECT_EQ(WhyBadVersionLabel(good), "") << good;
  }
  for (const char* bad : {"", "3", "latest", "active", "1_2", "a b", "a:b"}) {
    EXPECT_NE(WhyBadVersionLabel(bad), "") << bad;
  }
}

TEST(NameTest, FoldingIsAboutAsciiAlone) {
  EXPECT_EQ(FoldName("AbÜ-Z"), "abÜ-z");
}

}  // namespace
}  // namespace coeval
