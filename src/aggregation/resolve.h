// From a function's name, the types of its arguments and its parameters to what computes it.
//
//   ResolveAggregate("quantile", {float64}, {{"q", 0.9}})  ->  float64, q 0.9, cap 1000
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/aggregate_function.h"
#include "aggregation/functions.h"
#include "aggregation/window.h"
#include "base/status.h"
#include "column/type.h"

namespace coeval {

// Immutable; copies are cheap. Threads: any.
struct BoundAggregate {
  const AggregateInfo* info = nullptr;
  std::vector<DataType> types;  // of the arguments, then of the group, if there is one
  ParameterValues parameters;   // defaults filled in: part of the version
  DataType result;
  bool grouped = false;
  // Of tiles: compact, mergeable, encoded.
  std::shared_ptr<const AggregateFunction> function;
  // Of windows that slide: takes back any event. The same as `function` where that can; none where
  // only the ordered events themselves tell (use function->AppendRange).
  std::shared_ptr<const AggregateFunction> sliding;

  // "quantile(float64; q=0.9, cap=1000)": for plans and errors. Parameters at their default are
  // left out.
  [[nodiscard]] std::string ToString() const;

  // May it be asked over this window? rate needs a length, and a decay at most 1,000 half-lives of
  // it, offset included. Errors: InvalidArgument.
  [[nodiscard]] Status CheckWindow(const Window& window) const;
};

// Errors: InvalidArgument that names the nearest function or parameter, the argument that has a
// wrong type and those that would do, the parameter that is missing or out of its range.
Result<BoundAggregate> ResolveAggregate(std::string_view name, std::span<const DataType> types,
                                        const AggregateParameters& parameters = {});

// The same, grouped by one more column of scalar type (rule 5.4): its events have the group as
// their last argument, and the result is a map (group.h). Errors: InvalidArgument.
Result<BoundAggregate> ResolveAggregateBy(std::string_view name, std::span<const DataType> types,
                                          const DataType& group,
                                          const AggregateParameters& parameters = {});

}  // namespace coeval
