// What a window costs an event while it slides: one in, one out, and a value asked.
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "aggregation/resolve.h"
#include "column/builder.h"

namespace coeval {
namespace {

constexpr std::int64_t kEvents = 100'000;

struct Input {
  std::vector<Column> arguments;
  std::vector<TimeMicros> times;
};

// Amounts with two digits after the point, of which many are equal; a null in fifty.
Input Amounts(const DataType& type) {
  std::mt19937_64 random(1);
  Input input;
  ColumnBuilder builder(type);
  for (std::int64_t i = 0; i < kEvents; ++i) {
    const auto cents = static_cast<std::int64_t>(random() % 50'000);
    if (random() % 50 == 0) {
      builder.AppendNull();
    } else if (type.id() == TypeId::kInt64) {
      builder.AppendInt(cents);
    } else {
      builder.AppendDouble(static_cast<double>(cents) / 100);
    }
    input.times.push_back(i * kSecond);
  }
  input.arguments.push_back(builder.Finish());
  return input;
}

BoundAggregate Bind(const std::string& name, const DataType& type) {
  const std::vector<DataType> types = {type};
  AggregateParameters parameters;
  if (name == "decay_sum") parameters.emplace_back("half_life", Value::String("1h"));
  return *ResolveAggregate(name, types, parameters);
}

// Batches of 1,000 events into a tile: ns per event.
void Add(benchmark::State& state, const std::string& name, const DataType& type) {
  const BoundAggregate bound = Bind(name, type);
  const Input input = Amounts(type);
  const Events events = {input.arguments, input.times};
  while (state.KeepRunning()) {
    AggregateState tile(*bound.function);
    for (std::int64_t from = 0; from < kEvents; from += 1000) tile.Add(events, from, from + 1000);
    benchmark::DoNotOptimize(&tile);
  }
  state.SetItemsProcessed(state.iterations() * kEvents);
}

// A window of state.range(0) events moves over all of them, one in and one out a step; `asks`: its
// value is asked at each step. ns per step.
void Slide(benchmark::State& state, const std::string& name, const DataType& type, bool asks) {
  const BoundAggregate bound = Bind(name, type);
  const Input input = Amounts(type);
  const Events events = {input.arguments, input.times};
  const std::int64_t width = state.range(0);
  while (state.KeepRunning()) {
    AggregateState window(*bound.sliding);
    window.Add(events, 0, width);
    ColumnBuilder values(bound.result);
    for (std::int64_t i = width; i < kEvents; ++i) {
      window.Add(events, i, i + 1);
      window.Remove(events, i - width, i - width + 1);
      if (asks) window.Append({.t = i * kSecond, .length = std::nullopt}, &values);
    }
    benchmark::DoNotOptimize(values.length());
  }
  state.SetItemsProcessed(state.iterations() * (kEvents - width));
}

[[maybe_unused]] const int kRegistered = [] {
  for (const char* const name : {"count", "sum", "mean", "var_samp", "kurtosis", "max", "median",
                                 "count_distinct", "decay_sum"}) {
    for (const DataType& type : {DataType(TypeId::kFloat64), DataType(TypeId::kInt64)}) {
      const std::string label = std::string(name) + "/" + type.ToString();
      benchmark::RegisterBenchmark(("add/" + label).c_str(), Add, name, type);
      for (const bool asks : {false, true}) {
        benchmark::RegisterBenchmark(((asks ? "slide_and_ask/" : "slide/") + label).c_str(), Slide,
                                     name, type, asks)
            ->Arg(100)
            ->Arg(10'000);
      }
    }
  }
  return 0;
}();

}  // namespace
}  // namespace coeval
