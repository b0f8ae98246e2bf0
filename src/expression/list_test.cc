// Lists, vectors and maps: edges that the examples of the page do not show.
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "expression/expression.h"
#include "expression/testing.h"

namespace coeval {
namespace {

TEST(ListTest, SumsAreExactForIntegersAndInOrderForFloats) {
  EXPECT_EQ(Ask("sum(l)", "l: list<int32> = [2147483647, 1, null]"), "int64 2147483648");
  EXPECT_EQ(Ask("sum(l)", "l: list<int64> = [9223372036854775807, 5, -5]"),
            "int64 9223372036854775807");
  EXPECT_EQ(Ask("sum(l)", "l: list<int64> = [9223372036854775807, 1]"),
            "invalid: integer overflow in sum");
  EXPECT_EQ(Ask("mean(l)", "l: list<int64> = [9223372036854775807, 9223372036854775807]"),
            "float64 9.223372036854776e+18");
  EXPECT_EQ(Ask("sum(l)", "l: list<float64> = [1e16, 1.0, -1e16]"), "float64 0.0");
  EXPECT_EQ(Ask("sum(l)", "l: list<float64> = [1e16, -1e16, 1.0]"), "float64 1.0");
  EXPECT_EQ(Ask("sum(v)", "v: vector<float32, 3> = [0.5, 1.5, 2.0]"), "float64 4.0");
}

TEST(ListTest, EmptyAndNullListsAreNull) {
  for (const char* const call : {"sum(l)", "mean(l)"}) {
    EXPECT_EQ(Ask(call, "l: list<float64> = []"), "float64 null");
    EXPECT_EQ(Ask(call, "l: list<float64> = [null]"), "float64 null");
    EXPECT_EQ(Ask(call, "l: list<float64> = null"), "float64 null");
  }
  EXPECT_EQ(Ask("l2_norm(l)", "l: list<float64> = []"), "float64 0.0");
  EXPECT_EQ(Ask("keys(m)", "m: map<string, int64> = null"), "list<string> null");
}

TEST(ListTest, SliceLeavesOutWhatLiesOutside) {
  const auto slice = [](const std::string& positions) {
    return Ask("slice(l, " + positions + ")", "l: list<string> = ['a', 'b', null, 'd']");
  };
  EXPECT_EQ(slice("0, 2"), "list<string> ['a', 'b']");
  EXPECT_EQ(slice("3, 99"), "list<string> [null, 'd']");
  EXPECT_EQ(slice("-99, -4"), "list<string> ['a']");
  EXPECT_EQ(slice("1, -99"), "list<string> []");
  EXPECT_EQ(slice("-9223372036854775808, 9223372036854775807"),
            "list<string> ['a', 'b', null, 'd']");
  EXPECT_EQ(slice("1, null"), "list<string> null");
  EXPECT_EQ(Ask("slice(slice(l, 2, 4), 2, 2)[1]", "l: list<int64> = [1, 2, 3, 4]"), "int64 3");
  EXPECT_EQ(Ask("case when p then slice(v, 1, 1) else slice(v, 2, 2) end",
                "p: bool = false, v: vector<float32, 2> = [0.5, 0.25]"),
            "list<float32> [0.25]");
}

TEST(ListTest, ContainsComparesAsEqualDoes) {
  EXPECT_EQ(Ask("contains(l, 2)", "l: list<int32> = [1, null, 2]"), "bool true");
  EXPECT_EQ(Ask("contains(l, 2.5)", "l: list<int64> = [2]"), "bool false");
  EXPECT_EQ(Ask("contains(l, 0.0 / 0)", "l: list<float32> = [0.0 / 0]"), "bool true");
  EXPECT_EQ(Ask("contains(l, -0.0)", "l: list<float64> = [0.0]"), "bool true");
  EXPECT_EQ(Ask("contains(l, 'b')", "l: list<string> = ['a', null]"), "bool false");
  EXPECT_EQ(Ask("contains(l, '2013-01-02')", "l: list<date> = [date '2013-01-02']"), "bool true");
  EXPECT_EQ(Ask("contains(l, null)", "l: list<string> = ['a']"), "bool null");
  EXPECT_EQ(Ask("contains(l, 'a')", "l: list<int64> = [1]").substr(0, 6), "error:");
}

TEST(ListTest, MapsGiveKeysAndValuesInOrderOfKeys) {
  EXPECT_EQ(Ask("keys(m)", "m: map<string, float64> = {'b': 1.5, 'a': null}"),
            "list<string> ['a', 'b']");
  EXPECT_EQ(Ask("values(m)", "m: map<string, float64> = {'b': 1.5, 'a': null}"),
            "list<float64> [null, 1.5]");
  EXPECT_EQ(Ask("get(m, 7)", "m: map<int32, string> = {7: 'x'}"), "string 'x'");
}

TEST(VectorTest, SizesMustAgree) {
  EXPECT_EQ(Ask("dot(a, b)", "a: vector<float32, 2> = [1, 2], b: vector<float32, 3> = [1, 2, 3]")
                .substr(0, 6),
            "error:");
  EXPECT_EQ(Ask("dot(a, b)", "a: list<float32> = [1, 2], b: list<int64> = [1, 2, 3]"),
            "invalid: lists of 2 and 3 elements, which must be equal");
  EXPECT_EQ(Ask("cosine_similarity(a, a)", "a: list<int64> = [0, 0]"), "float64 nan");
  EXPECT_EQ(Ask("cosine_similarity(a, b)",
                "a: list<float64> = [0.1, 0.2, 0.3], b: list<float64> = [-0.1, -0.2, -0.3]"),
            "float64 -1.0");
}

// The order of additions that the page promises, written once more without blocks.
double InLanes(const std::vector<double>& terms) {
  std::array<double, 8> lanes{};
  for (std::size_t i = 0; i < terms.size(); ++i) lanes[i % 8] += terms[i];
  return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
         ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

TEST(VectorTest, AddsInTheOrderThatThePageSays) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::normal_distribution<double> normal(0, 1000);
  for (const int size : {1, 7, 8, 9, 63, 64, 65, 200, 768}) {
    const DataType type = DataType::Vector(TypeId::kFloat64, size);
    Batch batch;
    std::vector<std::vector<double>> values(2);
    for (std::size_t side = 0; side < 2; ++side) {
      ColumnBuilder builder(type);
      for (int i = 0; i < size; ++i) {
        values[side].push_back(normal(random));
        builder.child(0).AppendDouble(values[side].back());
      }
      builder.AppendNested();
      batch.schema.Add(side == 0 ? "a" : "b", type);
      batch.columns.push_back(builder.Finish());
    }
    std::vector<double> products, squares;
    for (std::size_t i = 0; i < values[0].size(); ++i) {
      products.push_back(values[0][i] * values[1][i]);
      const double difference = values[0][i] - values[1][i];
      squares.push_back(difference * difference);
    }
    const auto answer = [&](const char* text) {
      const Result<Expression> expression = Expression::Compile(text, batch.schema, std::nullopt);
      EXPECT_TRUE(expression.ok());
      return expression.value()
          .Evaluate(batch.columns, 1, std::array<TimeMicros, 1>{0})
          .values.values<double>()[0];
    };
    EXPECT_EQ(answer("dot(a, b)"), InLanes(products)) << size;
    EXPECT_EQ(answer("l2_distance(a, b)"), std::sqrt(InLanes(squares))) << size;
  }
}

}  // namespace
}  // namespace coeval
