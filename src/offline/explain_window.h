// Rule 5 for one question, in its own words: every fact of the key is looked at, and each gets its
// verdict; those that are counted are given to the function, all at once. The path of explanations,
// apart from the sweep; what both share are the window's ends (aggregation/window.h), the functions
// and the expressions.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "aggregation/window.h"
#include "base/time.h"
#include "column/column.h"
#include "definition/aggregated_view.h"
#include "definition/feature_view.h"
#include "offline/explain_fact.h"
#include "offline/explanation.h"
#include "offline/key_facts.h"

namespace coeval {

struct WindowAnswer {
  Column value;  // one row
  bool invalid = false;
  TimeMicros newest = kMinTime;   // event time of the newest event counted (rule 7.2)
  std::vector<Verdict> verdicts;  // one for each fact
  ExplainedWindow window;
  std::string because;
};

// `facts` have the columns of the view's inputs; `declared` is what `aggregation` was resolved
// from. Cost: O(n^2) at worst. Threads: any.
WindowAnswer JudgeWindow(const KeyFacts& facts, const AggregatedView& view,
                         const ResolvedAggregation& aggregation, const Aggregation& declared,
                         const FactQuestion& question);

// "sum(amount) over 7d where status = 'ok'".
std::string FunctionText(const Aggregation& aggregation);

}  // namespace coeval
