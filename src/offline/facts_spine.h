// A spine from facts (rule 4.5): no spine but a time range. One row for each key and visible time
// max(event, known) of the views' facts in [start, end]; by time, then by key.
//
//   facts of jfk known at 10:00 and 11:00, of lga at 10:00      spine   10:00 jfk
//                                                                       10:00 lga
//                                                                       11:00 jfk
#pragma once

#include <functional>
#include <memory>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "definition/fact.h"
#include "retrieval/feature_plan.h"
#include "source/fact_reader.h"

namespace coeval {

// [start, end], both included.
struct TimeRange {
  TimeMicros start = kMinTime;
  TimeMicros end = kMaxTime;
};

// Opens a view's facts: binds the names in its source's location and calls FactReader::Open.
using OpenView = std::function<Result<std::unique_ptr<FactReader>>(const ViewVersion& view,
                                                                   FactRequest request)>;

// A table of the plan's join keys and `event_timestamp`. Errors: InvalidArgument where the views'
// join keys differ after mapping, where the plan asks for request data, where a key is itself
// called `event_timestamp`, where start > end; those of the readers. Cost: O(facts) time,
// O(distinct rows) memory.
Result<ArrowTable> MakeSpineFromFacts(const FeaturePlan& plan, TimeRange range, Known known,
                                      const OpenView& open, const Context& context);

}  // namespace coeval
