// WindowSweep: aggregates over windows at every question of a spine (rule 5), by going over each
// key's events and questions once, both in order of time.
//
//   events of ann    10:00 3   10:05 2   10:20 4
//   questions        10:06              10:21
//   sum over 15 min  5 (add, add)       4 (take 3 and 2 back, add 4)
//
// States take events back where they can; functions of the order of events read the range of the
// window; what neither can is computed anew. Events that become known late, are corrected or
// retracted come and go in the middle of the range (event_timeline.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "offline/event_table.h"
#include "offline/question_index.h"
#include "retrieval/key_window.h"

namespace coeval {

struct SweepCounts {
  std::int64_t too_late = 0;  // facts (rule 5.8)
};

// One entry of each feature for each slot. `events` were read for the keys of `questions`. One
// thread of context.threads takes a run of keys at a time, or a run of the questions of a key that
// has many; the result does not depend on their number. Errors: Cancelled; InvalidArgument where
// the values of a feature would pass 2 GiB. Cost: O(events + questions) state operations for each
// feature. Threads: any.
Result<std::vector<SweptFeature>> SweepWindows(const QuestionIndex& questions,
                                               const EventTable& events,
                                               std::span<const SweepFeature> features,
                                               const Context& context, SweepCounts* counts);

}  // namespace coeval
