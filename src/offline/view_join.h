// ViewJoin: the stored views of a plan, each joined to the spine (rules 2, 3, 4.4), at once or,
// where memory is short, in parts of the keys (budgeted_join.h). Views with the same key columns
// share one index of the spine's questions.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "definition/fact.h"
#include "io/scratch_file.h"
#include "offline/answer_rows.h"
#include "offline/budgeted_join.h"
#include "offline/facts_spine.h"
#include "offline/keyed_questions.h"
#include "offline/memory_plan.h"
#include "offline/question_index.h"
#include "offline/spine.h"
#include "offline/training_set.h"
#include "retrieval/assemble.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// Borrows plan, spine, options, memory and context. `scratch` is for answers in parts; it is made
// when it is first needed. Threads: one.
class ViewJoin {
 public:
  ViewJoin(const FeaturePlan& plan, const Spine& spine, const TrainingSetOptions& options,
           OpenView open, const MemoryPlan& memory, std::shared_ptr<ScratchFile>* scratch,
           const Context& context);

  // Joins one view. Errors name it; Unavailable where its source changed while it was read.
  Result<std::unique_ptr<AnswerRows>> Run(const PlannedView& view, ViewSummary* summary);

  // The spine's questions by the keys of a view.
  Result<const QuestionIndex*> IndexFor(const PlannedView& view);

 private:
  KeyedQuestions& QuestionsOf(const PlannedView& view);
  Result<std::unique_ptr<AnswerRows>> Join(const PlannedView& view, JoinedFacts* facts,
                                           ViewSummary* summary);

  const FeaturePlan& plan_;
  const Spine& spine_;
  const TrainingSetOptions& options_;
  OpenView open_;
  JoinBudget budget_;
  std::map<std::vector<std::string>, KeyedQuestions> questions_;  // by key columns
};

}  // namespace coeval
