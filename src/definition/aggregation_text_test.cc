#include "definition/aggregation_text.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "definition/object_json.h"

namespace coeval {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Fields(const std::string& text) {
  const Result<AggregationText> parsed = ParseAggregationText(text);
  return parsed.ok() ? WriteObject(parsed->aggregation).Write(true) : parsed.status().message();
}

std::string Mistake(const std::string& text) {
  const Result<AggregationText> parsed = ParseAggregationText(text);
  return parsed.ok() ? "" : parsed.status().message();
}

// The texts are another way to write what definitions write in JSON.
TEST(AggregationTextTest, FieldsOfAnAggregation) {
  const auto json = [](const std::string& text) {
    const Result<Json> parsed = ParseJson(text);
    EXPECT_TRUE(parsed.ok()) << text;
    return parsed.ok() ? parsed->Write(true) : "";
  };
  EXPECT_EQ(Fields("sum(amount) over 7d as spend_7d"),
            json(R"({"name": "spend_7d", "function": "sum", "columns": ["amount"],
                     "time_window": 604800000000})"));
  EXPECT_EQ(Fields("count() as n"), json(R"({"name": "n", "function": "count"})"));
  EXPECT_EQ(Fields("COUNT(*) OVER ALL TIME AS n"), Fields("count() as n"));
  EXPECT_EQ(Fields(R"(corr(x, "odd name") over 1d12h as "my corr")"),
            json(R"({"name": "my corr", "function": "corr", "columns": ["x", "odd name"],
                     "time_window": 129600000000})"));
  EXPECT_EQ(Fields("max(x) over last 5 as m"),
            json(R"({"name": "m", "function": "max", "columns": ["x"], "rows": 5})"));
  EXPECT_EQ(Fields("max(x) over last 5 of 1h as m"),
            json(R"({"name": "m", "function": "max", "columns": ["x"], "rows": 5,
                     "time_window": 3600000000})"));
}

TEST(AggregationTextTest, ParametersByNameAndByPlace) {
  const std::string by_name = Fields("quantile(x, q=0.9, cap=50) over 1h as m");
  EXPECT_THAT(by_name, HasSubstr(R"("params":{"cap":50,"q":0.9})"));
  EXPECT_EQ(Fields("quantile(x, 0.9, 50) over 1h as m"), by_name);
  EXPECT_EQ(Fields("quantile(x, 0.9, cap=50) over 1h as m"), by_name);
  EXPECT_THAT(Fields("decay_sum(x, 1d) over 7d as m"), HasSubstr(R"({"half_life":"1d"})"));
}

TEST(AggregationTextTest, ClausesInAnyOrder) {
  const std::string usual = Fields(
      "sum(x) over 7d where status = 'ok' and y between 1 and 2 by country offset -1h "
      "slide 1d zone 'Europe/Berlin' as m");
  EXPECT_THAT(usual, AllOf(HasSubstr(R"("where":"status = 'ok' and y between 1 and 2")"),
                           HasSubstr(R"("by":"country")"), HasSubstr(R"("offset":-3600000000)"),
                           HasSubstr(R"("zone":"Europe/Berlin")")));
  EXPECT_EQ(Fields("sum(x)\n  by country slide 1d zone 'Europe/Berlin' offset -1h\n"
                   "  where status = 'ok' and y between 1 and 2\n  over 7d as m"),
            usual);
}

// A clause ends where its expression does, whatever words stand in it.
TEST(AggregationTextTest, ExpressionsEndByThemselves) {
  const auto where = [](const std::string& text) {
    const auto parsed = ParseAggregationText(text);
    EXPECT_TRUE(parsed.ok()) << parsed.status().message();
    return parsed.ok() ? parsed->aggregation.where + "|" + parsed->aggregation.by : "";
  };
  EXPECT_EQ(where("count() where s = 'by over as' as n"), "s = 'by over as'|");
  EXPECT_EQ(where("count() where (a or b) by lower(c) as n"), "(a or b)|lower(c)");
  EXPECT_EQ(where("count() where at > timestamp '2020-01-01' - interval 2 hours over 1h as n"),
            "at > timestamp '2020-01-01' - interval 2 hours|");
  EXPECT_EQ(where("count() by case when a then 'x' else b end over 1h as n"),
            "|case when a then 'x' else b end");
}

TEST(AggregationTextTest, MistakesPointAtTheCharacter) {
  EXPECT_EQ(Mistake("sun(amount) over 7d as a"),
            "line 1, column 1: there is no function 'sun', did you mean \"sum\"?\n"
            "  sun(amount) over 7d as a\n"
            "  ^");
  EXPECT_EQ(Mistake("sum(amount) over 7 as a"),
            "line 1, column 18: expected a duration, such as 7d or 12h, found the number 7\n"
            "  sum(amount) over 7 as a\n"
            "                   ^");
  EXPECT_EQ(Mistake("sum(amount) over 7d where status = as a"),
            "line 1, column 36: expected a value, found 'as'\n"
            "  sum(amount) over 7d where status = as a\n"
            "                                     ^");
}

TEST(AggregationTextTest, EveryMistakeSaysWhatToDo) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "column 1: expected a function, such as sum(amount), found the end"},
      {"7d", "column 1: expected a function"},
      {"sum", "column 4: expected '(' and the column of sum"},
      {"sum(amount", "column 11: expected ',' or ')'"},
      {"sum(a * b) as x", "column 7: expected ',' or ')', for an argument is a column, found '*'"},
      {"sum(a,) as x", "column 7: expected a value, found ')'"},
      {"sum(a, 3) as x", "column 8: sum has no parameters; columns are names"},
      {"quantile(x, p=0.9) as q", "column 13: quantile has no parameter 'p'"},
      {"quantile(x, q=0.9, q=1) as q", "column 20: the parameter 'q' has a value already"},
      {"quantile(q=0.9, x) as q", "column 17: columns come before parameters"},
      {"quantile(x, 99999999999999999999) as q", "column 13: the number 99999999999999999999"},
      {"sum(a) over 7x as s", "column 13: "},
      {"sum(a) over -7d as s", "column 13: expected a duration such as 7d"},
      {"sum(a) over 0 as s", "column 13: "},
      {"sum(a) over all as s", "column 17: expected 'time'"},
      {"sum(a) over last as s", "column 18: expected how many events"},
      {"sum(a) over last 0 as s", "column 18: "},
      {"sum(a) ovr 7d as s", "column 8: there is no clause 'ovr', did you mean \"over\"?"},
      {"sum(a) over 7d over 1d as s", "column 16: a second 'over'"},
      {"sum(a) over 7d slide 9999d as s", "column 22: "},
      {"sum(a) slide 1d as s", "column 14: "},
      {"sum(a) over 7d slide 1d zone 'Nowhere' as s", "column 30: "},
      {"sum(a) over 7d as", "column 18: expected a name"},
      {"sum(a) as s over 7d", "column 13: expected the end, for `as` comes last"},
      {"sum(a) where as s", "column 14: expected a value, found 'as'"},
      {"sum(a) where b > 7d as s", "column 18: expected a value, found the duration 7d"},
      {"sum(a) where 'open as s", "column 14: the string that begins here is never closed"},
  };
  for (const auto& [text, words] : cases) {
    EXPECT_THAT(Mistake(text), AllOf(HasSubstr(words), HasSubstr("\n  "), HasSubstr("^"))) << text;
  }
}

// What the checks of definitions find later is told of the whole text.
TEST(AggregationTextTest, LaterMistakesArePutInPlace) {
  const auto parsed = ParseAggregationText("sum(a) over 7d\n  where ä = 1 and statsu = 'ok' as s");
  ASSERT_TRUE(parsed.ok()) << parsed.status().message();
  const std::string found =
      "line 1, column 11: unknown name\n  ä = 1 and statsu = 'ok'\n            ^";
  EXPECT_EQ(parsed->Mistake("where", found).message(),
            "line 2, column 19: unknown name\n"
            "    where ä = 1 and statsu = 'ok' as s\n"
            "                    ^");
  EXPECT_THAT(parsed->Mistake("time_window", "too long").message(),
              HasSubstr("line 1, column 13: too long"));
  EXPECT_THAT(parsed->Mistake("", "no").message(), HasSubstr("line 1, column 1: no"));
}

// Any text at all parses or says why not; what parses says the same in other words.
TEST(AggregationTextTest, RandomTexts) {
  const std::vector<std::string> words = {
      "sum",  "count", "quantile", "(",    ")",     ",",    "=",    "q",      "0.9",      "5",
      "7d",   "-",     "over",     "last", "of",    "all",  "time", "where",  "a",        "b",
      "and",  "or",    "not",      "(",    ")",     "'x'",  "by",   "offset", "slide",    "1h",
      "zone", "'UTC'", "as",       "name", "\"n\"", ".",    "<",    "--",     "\n",       "case",
      "when", "then",  "end",      "'",    "ä",     "\xff", "[",    "1e",     "interval", "*"};
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  int parsed_texts = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = random() % 2 == 0 ? "sum(a) over 7d " : "";
    for (std::uint64_t n = random() % 12; n > 0; --n) text += words[random() % words.size()] + " ";
    const Result<AggregationText> parsed = ParseAggregationText(text);
    if (!parsed.ok()) {
      EXPECT_FALSE(parsed.status().message().empty());
      continue;
    }
    ++parsed_texts;
    EXPECT_FALSE(parsed->aggregation.function.empty());
    EXPECT_EQ(Fields(text + "\n -- and a comment"), Fields(text));
  }
  EXPECT_GT(parsed_texts, 100);
}

}  // namespace
}  // namespace coeval
