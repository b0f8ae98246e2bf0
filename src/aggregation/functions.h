// The one table of aggregate functions: the parser of definitions, the registry,
// docs/aggregations.md and the tests are built from it.
//
// A new function is a row in the table of its family (functions_sum.cc, ...), with its class above
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aggregation/aggregate_function.h"
#include "base/status.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

// Which types an argument may have.
enum class ArgumentKind : std::uint8_t {
  kAny,     // every type
  kScalar,  // what has an order and no parts: all but lists, vectors and maps
  kNumber,  // bool (false 0, true 1), int32, int64, float32, float64, decimal
  kBool,
  kVector,  // vector<float32, n>, vector<float64, n>
};

struct ArgumentInfo {
  std::string_view name;
  ArgumentKind kind = ArgumentKind::kAny;
  bool optional = false;
};

enum class ParameterKind : std::uint8_t { kInteger, kFloat, kDuration };

struct ParameterInfo {
  std::string_view name;
  ParameterKind kind = ParameterKind::kInteger;
  double least = 0;  // durations: µs
  double greatest = 0;
  std::optional<double> fallback =
      std::nullopt;  // the default; none, and not optional: it must be given
  bool optional = false;
  std::string_view meaning;
};

// As given in a definition: numbers as Value::Int or Double; durations as µs or as text, "30d".
using AggregateParameters = std::vector<std::pair<std::string, Value>>;

// The checked parameters of one call, defaults filled in. Integers and durations are exact.
class ParameterValues {
 public:
  void Set(std::string_view name, double value) { values_.emplace_back(name, value); }

  // REQUIRES: it has a default, or must be given.
  [[nodiscard]] double Number(std::string_view name) const { return *Find(name); }

  [[nodiscard]] std::int64_t Integer(std::string_view name) const {
    return static_cast<std::int64_t>(Number(name));
  }

  [[nodiscard]] std::optional<double> Find(std::string_view name) const;

  [[nodiscard]] std::span<const std::pair<std::string_view, double>> all() const { return values_; }

 private:
  std::vector<std::pair<std::string_view, double>> values_;
};

// What an empty window gives (rule 5.5).
enum class EmptyResult : std::uint8_t { kNull, kZero, kEmptyList, kEmptyMap };

enum class AggregateFamily : std::uint8_t {
  kCounts,
  kSums,
  kSpread,
  kOrderStatistics,
  kFrequencies,
  kOrdered,
  kTime,
  kVectors,
};
inline constexpr int kAggregateFamilies = 8;

// What a call is bound to.
struct BindRequest {
  std::span<const DataType> types;  // checked against the table
  const ParameterValues& parameters;
};

struct Binding {
  DataType result;
  std::shared_ptr<const AggregateFunction> function;
  // Where a state of `function` cannot take back: one of another form that can. Its Encode writes
  // what the function's does, so that it needs no Decode of its own.
  std::shared_ptr<const AggregateFunction> sliding;
};

struct AggregateExample {
  std::string_view call;  // "sum", "quantile(q=0.9)"
  std::string_view type;  // of the arguments, by name: "int64", or "float64, float64"
  std::string_view
      events;  // oldest first, a minute apart: "1, null, 3"; of two arguments "1 2, 3 4"
  std::string_view result;  // as ToText (column/value.h) writes it, or "invalid"
};

struct AggregateInfo {
  std::string_view name;
  AggregateFamily family = AggregateFamily::kCounts;
  std::vector<std::string_view> aliases = {};
  std::vector<ArgumentInfo> arguments = {};
  std::vector<ParameterInfo> parameters = {};
  std::string_view result;   // "float64", "the type of x", ...: for the page
  std::string_view meaning;  // one or more sentences
  EmptyResult empty = EmptyResult::kNull;
  // Does the result depend on the order of events (rule 5.3)? Then states merge only in order, and
  // a window slides by AppendRange.
  bool ordered = false;
  // Needs a window with a length (rate), or one of at most 1,000 half-lives (decay).
  bool bounded = false;
  Binding (*bind)(const BindRequest&) = nullptr;
  std::vector<AggregateExample> examples = {};
};

// All functions, by family and in the order of the documentation. Built once.
const std::vector<AggregateInfo>& AggregateFunctions();
// By name or alias, exactly; null where there is none.
const AggregateInfo* FindAggregate(std::string_view name);
// All names and aliases, for suggestions.
const std::vector<std::string>& AggregateNames();

std::string_view FamilyTitle(AggregateFamily family);

// The rows of each family.
std::vector<AggregateInfo> SumAggregates();
std::vector<AggregateInfo> MomentAggregates();
std::vector<AggregateInfo> PairAggregates();
std::vector<AggregateInfo> DecayAggregates();
std::vector<AggregateInfo> ExtremeAggregates();
std::vector<AggregateInfo> TopByAggregates();
std::vector<AggregateInfo> DistinctAggregates();
std::vector<AggregateInfo> QuantileAggregates();
std::vector<AggregateInfo> FrequencyAggregates();
std::vector<AggregateInfo> OrderedAggregates();
std::vector<AggregateInfo> PathAggregates();
std::vector<AggregateInfo> TimeAggregates();
std::vector<AggregateInfo> VectorAggregates();

}  // namespace coeval
