// ViewJoin: the stored views of a plan, each joined to the spine (rules 2, 3, 4.4). Views with the
// same key columns share one index of the spine's questions.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "definition/fact.h"
#include "offline/as_of_join.h"
#include "offline/facts_spine.h"
#include "offline/question_index.h"
#include "offline/spine.h"
#include "offline/training_set.h"
#include "retrieval/assemble.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// Borrows plan, spine, options and context. Threads: one.
class ViewJoin {
 public:
  ViewJoin(const FeaturePlan& plan, const Spine& spine, const TrainingSetOptions& options,
           OpenView open, const Context& context);

  // Joins one view. Errors name it.
  Result<ViewAnswers> Run(const PlannedView& view, ViewSummary* summary);

  // The spine's questions by the keys of a view.
  Result<const QuestionIndex*> IndexFor(const PlannedView& view);

 private:
  // Rule 3, and rule 5.
  Result<ViewAnswers> AsOf(const PlannedView& view, const QuestionIndex& index,
                           const OpenFacts& open, const FactProgress& progress,
                           ViewSummary* summary) const;
  Result<ViewAnswers> Windows(const PlannedView& view, const QuestionIndex& index,
                              const OpenFacts& open, const FactProgress& progress,
                              ViewSummary* summary) const;

  const FeaturePlan& plan_;
  const Spine& spine_;
  const TrainingSetOptions& options_;
  OpenView open_;
  const Context& context_;
  std::map<std::vector<std::string>, QuestionIndex> indexes_;  // by key columns
};

}  // namespace coeval
