#include "config/yaml.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string AsJson(std::string_view text) {
  const Result<YamlNode> node = ParseYaml(text, "x.yaml");
  if (!node.ok()) return node.status().message();
  const Result<Json> json = YamlToJson(*node, "x.yaml");
  return json.ok() ? json->Write() : json.status().message();
}

TEST(YamlTest, ScalarsAreReadByTheRulesOfYaml12) {
  EXPECT_EQ(AsJson("a: 5\nb: -3\nc: 0.5\nd: 1e3\ne: .5\nf: 5.\ng: +7\nh: 0\ni: 0.0"),
            R"({"a":5,"b":-3,"c":0.5,"d":1000.0,"e":0.5,"f":5.0,"g":7,"h":0,"i":0.0})");
  EXPECT_EQ(
      AsJson("[true, False, null, ~, , 3h, 2013-01-01, a b, 1.2.3, 127.0.0.1, -, e5, .]"),
      R"([true,false,null,null,null,"3h","2013-01-01","a b","1.2.3","127.0.0.1","-","e5","."])");
  EXPECT_EQ(AsJson("[.nan, -.inf, '5', \"true\", !!str 5, 'null']"),
            R"(["nan","-inf","5","true","5","null"])");
  EXPECT_EQ(AsJson("text: |\n  two\n  lines\n"), R"({"text":"two\nlines\n"})");
  EXPECT_EQ(AsJson(""), "null");
  EXPECT_EQ(AsJson("# only a comment\n"), "null");
}

// What YAML 1.1 and 1.2 read differently means something else to half of the readers.
TEST(YamlTest, WhatReadersDisagreeAboutIsAnError) {
  for (const char* text : {"yes", "No", "on", "OFF"}) {
    EXPECT_THAT(AsJson(std::string("a: ") + text),
                StartsWith("x.yaml:1:4: '" + std::string(text) + "' is a boolean to some readers"));
  }
  for (const char* text : {"0123", "1_000", "0b11", "0x1F", "0o17", "12:30", "1:30:00", "-0123"}) {
    EXPECT_THAT(AsJson(std::string("a: ") + text), HasSubstr("is another number to some readers"))
        << text;
  }
  EXPECT_EQ(AsJson("[\"yes\", '0123', y, n, 'on']"), R"(["yes","0123","y","n","on"])");
}

TEST(YamlTest, NumbersThatDoNotFitAreErrors) {
  EXPECT_EQ(AsJson("9223372036854775807"), "9223372036854775807");
  EXPECT_THAT(AsJson("a: 9223372036854775808"), StartsWith("x.yaml:1:4: "));
}

TEST(YamlTest, ErrorsSayLineAndColumn) {
  EXPECT_THAT(AsJson("a: 1\nb: [1, 2\nc: 3\n"), StartsWith("x.yaml:3:2: no valid YAML: "));
  EXPECT_THAT(AsJson("a: 1\n\tb: 2\n"), StartsWith("x.yaml:2:"));
  EXPECT_THAT(AsJson("a: \"x\n"), HasSubstr("no valid YAML"));
  EXPECT_THAT(AsJson("a: 'x"), HasSubstr("no valid YAML"));
  EXPECT_EQ(AsJson("a: |+\n  x\n\n"), R"({"a":"x\n\n"})");
  EXPECT_THAT(AsJson("a: *nobody\n"), StartsWith("x.yaml:1:4: no valid YAML"));
}

TEST(YamlTest, AKeyIsThereOnce) {
  EXPECT_EQ(AsJson("a: 1\nb: 2\na: 3\n"), "x.yaml:3:1: the key 'a' is there twice");
  EXPECT_EQ(AsJson("{a: {x: 1, x: 2}}"), "x.yaml:1:12: the key 'x' is there twice");
}

TEST(YamlTest, KeysArePlain) {
  EXPECT_THAT(AsJson("? [1, 2]\n: 3\n"), HasSubstr("a key must be plain text"));
  EXPECT_THAT(AsJson("? {a: 1}\n: 3\n"), HasSubstr("a key must be plain text"));
  EXPECT_THAT(AsJson("a: &x {b: 1}\nc:\n  <<: *x\n"), StartsWith("x.yaml:3:3: merge keys"));
}

TEST(YamlTest, OneDocument) {
  EXPECT_THAT(AsJson("a: 1\n---\nb: 2\n"), HasSubstr("a second document"));
  EXPECT_EQ(AsJson("---\na: 1\n...\n"), R"({"a":1})");
}

TEST(YamlTest, TagsAreNotKnown) {
  EXPECT_THAT(AsJson("a: !!int '5'\n"), HasSubstr("is not known"));
  EXPECT_THAT(AsJson("a: !python/object {}\n"), HasSubstr("is not known"));
}

TEST(YamlTest, AliasesRepeatWhatTheyName) {
  EXPECT_EQ(AsJson("a: &x [1, 2]\nb: *x\n"), R"({"a":[1,2],"b":[1,2]})");
}

// A few lines of aliases of aliases would be billions of values.
TEST(YamlTest, WhatAliasesMultiplyIsCapped) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) text += ", " + before;
    text += "]\n";
  }
  EXPECT_THAT(AsJson(text), HasSubstr("more than 200000 values"));
  EXPECT_THAT(AsJson("a: &a [*a]\n"), HasSubstr("an alias of something that it is part of"));
}

TEST(YamlTest, DepthIsCapped) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_THAT(AsJson(nested(kMaxYamlDepth)), StartsWith("[["));
  EXPECT_THAT(AsJson(nested(kMaxYamlDepth + 1)), HasSubstr("nested deeper than 32 levels"));
  EXPECT_THAT(AsJson(nested(100'000)), HasSubstr("x.yaml"));
}

TEST(YamlTest, BytesThatAreNoText) {
  EXPECT_EQ(AsJson("a: 1\nb: \x04\n"), "x.yaml:2:4: a control character");
  EXPECT_EQ(AsJson("a: \xff\n"), "x.yaml:1:4: bytes that are no UTF-8");
  EXPECT_EQ(AsJson(std::string("a\0b", 3)), "x.yaml:1:2: a control character");
  EXPECT_EQ(AsJson("größe: ü\n"), R"({"größe":"ü"})");
}

TEST(YamlTest, SizeIsCapped) {
  EXPECT_THAT(AsJson("a: " + std::string(kMaxYamlBytes, 'x')),
              HasSubstr("at most 16777216 are read"));
}

}  // namespace
}  // namespace coeval
