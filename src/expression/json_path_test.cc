// json_extract against the project's other reader of JSON, and what it must survive.
#include "expression/json_path.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/json.h"
#include "expression/testing.h"

namespace coeval {
namespace {

std::string Find(std::string_view json, std::string_view path) {
  const Result<JsonPath> parsed = ParseJsonPath(path);
  if (!parsed.ok()) return "path: " + parsed.status().message();
  const JsonFound found = FindInJson(json, *parsed);
  if (!found.malformed.empty()) return "malformed: " + std::string(found.malformed);
  return found.found ? std::string(found.text) : "absent";
}

TEST(JsonPathTest, FollowsMembersAndElements) {
  constexpr std::string_view kJson =
      R"( {"a": [1, {"b c": "x"}, []], "": 0, "\u00e9": true, "a": 2, "n-1": -0.50e+1} )";
  EXPECT_EQ(Find(kJson, "$.a[0]"), "1");
  EXPECT_EQ(Find(kJson, "$.a[1].\"b c\""), "\"x\"");
  EXPECT_EQ(Find(kJson, "$.a"), "[1, {\"b c\": \"x\"}, []]");  // the first of two
  EXPECT_EQ(Find(kJson, "$.a[3]"), "absent");
  EXPECT_EQ(Find(kJson, "$.a.b"), "absent");
  EXPECT_EQ(Find(kJson, "$[0]"), "absent");
  EXPECT_EQ(Find(kJson, "$.\"\""), "0");
  EXPECT_EQ(Find(kJson, "$.é"), "true");
  EXPECT_EQ(Find(kJson, "$.\"\\u00e9\""), "true");
  EXPECT_EQ(Find(kJson, "$.n-1"), "-0.50e+1");
  EXPECT_EQ(Find("12345678901234567890123", "$"), "12345678901234567890123");
}

TEST(JsonPathTest, RefusesWrongPathsWhereTheyAreWrong) {
  EXPECT_EQ(Ask("json_extract(s, '$.a[x]')", "s: string = '{}'"),
            "error: line 1, column 17: the path '$.a[x]' is wrong at its character 5: a position "
            "such as [0] is expected; write $, .name, .\"any name\" and [0]\n"
            "  json_extract(s, '$.a[x]')\n"
            "                  ^");
  for (const char* const path : {"", "a", "$a", "$.", "$..a", "$.a b", "$[", "$[]", "$[-1]", "$[1",
                                 "$[99999999999999999999]", "$.\"a", "$.\"\\q\"", "$.*", "$[*]"}) {
    EXPECT_EQ(Find("{}", path).substr(0, 5), "path:") << path;
  }
  std::string long_path = "$";
  for (int i = 0; i < 65; ++i) long_path += "[0]";
  EXPECT_EQ(Find("{}", long_path).substr(0, 5), "path:");
}

TEST(JsonPathTest, MalformedTextIsAnErrorWhereverThePathLeads) {
  for (const char* const json : {"",
                                 " ",
                                 "{",
                                 "[1,]",
                                 "[1 2]",
                                 "{\"a\" 1}",
                                 "{\"a\": 1,}",
                                 "{a: 1}",
                                 "01",
                                 "1.",
                                 ".5",
                                 "+1",
                                 "1e",
                                 "-",
                                 "tru",
                                 "nullx",
                                 "'a'",
                                 "\"a",
                                 "\"\\x\"",
                                 "\"\\u12\"",
                                 "\"\\ud800\"",
                                 "\"\n\"",
                                 "[1] 2",
                                 "{\"a\": 1} }",
                                 "]",
                                 "[}",
                                 "{]"}) {
    for (const char* const path : {"$", "$.a", "$[0]"}) {
      EXPECT_EQ(Find(json, path).substr(0, 9), "malformed") << json << " " << path;
    }
    EXPECT_EQ(ParseJson(json).ok(), false) << json;
  }
}

TEST(JsonPathTest, DeepAndLongDocumentsAreReadInOnePass) {
  const std::string deep(1024, '['), deeper(2'000'000, '[');
  EXPECT_EQ(Find(deep + std::string(1024, ']'), "$.a"), "absent");
  EXPECT_EQ(Find(deep + std::string(1024, ']'), "$[0][0]").size(), 2044U);
  for (const char* const path : {"$", "$[0][0][0]"}) {
    EXPECT_EQ(Find("[" + deep + std::string(1025, ']'), path), "malformed: nested too deep");
    EXPECT_EQ(Find(deeper, path), "malformed: nested too deep");
  }
  std::string wide = "{";
  for (int i = 0; i < 200'000; ++i) wide += "\"k\\u0030" + std::to_string(i) + "\": [1, {}], ";
  wide += "\"last\": 7}";
  EXPECT_EQ(Find(wide, "$.last"), "7");
  EXPECT_EQ(Find(wide, "$.k0199999[0]"), "1");
}

TEST(JsonPathTest, ShowsStringsBareAndTheRestAsJson) {
  const auto extract = [](const std::string& json) {
    return Ask("json_extract(s, '$.a')", "s: string = '{\"a\": " + json + "}'");
  };
  EXPECT_EQ(extract("\"x\\ny\\u0041\""), "string 'x\nyA'");
  EXPECT_EQ(extract("\"\""), "string ''");
  EXPECT_EQ(extract("1.50"), "string '1.50'");
  EXPECT_EQ(extract("true"), "string 'true'");
  EXPECT_EQ(extract("null"), "string null");
  EXPECT_EQ(extract("[ 1 , \"a b\\\" \" , { } ]"), "string '[1,\"a b\\\" \",{}]'");
  EXPECT_EQ(Ask("json_extract('{', '$')"),
            "invalid: malformed JSON: no '\"' where a member's name is expected at byte 1");
}

class RandomJson {
 public:
  explicit RandomJson(unsigned seed) : random_(seed) {}

  std::size_t Below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_);
  }

  std::string Document(int depth) {
    static const std::vector<std::string> kScalars = {
        "0",    "-1.5e3", "17",    "true",         "false",
        "null", "\"\"",   "\"a\"", "\"\\\\\\\"\"", "\"\\u00fc\""};
    if (depth == 0 || Below(3) == 0) return Space() + kScalars[Below(kScalars.size())] + Space();
    const bool object = Below(2) == 0;
    std::string text = object ? "{" : "[";
    const std::size_t count = Below(4);
    for (std::size_t i = 0; i < count; ++i) {
      text += i > 0 ? "," : "";
      if (object) text += Space() + "\"" + "abc"[i] + "\"" + Space() + ":";
      text += Document(depth - 1);
    }
    return Space() + text + (object ? "}" : "]") + Space();
  }

  // Some bytes changed, mostly to ones that mean something.
  std::string Damaged(std::string text) {
    constexpr std::string_view kBytes = "{}[],:\"\\ atrue01-.eE+u\n";
    for (std::size_t i = Below(3); i > 0 && !text.empty(); --i) {
      const std::size_t at = Below(text.size());
      if (Below(3) == 0) {
        text.erase(at, 1);
      } else {
        text[at] = kBytes[Below(kBytes.size())];
      }
    }
    return text;
  }

 private:
  std::string Space() { return std::vector<std::string>{"", "", " ", "\n\t"}[Below(4)]; }

  std::mt19937 random_;
};

// Where the step leads in a tree.
const Json* Follow(const Json* json, const JsonStep& step) {
  if (!step.is_index) return json->Find(step.name);
  const auto i = static_cast<std::size_t>(step.index);
  return json->is_array() && i < json->array().size() ? &json->array()[i] : nullptr;
}

TEST(JsonPathTest, AgreesWithTheReaderOfTrees) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RandomJson random(seed);
  int valid = 0, found = 0, malformed = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = random.Damaged(random.Document(4));
    std::string path = "$";
    for (std::size_t steps = random.Below(4); steps > 0; --steps) {
      path += random.Below(2) == 0 ? std::string(".") + "abc"[random.Below(3)]
                                   : "[" + std::to_string(random.Below(3)) + "]";
    }
    const Result<Json> tree = ParseJson(text);
    if (!tree.ok() && (tree.status().message().find("second member") != std::string::npos ||
                       tree.status().message().find("fit 64 bits") != std::string::npos)) {
      continue;
    }
    const JsonPath steps = *ParseJsonPath(path);
    const JsonFound ours = FindInJson(text, steps);
    ASSERT_EQ(ours.malformed.empty(), tree.ok()) << text;
    if (!tree.ok()) {
      ++malformed;
      continue;
    }
    ++valid;
    const Json* expected = &*tree;
    for (const JsonStep& step : steps) {
      if (expected != nullptr) expected = Follow(expected, step);
    }
    ASSERT_EQ(ours.found, expected != nullptr) << text << " " << path;
    if (!ours.found) continue;
    ++found;
    ASSERT_EQ(*ParseJson(ours.text), *expected) << text << " " << path;
    std::string compact;
    AppendCompactJson(ours.text, &compact);
    ASSERT_EQ(*ParseJson(compact), *expected) << text << " " << path;
  }
  EXPECT_GT(valid, 1000);
  EXPECT_GT(found, 1000);
  EXPECT_GT(malformed, 1000);
}

}  // namespace
}  // namespace coeval
