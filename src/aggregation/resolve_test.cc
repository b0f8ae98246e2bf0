// What a definition can ask for, and how its mistakes are told.
#include "aggregation/resolve.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

std::string Mistake(std::string_view name, std::vector<DataType> types,
                    AggregateParameters parameters = {}) {
  const Result<BoundAggregate> bound = ResolveAggregate(name, types, parameters);
  return bound.ok() ? "none" : bound.status().message();
}

DataType ResultOf(std::string_view name, std::vector<DataType> types,
                  AggregateParameters parameters = {}) {
  const Result<BoundAggregate> bound = ResolveAggregate(name, types, parameters);
  EXPECT_TRUE(bound.ok()) << bound.status().ToString();
  return bound.ok() ? bound->result : DataType();
}

TEST(ResolveTest, ResultsHaveTheTypesOfTheTable) {
  EXPECT_EQ(ResultOf("count", {}), TypeId::kInt64);
  EXPECT_EQ(ResultOf("sum", {TypeId::kInt32}), TypeId::kInt64);
  EXPECT_EQ(ResultOf("sum", {TypeId::kFloat32}), TypeId::kFloat64);
  EXPECT_EQ(ResultOf("sum", {DataType::Decimal(10, 2)}), DataType::Decimal(38, 2));
  EXPECT_EQ(ResultOf("avg", {TypeId::kInt64}), TypeId::kFloat64);
  EXPECT_EQ(ResultOf("max", {TypeId::kString}), TypeId::kString);
  EXPECT_EQ(ResultOf("last_n", {TypeId::kDate}, {{"n", Value::Int(3)}}),
            DataType::List(TypeId::kDate));
  EXPECT_EQ(ResultOf("histogram", {TypeId::kString}),
            DataType::Map(TypeId::kString, TypeId::kInt64));
  EXPECT_EQ(ResultOf("mean_vec", {DataType::Vector(TypeId::kFloat32, 4)}),
            DataType::Vector(TypeId::kFloat64, 4));
  const Result<BoundAggregate> by =
      ResolveAggregateBy("sum", std::vector<DataType>{TypeId::kInt64}, TypeId::kString);
  ASSERT_TRUE(by.ok());
  EXPECT_EQ(by->result, DataType::Map(TypeId::kString, TypeId::kInt64));
  EXPECT_EQ(by->ToString(), "sum(int64 by string)");
}

TEST(ResolveTest, FeastsNamesAreKnown) {
  for (const char* const name : {"sum", "max", "min", "count", "mean", "avg", "std", "var"}) {
    EXPECT_EQ(Mistake(name, {TypeId::kFloat64}), "none") << name;
  }
  EXPECT_EQ(Mistake("count_distinct", {TypeId::kString}), "none");
}

TEST(ResolveTest, MistakesAreNamed) {
  EXPECT_EQ(Mistake("medain", {TypeId::kInt64}),
            "unknown aggregate function medain, did you mean \"median\"?");
  EXPECT_EQ(Mistake("sum", {TypeId::kString}),
            "sum: argument x must be a number or bool, it is string");
  EXPECT_EQ(Mistake("max", {DataType::List(TypeId::kInt64)}),
            "max: argument x must be a type without parts (not a list, vector or map), it is "
            "list<int64>");
  EXPECT_EQ(Mistake("sum", {}), "sum takes 1 argument, not 0");
  EXPECT_EQ(Mistake("count", {TypeId::kInt64, TypeId::kInt64}),
            "count takes 0 or 1 arguments, not 2");
  EXPECT_EQ(Mistake("corr", {TypeId::kInt64}), "corr takes 2 arguments, not 1");
  EXPECT_EQ(Mistake("quantile", {TypeId::kInt64}),
            "quantile needs the parameter q: which quantile: 0 is the least value, 1 the greatest");
  EXPECT_EQ(Mistake("quantile", {TypeId::kInt64}, {{"q", Value::Double(1.5)}}),
            "quantile: parameter q must lie between 0 and 1");
  EXPECT_EQ(Mistake("quantile", {TypeId::kInt64}, {{"q", Value::Double(CanonicalNan())}}),
            "quantile: parameter q must lie between 0 and 1");
  EXPECT_EQ(Mistake("count_distinct", {TypeId::kInt64}, {{"capp", Value::Int(5)}}),
            "count_distinct has no parameter capp, did you mean \"cap\"?; it takes cap, p");
  EXPECT_EQ(Mistake("sum", {TypeId::kInt64}, {{"n", Value::Int(5)}}),
            "sum takes no parameters, but n is given");
  EXPECT_EQ(Mistake("first_n", {TypeId::kInt64}, {{"n", Value::Double(2.5)}}),
            "first_n: parameter n must be an integer");
  EXPECT_EQ(Mistake("first_n", {TypeId::kInt64}, {{"n", Value::Int(INT64_MAX)}}),
            "first_n: parameter n must lie between 1 and 10000");
  EXPECT_EQ(Mistake("first_n", {TypeId::kInt64}, {{"n", Value::Int(2)}, {"n", Value::Int(3)}}),
            "first_n: parameter n is given twice");
  EXPECT_EQ(Mistake("decay_sum", {TypeId::kInt64}, {{"half_life", Value::Bool(true)}}),
            "decay_sum: parameter half_life must be a duration such as '30m'");
  const Result<BoundAggregate> by = ResolveAggregateBy("sum", std::vector<DataType>{TypeId::kInt64},
                                                       DataType::List(TypeId::kInt64));
  EXPECT_EQ(
      by.status().message(),
      "sum: `by` must be a type without parts (not a list, vector or map), it is list<int64>");
}

TEST(ResolveTest, ParametersAreShownWhereTheyAreNotTheDefault) {
  const std::vector<DataType> types = {TypeId::kFloat64};
  EXPECT_EQ(
      ResolveAggregate("quantile", types, {{"q", Value::Double(0.9)}, {"cap", Value::Int(1000)}})
          ->ToString(),
      "quantile(float64; q=0.9)");
  EXPECT_EQ(ResolveAggregate("decay_sum", types, {{"half_life", Value::String("90m")}})->ToString(),
            "decay_sum(float64; half_life=1h30m)");
  EXPECT_EQ(ResolveAggregate("count", {})->ToString(), "count()");
}

TEST(ResolveTest, SomeFunctionsNeedABoundedWindow) {
  const std::vector<DataType> types = {TypeId::kFloat64};
  const BoundAggregate decay =
      *ResolveAggregate("decay_sum", types, {{"half_life", Value::String("1h")}});
  EXPECT_TRUE(decay.CheckWindow({.length = 1000 * kHour}).ok());
  EXPECT_EQ(decay.CheckWindow({.length = 1001 * kHour}).message(),
            "decay_sum: a window of 41d17h is longer than 1,000 half-lives of 1h; shorten it, or "
            "take a longer half_life");
  EXPECT_EQ(decay.CheckWindow({}).message(),
            "decay_sum needs a window of at most 1,000 half-lives, not all history");
  EXPECT_FALSE(decay.CheckWindow({.length = 1000 * kHour, .offset = kHour}).ok());
  EXPECT_EQ(ResolveAggregate("rate", types)->CheckWindow({}).message(),
            "rate needs a window with a length, not all history");
  EXPECT_TRUE(ResolveAggregate("sum", types)->CheckWindow({}).ok());
}

// What is there as a table must be there as a function: both forms, of all types.
TEST(ResolveTest, WhatCannotTakeBackIsReadFromOrderedEvents) {
  for (const AggregateInfo& info : AggregateFunctions()) {
    std::vector<DataType> types;
    for (const ArgumentInfo& argument : info.arguments) {
      types.push_back(argument.kind == ArgumentKind::kVector ? DataType::Vector(TypeId::kFloat64, 2)
                      : argument.kind == ArgumentKind::kBool ? DataType(TypeId::kBool)
                                                             : DataType(TypeId::kFloat64));
    }
    AggregateParameters parameters;
    for (const ParameterInfo& parameter : info.parameters) {
      parameters.emplace_back(parameter.name, Value::Double(parameter.least));
    }
    const Result<BoundAggregate> bound = ResolveAggregate(info.name, types, parameters);
    ASSERT_TRUE(bound.ok()) << bound.status().ToString();
    EXPECT_TRUE(bound->sliding != nullptr || info.ordered) << info.name;
    if (bound->sliding != nullptr) {
      EXPECT_TRUE(bound->sliding->removable()) << info.name;
    }
  }
}

}  // namespace
}  // namespace coeval
