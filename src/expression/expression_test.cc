#include "expression/expression.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "expression/testing.h"

namespace coeval {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array<TimeMicros, 1> kNow = {0};

Schema OneInput(const std::string& name, const DataType& type) {
  Schema schema;
  schema.Add(name, type);
  return schema;
}

Column Ints(const std::vector<std::int64_t>& values) {
  ColumnBuilder builder(TypeId::kInt64);
  for (const std::int64_t value : values) builder.AppendInt(value);
  return builder.Finish();
}

Expression Compile(std::string_view text, const Schema& schema,
                   const std::optional<DataType>& result = {}) {
  Result<Expression> expression = Expression::Compile(text, schema, result);
  EXPECT_TRUE(expression.ok()) << expression.status().ToString();
  return *std::move(expression);
}

TEST(ExpressionTest, TellsItsTypeAndInputsInOrderOfUse) {
  Schema schema;
  for (const char* const name : {"a", "b", "c"}) schema.Add(name, TypeId::kInt32);
  const Expression expression = Compile("c / (a + c)", schema);
  EXPECT_EQ(expression.type(), DataType(TypeId::kFloat64));
  EXPECT_THAT(expression.inputs(), ElementsAre("c", "a"));
  EXPECT_EQ(expression.text(), "c / (a + c)");
  EXPECT_FALSE(expression.uses_now());
  EXPECT_TRUE(Compile("now() is null", Schema()).uses_now());
}

// Only the columns of inputs() are read: the caller need not have the others.
TEST(ExpressionTest, OtherColumnsMayBeMissing) {
  Schema schema;
  schema.Add("a", TypeId::kInt64);
  schema.Add("b", TypeId::kString);
  const Expression expression = Compile("a + 1", schema);
  const std::array<Column, 2> columns = {Ints({1, 2}), Column()};
  const Evaluation evaluation = expression.Evaluate(columns, 2, kNow);
  EXPECT_EQ(evaluation.values.GetValue(1).AsInt(), 3);
}

TEST(ExpressionTest, AColumnOfTypeNullStandsForAnyType) {
  const Expression expression = Compile("coalesce(a, 7)", OneInput("a", TypeId::kInt64));
  const std::array<Column, 1> columns = {Column::Nulls(DataType(), 3)};
  const Evaluation evaluation = expression.Evaluate(columns, 3, kNow);
  EXPECT_EQ(evaluation.values.GetValue(2).AsInt(), 7);
}

TEST(ExpressionTest, NoRowsGiveNoRows) {
  const Expression expression = Compile("a + 1", OneInput("a", TypeId::kInt64));
  const std::array<Column, 1> columns = {Ints({})};
  const Evaluation evaluation = expression.Evaluate(columns, 0, kNow);
  EXPECT_EQ(evaluation.values.length(), 0);
  EXPECT_EQ(evaluation.values.type(), DataType(TypeId::kInt64));
  EXPECT_EQ(evaluation.invalid_count, 0);
}

TEST(ExpressionTest, NowIsOneTimeOrOneEachRow) {
  const Expression expression = Compile("now()", Schema());
  std::vector<TimeMicros> times(3000);
  for (std::size_t i = 0; i < times.size(); ++i) times[i] = static_cast<TimeMicros>(i) * 7;
  const Evaluation each = expression.Evaluate({}, 3000, times);
  const Evaluation one = expression.Evaluate({}, 3000, std::array<TimeMicros, 1>{42});
  for (const std::int64_t row : {0, 1023, 1024, 2999}) {
    EXPECT_EQ(each.values.GetValue(row).AsInt(), row * 7);
    EXPECT_EQ(one.values.GetValue(row).AsInt(), 42);
  }
}

// Rule 6.2: the first ten rows and the count of all.
TEST(ExpressionTest, CountsInvalidRowsAndExplainsTheFirstTen) {
  const Expression expression = Compile("a + 1", OneInput("a", TypeId::kInt64));
  std::vector<std::int64_t> values(5000, 1);
  for (std::size_t i = 100; i < values.size(); i += 100) {
    values[i] = std::numeric_limits<std::int64_t>::max();
  }
  const std::array<Column, 1> columns = {Ints(values)};
  const Evaluation evaluation = expression.Evaluate(columns, 5000, kNow);
  EXPECT_EQ(evaluation.invalid_count, 49);
  ASSERT_EQ(evaluation.first_errors.size(), 10U);
  EXPECT_EQ(evaluation.first_errors[9].row, 1000);
  EXPECT_EQ(evaluation.first_errors[9].message, "integer overflow in 9223372036854775807 + 1");
  ASSERT_EQ(evaluation.invalid.size(), 5000U);
  for (std::int64_t row = 0; row < 5000; ++row) {
    const bool bad = row >= 100 && row % 100 == 0;
    ASSERT_EQ(evaluation.invalid[static_cast<std::size_t>(row)], bad ? 1 : 0);
    ASSERT_EQ(evaluation.values.IsNull(row), bad);
  }
}

// The message is that of the branch that was taken, not of one that also failed.
TEST(ExpressionTest, ExplainsTheBranchThatWasTaken) {
  const Expression expression =
      Compile("case when a > 0 then a + 1 when a < -1 then a - 1 else cast('x' as int64) end",
              OneInput("a", TypeId::kInt64));
  const std::array<Column, 1> columns = {Ints(
      {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min(), 0})};
  const Evaluation evaluation = expression.Evaluate(columns, 3, kNow);
  ASSERT_EQ(evaluation.first_errors.size(), 3U);
  EXPECT_THAT(evaluation.first_errors[0].message, HasSubstr("9223372036854775807 + 1"));
  EXPECT_THAT(evaluation.first_errors[1].message, HasSubstr("-9223372036854775808 - 1"));
  EXPECT_THAT(evaluation.first_errors[2].message, HasSubstr("cannot cast 'x' to int64"));
}

// Rule 6.3: a feature declared float32 is rounded once at the end, not at each step.
TEST(ExpressionTest, Float32IsRoundedOnceAtTheEnd) {
  const Schema schema = OneInput("a", TypeId::kFloat32);
  ColumnBuilder builder(TypeId::kFloat32);
  builder.AppendDouble(16777216);  // 2^24: as a float32, adding 1 would change nothing
  const std::array<Column, 1> columns = {builder.Finish()};
  const Evaluation evaluation =
      Compile("a + 1 + 1", schema, TypeId::kFloat32).Evaluate(columns, 1, kNow);
  EXPECT_EQ(evaluation.values.type(), DataType(TypeId::kFloat32));
  EXPECT_EQ(evaluation.values.values<float>()[0], 16777218.0F);
}

// An int64 beyond 2^53 is rounded once to float32, not by way of float64.
TEST(ExpressionTest, Int64GoesToFloat32InOneStep) {
  const std::array<Column, 1> columns = {Ints({9007199791611905})};
  const Evaluation evaluation =
      Compile("a", OneInput("a", TypeId::kInt64), TypeId::kFloat32).Evaluate(columns, 1, kNow);
  EXPECT_EQ(evaluation.values.values<float>()[0], 9007200328482816.0F);
}

// Rule 1.5: whatever bits a NaN had when it was computed.
TEST(ExpressionTest, EveryNanIsTheCanonicalOne) {
  const Schema schema = OneInput("a", TypeId::kFloat64);
  ColumnBuilder builder(TypeId::kFloat64);
  builder.AppendDouble(-1);
  const std::array<Column, 1> columns = {builder.Finish()};
  for (const char* const text :
       {"0.0 / (a + 1)", "-(0.0 / (a + 1))", "sqrt(a)", "ln(a)", "pow(a, 0.5)",
        "sin(1.0 / (a + 1))", "cast(cast(sqrt(a) as float32) as float64)", "greatest(sqrt(a), 1)",
        "-sqrt(a) % 3"}) {
    const Evaluation evaluation = Compile(text, schema).Evaluate(columns, 1, kNow);
    std::uint64_t bits = 0;
    std::memcpy(&bits, evaluation.values.values<double>().data(), sizeof(bits));
    EXPECT_EQ(bits, 0x7FF8000000000000U) << text;
  }
  const Evaluation narrow = Compile("sqrt(a)", schema, TypeId::kFloat32).Evaluate(columns, 1, kNow);
  std::uint32_t bits = 0;
  std::memcpy(&bits, narrow.values.values<float>().data(), sizeof(bits));
  EXPECT_EQ(bits, 0x7FC00000U);
}

TEST(ExpressionTest, ReadsSlicesOfColumns) {
  std::vector<std::int64_t> values;
  ColumnBuilder texts(TypeId::kString);
  for (int i = 0; i < 100; ++i) {
    values.push_back(i);
    if (i % 3 == 0) {
      texts.AppendNull();
    } else {
      texts.AppendBytes("t" + std::to_string(i));
    }
  }
  Schema schema = OneInput("a", TypeId::kInt64);
  schema.Add("s", TypeId::kString);
  const std::array<Column, 2> columns = {Ints(values).Slice(41, 20), texts.Finish().Slice(41, 20)};
  const Evaluation evaluation =
      Compile("s || ':' || cast(a as string)", schema).Evaluate(columns, 20, kNow);
  EXPECT_EQ(evaluation.values.GetValue(0).AsString(), "t41:41");
  EXPECT_TRUE(evaluation.values.GetValue(1).is_null());
  EXPECT_EQ(evaluation.values.GetValue(18).AsString(), "t59:59");
}

TEST(ExpressionTest, CanonicalTextIsOneForOneMeaning) {
  Schema schema;
  schema.Add("a", TypeId::kInt32);
  schema.Add("b", TypeId::kFloat64);
  const auto canonical = [&](std::string_view text) { return Compile(text, schema).Canonical(); };
  EXPECT_EQ(canonical("COALESCE( a,0 )/60"), "(coalesce(cast(\"a\" as int64), 0) / 60)");
  EXPECT_EQ(canonical("b!=1 AND NOT a BETWEEN 1 AND 2.5"),
            "((\"b\" <> cast(1 as float64)) and (not (\"a\" between 1 and 2.5)))");
  EXPECT_EQ(canonical("b::float32 is null -- why"), "(cast(\"b\" as float32) is null)");
  EXPECT_EQ(canonical("if(a > 1, 'it''s', null)"),
            "case when (cast(\"a\" as int64) > 1) then 'it''s' else cast(null as string) end");
  EXPECT_EQ(canonical("extract(hour from now() at time zone 'UTC') - -(5)"),
            "(hour(now(), 'UTC') - (-(5)))");
  EXPECT_EQ(canonical("substring('x', 1) like 'a!%' escape '!'"),
            "(substr('x', 1) like 'a!%' escape '!')");
  EXPECT_EQ(canonical("epoch(interval '1 day 2h')"), "epoch(interval '93600000000us')");
}

TEST(ExpressionTest, LibraryVersionsNameWhatDecidesValues) {
  EXPECT_THAT(
      ExpressionLibraryVersions(),
      testing::MatchesRegex(
          "sleef [0-9.]+ cinz; tzdata 20[0-9]+[a-z]; utf8proc [0-9.]+, Unicode [0-9.]+; re2 "
          "[0-9.]+"));
}

TEST(ExpressionTest, ManyThreadsMayEvaluateOneExpression) {
  const Expression expression =
      Compile("case when a % 2 = 0 then upper('even ' || cast(a as string)) else 'odd' end",
              OneInput("a", TypeId::kInt64));
  std::vector<std::int64_t> values(4000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  const std::array<Column, 1> columns = {Ints(values)};
  const Evaluation expected = expression.Evaluate(columns, 4000, kNow);
  std::vector<std::thread> threads;
  std::array<bool, 4> same{};
  for (std::size_t i = 0; i < same.size(); ++i) {
    threads.emplace_back([&, i] {
      same[i] = true;
      for (int round = 0; round < 20; ++round) {
        const Evaluation found = expression.Evaluate(columns, 4000, kNow);
        same[i] = same[i] && SameBits(found.values, expected.values);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(same, testing::Each(true));
}

}  // namespace
}  // namespace coeval
