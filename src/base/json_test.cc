#include "base/json.h"

#include <simdjson.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

namespace coeval {
namespace {

std::string RoundTrip(std::string_view text) {
  const auto json = ParseJson(text);
  return json.ok() ? json->Write() : json.status().message();
}

TEST(JsonTest, KeepsOrderAndExactIntegers) {
  const Json json = *ParseJson(R"( {"ttl" : 10800000000, "name":"weather",
    "big":9223372036854775807, "small":-9223372036854775808, "none":null, "on":true} )");
  EXPECT_EQ(json.Write(), R"({"ttl":10800000000,"name":"weather","big":9223372036854775807,)"
                          R"("small":-9223372036854775808,"none":null,"on":true})");
  EXPECT_EQ(json.Find("ttl")->AsInt(), 10800000000);
  EXPECT_EQ(json.Find("nothing"), nullptr);
  EXPECT_EQ(json.GetString("name"), "weather");
  EXPECT_EQ(json.GetString("ttl", "x"), "x");
  EXPECT_EQ(json.GetInt("ttl"), 10800000000);
  EXPECT_EQ(json.GetInt("name", 7), 7);
  EXPECT_TRUE(json.GetBool("on"));
  EXPECT_TRUE(json.GetBool("off", true));
}

TEST(JsonTest, SortedKeysAreCanonical) {
  EXPECT_EQ(ParseJson(R"({"b":[{"z":1,"a":2}],"a":0})")->Write(true),
            R"({"a":0,"b":[{"a":2,"z":1}]})");
}

TEST(JsonTest, WritesPretty) {
  EXPECT_EQ(
      ParseJson(R"({"a":[1,{"b":2}],"c":[],"d":{}})")->WritePretty(),
      "{\n  \"a\": [\n    1,\n    {\n      \"b\": 2\n    }\n  ],\n  \"c\": [],\n  \"d\": {}\n}");
}

TEST(JsonTest, NumbersReadBackTheSame) {
  EXPECT_EQ(RoundTrip("[1.0,-0.0,1e300,0.1,5e-324,1.7976931348623157e308,-0]"),
            "[1.0,-0.0,1e+300,0.1,5e-324,1.7976931348623157e+308,0]");
  EXPECT_EQ(Json(std::nan("")).Write(), "\"nan\"");
  EXPECT_EQ(Json(-std::numeric_limits<double>::infinity()).Write(), "\"-inf\"");
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const auto d = std::bit_cast<double>(random());
    if (!std::isfinite(d)) continue;
    const auto back = ParseJson(Json(d).Write());
    ASSERT_TRUE(back.ok() && back->is_double());
    ASSERT_EQ(*back, Json(d));
  }
}

TEST(JsonTest, RefusesNumbersThatDoNotFit) {
  EXPECT_NE(RoundTrip("[9223372036854775808]").find("does not fit"), std::string::npos);
  EXPECT_NE(RoundTrip("-9223372036854775809").find("does not fit"), std::string::npos);
  EXPECT_NE(RoundTrip("1e309").find("does not fit"), std::string::npos);
  EXPECT_EQ(RoundTrip("1e-400"), "0.0");
}

TEST(JsonTest, StringsAreEscapedAndReadBack) {
  std::string all;
  for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
  all += "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x8C\xA6";
  EXPECT_EQ(ParseJson(Json(all).Write())->AsString(), all);
  EXPECT_EQ(ParseJson(R"("\u00fc\u20AC\ud83c\udf26\/\b")")->AsString(),
            "\xC3\xBC\xE2\x82\xAC\xF0\x9F\x8C\xA6/\b");
  EXPECT_EQ(Json("a\xFFz").Write(), "\"a\xEF\xBF\xBDz\"");
}

TEST(JsonTest, ErrorsSayWhere) {
  EXPECT_EQ(ParseJson("{\n  \"a\": 1,\n  \"a\": 2}").status().message(),
            "malformed JSON: a second member \"a\" at byte 14 (line 3, column 3)");
  EXPECT_EQ(ParseJson("[1,").status().message(),
            "malformed JSON: the text ends where a value is expected at byte 3 (line 1, column 4)");
  EXPECT_EQ(ParseJson("[\"\xFF\"]").status().message(),
            "malformed JSON: bytes that are not UTF-8 at byte 2 (line 1, column 3)");
}

TEST(JsonTest, DepthIsLimited) {
  EXPECT_TRUE(ParseJson("[[[1]]]", 3).ok());
  EXPECT_FALSE(ParseJson("[[[[1]]]]", 3).ok());
  EXPECT_FALSE(ParseJson(std::string(1000000, '[')).ok());
}

TEST(JsonTest, EqualityIgnoresTheOrderOfMembersOnly) {
  EXPECT_EQ(*ParseJson(R"({"a":1,"b":[2,3]})"), *ParseJson(R"({"b":[2,3],"a":1})"));
  EXPECT_FALSE(*ParseJson("[1,2]") == *ParseJson("[2,1]"));
  EXPECT_FALSE(Json(1) == Json(1.0));
  EXPECT_FALSE(Json(0.0) == Json(-0.0));
  EXPECT_EQ(Json(std::nan("")), Json(std::nan("")));
}

TEST(JsonTest, BuildsDocuments) {
  Json json;
  json.Set("list", Json().Append(1).Append("two")).Set("x", 1).Set("x", 2.5);
  EXPECT_EQ(json.Write(), R"({"list":[1,"two"],"x":2.5})");
  EXPECT_EQ(Json::MakeObject().Write(), "{}");
  EXPECT_EQ(Json::MakeArray().Write(), "[]");
}

bool SimdjsonTakes(const std::string& text) {
  static simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

// The oracle is another parser: both take a mutated document, or neither does.
TEST(JsonTest, AgreesWithSimdjsonOnMutatedDocuments) {
  const std::string seed_text =
      R"({"a":[1,-2.5e3,true,false,null,"x\n\u00e9\ud83c\udf26"],"b":{"c":{},"d":[]},"e":0.10})";
  const std::string letters = "{}[]\",:\\/0123456789.eE+-tfnu \n\t\x80\xC3\xA9\x01";
  std::mt19937 random(11);
  const auto pick = [&](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  int taken = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = seed_text;
    for (std::size_t n = pick(3); n < 3; ++n) {
      const std::size_t at = pick(text.size());
      switch (pick(3)) {
        case 0:
          text[at] = letters[pick(letters.size())];
          break;
        case 1:
          text.erase(at, 1 + pick(4));
          break;
        default:
          text.insert(at, 1, letters[pick(letters.size())]);
      }
    }
    const auto ours = ParseJson(text);
    taken += ours.ok() ? 1 : 0;
    const bool ours_alone_refuses =
        !ours.ok() && (ours.status().message().find("a second member") != std::string::npos ||
                       ours.status().message().find("does not fit") != std::string::npos);
    ASSERT_TRUE(ours.ok() == SimdjsonTakes(text) || ours_alone_refuses) << text << "\n"
                                                                        << ours.status().ToString();
  }
  EXPECT_GT(taken, 400);
}

}  // namespace
}  // namespace coeval
