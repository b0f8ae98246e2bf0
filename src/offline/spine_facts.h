// SpineFacts: what the spines that are made from facts share (rule 4.5, and backfills): which plans
// have one, the facts of their views with the keys as the spine has them, and the table of rows.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "offline/facts_spine.h"
#include "retrieval/feature_plan.h"
#include "source/fact_reader.h"

namespace coeval {

// The time column of such a spine.
inline constexpr const char* kFactTimeColumn = "event_timestamp";

// Errors: InvalidArgument where no stored view is asked for, where the views' join keys differ
// after mapping, where the plan asks for request data, where a key is itself called
// `event_timestamp`.
Status CheckSpineOfFacts(const FeaturePlan& plan);

// `key`: the fact's join keys, encoded in the order of the plan's request columns.
using TakeFact =
    std::function<void(std::string_view key, const FactBatch& facts, std::int64_t row)>;

// Gives every fact of the view in the range, without features. A fact whose keys are mapped to one
// column and differ is left out. Errors: those of the readers; Cancelled.
Status ForEachFact(const FeaturePlan& plan, const PlannedView& view, const FactRange& range,
                   const OpenView& open, const Context& context, const TakeFact& take);

// One row of such a spine: the number of its key, and its time.
struct SpineMoment {
  std::size_t key = 0;
  TimeMicros t = 0;

  friend bool operator==(const SpineMoment&, const SpineMoment&) = default;
};

// A table of the plan's join keys and the time column. `keys`: encoded, as ForEachFact gives them.
// Errors: InvalidArgument where a column of strings would pass 2 GiB in some 65,536 rows.
Result<ArrowTable> TableOfMoments(const FeaturePlan& plan,
                                  const std::vector<std::string_view>& keys,
                                  const std::vector<SpineMoment>& moments);

}  // namespace coeval
