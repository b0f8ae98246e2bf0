// EventPresence: which questions (key, t) find an event of their key: a fact that is true and known
// at t, whatever its age, and neither deleted nor retracted by then (rules 3.7, 5.3).
//
//   facts of jfk    10:00 sunny    11:00 deleted    12:00 rain
//   question at     09:59 no   10:30 yes   11:00 no   12:00 yes
#pragma once

#include <cstdint>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "definition/fact.h"
#include "offline/as_of_join.h"
#include "offline/question_index.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// True where facts of the view can go again, so that a key's first fact does not say all.
bool EventsMayGo(const PlannedView& view);

// One entry for each question: 1 where there is one. Errors: those of the facts; Cancelled. Cost:
// one pass over the facts; of an aggregated view memory for the events of the questions' keys.
Result<std::vector<std::uint8_t>> FindPresence(const QuestionIndex& questions,
                                               const PlannedView& view, Known known,
                                               const OpenFacts& open, const Context& context);

}  // namespace coeval
