// Explain: why has a feature this value for this key at this time? It goes a path of its own: the
// facts of the one key are read from their source, and each is judged in the words of the rules
// (explain_fact.h, explain_window.h); values are then put together as everywhere
// (retrieval/assemble.h). So it also checks the engine, which never looks at most facts.
//
//   auto why = ExplainRow(plan, training_set, 17, "temp", {}, open, context);
//   ExplanationText(*why)
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "offline/explanation.h"
#include "offline/facts_spine.h"
#include "offline/spine.h"
#include "offline/training_set.h"
#include "retrieval/feature_plan.h"

namespace coeval {

struct ExplainOptions {
  Known known = Known::kDeclared;  // rule 3.2
  std::int64_t nearest = 5;        // facts of each fate to show (shown_facts.h)
  ProgressSink progress;           // per view read; may be null
};

// The output called so: its name, "view__feature", or "view:feature" (also "view@v2:feature").
// "" where there is only one. Errors: NotFound with the nearest name; InvalidArgument where several
// are meant.
Result<std::size_t> FindOutput(const FeaturePlan& plan, std::string_view feature);

// The names of the request columns that the output needs; what the others hold does not matter to
// it.
std::set<std::string> NeededColumns(const FeaturePlan& plan, std::size_t output);

// `request`: one column for each of plan.request_columns, of its type, one row each. Errors: those
// of the readers; Cancelled. Cost: reads the sources of the feature once, whole; memory for the
// facts of the one key.
Result<Explanation> Explain(const FeaturePlan& plan, std::size_t output,
                            std::span<const Column> request, TimeMicros t,
                            const ExplainOptions& options, const OpenView& open,
                            const Context& context);

// The same of a row of a spine, counted from 0. Errors: InvalidArgument where there is no such row.
Result<Explanation> ExplainRow(const FeaturePlan& plan, const Spine& spine, std::int64_t row,
                               std::string_view feature, const ExplainOptions& options,
                               const OpenView& open, const Context& context);

// The same of a row of a training set that `plan` made; a note says where the set holds another
// value, which is so when its sources were changed since.
Result<Explanation> ExplainRow(const FeaturePlan& plan, const TrainingSet& set, std::int64_t row,
                               std::string_view feature, const ExplainOptions& options,
                               const OpenView& open, const Context& context);

}  // namespace coeval
