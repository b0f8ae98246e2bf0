// The examples of the table of functions: how the tests read and compute them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aggregation/functions.h"
#include "aggregation/resolve.h"
#include "base/status.h"

namespace coeval {

// An example as it is computed: the call bound to its types, and its events as columns, a minute
// apart, the newest at t.
struct RunnableExample {
  BoundAggregate bound;
  std::vector<Column> arguments;
  std::vector<TimeMicros> times;
  TimeMicros t = 0;
  std::optional<DurationMicros> length;  // an hour
};

Result<RunnableExample> ReadExample(const AggregateExample& example);

// Its result as the page shows it. Errors: those of ReadExample.
Result<std::string> RunExample(const AggregateExample& example);

}  // namespace coeval
