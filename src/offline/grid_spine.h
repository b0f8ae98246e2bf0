// A spine on a grid of times: what a backfill asks. One row for each instant of the grid and each
// key that has an event by then; by time, then by key.
//
//   facts of jfk from 10:10 on, of lga from 11:00 on      grid 10:00 .. 11:00 every 30m
//                                                         10:30 jfk
//                                                         11:00 jfk
//                                                         11:00 lga
//
// A key has an event at t if some fact of it is true and known at t (whatever the ttl) and neither
// deleted nor retracted by then (rules 3.7, 5.3, 5.7); in an aggregated view one that is too late
// (5.8) is none. So a key comes and may go, and a row says what would have been served then.
#pragma once

#include <cstdint>
#include <optional>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "definition/fact.h"
#include "offline/facts_spine.h"
#include "offline/time_grid.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// More rows are refused before they are made.
inline constexpr std::int64_t kMaxGridRows = 2'000'000'000;

// When the first fact of the plan's views is true and known, deletes and what is too late apart;
// none where that is not by `end`. Errors: those of the readers; Cancelled. Cost: one pass over
// keys and times.
Result<std::optional<TimeMicros>> FirstVisibleTime(const FeaturePlan& plan, TimeMicros end,
                                                   Known known, const OpenView& open,
                                                   const Context& context);

// A table of the plan's join keys and `event_timestamp`. Of several views (beneath an on-demand
// one) a key needs an event in one. Errors: those of TimeGrid::Check, of CheckSpineOfFacts and of
// the readers; InvalidArgument for more than kMaxGridRows rows; Cancelled. Cost: keys and times of
// all facts up to the grid's end are read once, once more where facts may be deleted or have event
// ids; memory for the rows.
Result<ArrowTable> MakeSpineFromGrid(const FeaturePlan& plan, const TimeGrid& grid, Known known,
                                     const OpenView& open, const Context& context);

}  // namespace coeval
