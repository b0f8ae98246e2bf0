// BudgetedJoin: one view, or one file of facts, joined to its questions within a memory plan: at
// once where all fits, else in parts of the keys (parts_join.h), whose answers are spilled. The
// answers are the same.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "base/context.h"
#include "base/status.h"
#include "definition/fact.h"
#include "io/scratch_file.h"
#include "offline/answer_rows.h"
#include "offline/as_of_join.h"
#include "offline/keyed_questions.h"
#include "offline/memory_plan.h"
#include "offline/window_join.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// What the joins of one spine share. Borrows; `scratch` is made when it is first needed.
struct JoinBudget {
  const MemoryPlan& memory;
  std::shared_ptr<ScratchFile>* scratch;
  const Context& context;
};

// The facts of one join.
struct JoinedFacts {
  std::string name;  // for the log: "view 'weather'"
  OpenFacts open;    // called once for each part; it must give the same facts each time
  FactProgress progress;
  // How often all facts are read, for progress: told before they are.
  std::size_t parts = 1;
};

// As JoinAsOf, but for where the answers are.
Result<std::unique_ptr<AnswerRows>> JoinAsOfWithin(const JoinBudget& budget, const AsOfJoin& join,
                                                   const JoinSize& size, KeyedQuestions* questions,
                                                   JoinedFacts* facts, AsOfCounts* counts);

// As JoinWindows, but for the answers, which are left out of `joined`. Where the events may be too
// many, those of the questions' keys are counted first.
Result<std::unique_ptr<AnswerRows>> JoinWindowsWithin(const JoinBudget& budget,
                                                      const PlannedView& view, Known known,
                                                      KeyedQuestions* questions, JoinedFacts* facts,
                                                      WindowAnswers* joined);

}  // namespace coeval
