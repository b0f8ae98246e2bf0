// WindowJoin: the features of an aggregated view at every question of a spine (rule 5): its events
// read, windows swept over them, expressions computed over what came out.
#pragma once

#include "base/context.h"
#include "base/status.h"
#include "definition/aggregated_view.h"
#include "definition/fact.h"
#include "offline/as_of_join.h"
#include "offline/event_table.h"
#include "offline/question_index.h"
#include "retrieval/assemble.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// What the facts of an aggregated view mean; their columns are the view's inputs.
EventRule EventRuleOf(const PlannedView& view, const AggregatedView& resolved, Known known);

struct WindowAnswers {
  ViewAnswers answers;  // one row for each question
  FactCounts read;
  std::int64_t events = 0;    // of keys that some question has
  std::int64_t too_late = 0;  // of these, too late to take part (rule 5.8)
};

// `open` is called once, with the columns that the asked features need. Errors: those of the facts;
// Cancelled. Cost: memory for the events of the questions' keys that may lie in a window. Threads:
// any, with a call's own arguments.
Result<WindowAnswers> JoinWindows(const QuestionIndex& questions, const PlannedView& view,
                                  Known known, const OpenFacts& open, const Context& context,
                                  const FactProgress& progress = nullptr);

}  // namespace coeval
