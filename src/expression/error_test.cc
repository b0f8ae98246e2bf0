// Messages of expressions that do not compile, whole: text, line, column and caret.
#include <string>

#include <gtest/gtest.h>

#include "expression/expression.h"
#include "expression/lexer.h"
#include "expression/parser.h"

namespace coeval {
namespace {

std::string MessageOf(std::string_view text, const std::optional<DataType>& result = {}) {
  Schema inputs;
  inputs.Add("dep_delay", TypeId::kFloat64);
  inputs.Add("origin", TypeId::kString);
  const Result<Expression> expression = Expression::Compile(text, inputs, result);
  if (expression.ok()) return "it compiles";
  EXPECT_EQ(expression.status().code(), StatusCode::kInvalidArgument);
  return expression.status().message();
}

TEST(ErrorTest, PointsAtTheFunction) {
  EXPECT_EQ(MessageOf("1 + coalesc(dep_delay, 0)"),
            "line 1, column 5: unknown function \"coalesc\", did you mean \"coalesce\"?\n"
            "  1 + coalesc(dep_delay, 0)\n"
            "      ^");
}

TEST(ErrorTest, PointsAtTheOperator) {
  EXPECT_EQ(
      MessageOf("dep_delay * origin"),
      "line 1, column 11: * cannot take (float64, string); it takes (int64, int64), (float64, "
      "float64), (interval, int64), (int64, interval), (interval, float64), (float64, "
      "interval), (decimal, decimal), where T is one type; convert with cast(x as type)\n"
      "  dep_delay * origin\n"
      "            ^");
}

TEST(ErrorTest, CountsLinesAndCharacters) {
  EXPECT_EQ(MessageOf("case when origin = 'Zürich'\r\n\tthen 'Zürich' else dep_dela end"),
            "line 2, column 21: unknown input \"dep_dela\", did you mean \"dep_delay\"?\n"
            "   then 'Zürich' else dep_dela end\n"
            "                      ^");
}

TEST(ErrorTest, PointsAtTheEnd) {
  EXPECT_EQ(MessageOf("dep_delay +"),
            "line 1, column 12: expected a value, found the end of the expression\n"
            "  dep_delay +\n"
            "             ^");
  EXPECT_EQ(MessageOf(""),
            "line 1, column 1: the expression is empty\n"
            "  \n"
            "  ^");
}

TEST(ErrorTest, PointsAtTheArgument) {
  EXPECT_EQ(
      MessageOf("hour(now(), 'Europe/Berlinn')"),
      "line 1, column 13: unknown time zone 'Europe/Berlinn', did you mean \"Europe/Berlin\"?\n"
      "  hour(now(), 'Europe/Berlinn')\n"
      "              ^");
}

TEST(ErrorTest, ShowsThePartOfALongLineThatMatters) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "dep_delay + ";
  const std::string message = MessageOf(text + "oops");
  EXPECT_EQ(message.substr(0, message.find('\n')),
            "line 1, column 601: unknown input \"oops\"; the "
            "inputs are dep_delay, origin");
  EXPECT_NE(message.find("+ oops\n"), std::string::npos) << message;
  EXPECT_LT(message.size(), 300U);
  // The caret stands below the first letter.
  const std::size_t line = message.find("\n  ") + 1, caret = message.rfind('^');
  const std::size_t caret_line = message.rfind('\n') + 1;
  EXPECT_EQ(message.find("oops\n", line) - line, caret - caret_line) << message;
}

TEST(ErrorTest, ResultsNeedAnExplicitCastToLose) {
  EXPECT_EQ(
      MessageOf("length(origin)", DataType(TypeId::kInt32)),
      "line 1, column 1: the result is int64 where int32 is declared; declare int64, or write "
      "cast(... as int32)\n"
      "  length(origin)\n"
      "  ^");
  EXPECT_EQ(MessageOf("dep_delay", DataType(TypeId::kFloat32)), "it compiles");
  EXPECT_EQ(MessageOf("length(origin)", DataType(TypeId::kFloat64)), "it compiles");
  EXPECT_EQ(MessageOf("null", DataType(TypeId::kString)), "it compiles");
  EXPECT_EQ(MessageOf("'2013-01-01'", DataType(TypeId::kTimestamp)), "it compiles");
}

TEST(ErrorTest, LimitsLengthNestingAndChains) {
  const auto first_line = [](const std::string& text) {
    const std::string message = MessageOf(text);
    return message.substr(0, message.find('\n'));
  };
  EXPECT_EQ(
      first_line(std::string(kMaxExpressionBytes + 1, ' ')),
      "an expression of 65537 bytes is too long: at most 65536 are allowed; compute parts of it "
      "as features of their own");
  EXPECT_EQ(first_line(std::string(5000, '(') + "1"),
            "line 1, column 201: nested more than 200 deep");
  EXPECT_EQ(first_line(std::string(30000, '-') + "1"),
            "line 1, column 30002: the expression is empty")
      << "-- is a comment";
  std::string minus, nots, sum = "1", ors = "true", cases;
  for (int i = 0; i < 5000; ++i) minus += "- ";
  for (int i = 0; i < 5000; ++i) nots += "not ";
  for (int i = 0; i < 1500; ++i) sum += "+1";
  for (int i = 0; i < 5000; ++i) ors += " or false";
  for (int i = 0; i < 1001; ++i) cases += " when true then 1";
  EXPECT_NE(first_line(minus + "dep_delay").find("nested more than 200 deep"), std::string::npos);
  EXPECT_NE(first_line(nots + "true").find("nested more than 200 deep"), std::string::npos);
  EXPECT_NE(first_line(sum).find("a chain of more than 1000 operators"), std::string::npos);
  EXPECT_NE(first_line("case" + cases + " end").find("a case of more than 1000 branches"),
            std::string::npos);
  EXPECT_EQ(first_line(ors), "it compiles");
}

TEST(ErrorTest, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(MessageOf("'a\xFF'"), "the expression is not UTF-8: byte 0xff at offset 2");
}

}  // namespace
}  // namespace coeval
