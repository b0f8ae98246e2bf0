// What the tests of aggregation share: random events of every type, values asked in every way, and
// the executable law (tests/model) as an oracle.
#pragma once

#include <random>
#include <span>
#include <string>
#include <vector>

#include "aggregation/resolve.h"
#include "base/json.h"
#include "base/law_model.h"
#include "column/column.h"

namespace coeval {

// Events in order, oldest first.
struct TestEvents {
  std::vector<Column> arguments;
  std::vector<TimeMicros> times;

  [[nodiscard]] Events view() const { return {arguments, times}; }

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(times.size()); }
};

// A value of a type: seldom null, often one of few, sometimes extreme (NaN, infinities, -0.0,
// subnormals, the ends of int64, long strings).
Value RandomValue(std::mt19937_64& random, const DataType& type);
TestEvents RandomEvents(std::mt19937_64& random, std::span<const DataType> types, std::int64_t n);

// A value with what became of it: "3.5", "null", "invalid".
struct Answer {
  Outcome outcome = Outcome::kNull;
  Value value;

  [[nodiscard]] std::string Text(const DataType& type) const;
};

Answer Ask(const BoundAggregate& bound, const AggregateState& state, const Question& question);
Answer AskRange(const BoundAggregate& bound, const Events& events, std::int64_t first,
                std::int64_t last, const Question& question);

bool SameAnswer(const Answer& a, const Answer& b);

std::string EncodedState(const AggregateState& state);

// A function as it is bound in the tests.
struct TestCall {
  std::string name;
  std::vector<DataType> types;
  AggregateParameters parameters;
};

// Every function of the table, with types of each kind that it takes and parameters of its own.
TestCall RandomCall(std::mt19937_64& random, const AggregateInfo& info);

// A value in the model's JSON: floats {"f": hex}, bytes {"b": hex}, maps {"map": [[k, v], ...]}.
Json PlainValue(const Value& value, const DataType& type);

// {"rows": [[[arguments], time], ...]} of events.
Json PlainRows(const TestEvents& events);

}  // namespace coeval
