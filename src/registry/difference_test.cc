#include "registry/difference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Between(std::string_view before, std::string_view after) {
  return Differences(*ParseJson(before), *ParseJson(after));
}

TEST(DifferenceTest, MembersThatDiffer) {
  EXPECT_THAT(Between(R"({"a": 1, "b": "x", "c": true})", R"({"a": 1, "b": "y", "d": [1]})"),
              ElementsAre("b: x -> y", "c: true -> none", "d: none -> [1]"));
  EXPECT_THAT(Between(R"({"a": {"b": 1}})", R"({"a": {"b": 1}})"), IsEmpty());
  EXPECT_THAT(Between(R"({"a": {"b": 1}})", R"({"a": {"b": 2}})"), ElementsAre("a.b: 1 -> 2"));
}

TEST(DifferenceTest, DurationsReadLikeDurations) {
  EXPECT_THAT(
      Between(R"({"ttl": 10800000000})", R"({"ttl": 21600000000, "data_delay": 3600000000})"),
      ElementsAre("ttl: 3h -> 6h", "data_delay: none -> 1h"));
}

TEST(DifferenceTest, ListsOfNamedThingsAreComparedByName) {
  EXPECT_THAT(
      Between(R"({"schema": [{"name": "a", "type": "int64"}, {"name": "b", "type": "string"}]})",
              R"({"schema": [{"name": "c", "type": "bool"}, {"name": "a", "type": "int32"}]})"),
      ElementsAre("schema.b: removed (string)", "schema.c: added (bool)",
                  "schema.a.type: int64 -> int32"));
  EXPECT_THAT(Between(R"({"schema": [{"name": "a"}, {"name": "b"}]})",
                      R"({"schema": [{"name": "b"}, {"name": "a"}]})"),
              ElementsAre("schema: order changed"));
  EXPECT_THAT(Between(R"({})", R"({"schema": [{"name": "a", "type": "bool"}]})"),
              ElementsAre("schema.a: added (bool)"));
  EXPECT_THAT(
      Between(R"({"features": [{"view": "v"}, {"view": "v", "alias": "w"}]})",
              R"({"features": [{"view": "v", "version": 2}, {"view": "v", "alias": "w"}]})"),
      ElementsAre("features.v.version: none -> 2"));
}

TEST(DifferenceTest, OtherListsAreShownWhole) {
  EXPECT_THAT(Between(R"({"entities": ["a"]})", R"({"entities": ["a", "b"]})"),
              ElementsAre(R"(entities: ["a"] -> ["a","b"])"));
}

}  // namespace
}  // namespace coeval
