// PartsJoin: a view joined to a spine whose questions are too many for memory at once: a part of
// the keys at a time, answers spilled as they come. The answers are those of one join of all.
//
//   facts in pieces   keys and times of all facts, once for each part of the questions
//                     -> where each question's values lie; then these values, once for all
//   other facts       all facts, once for each part
//   windows           all events, once for each part; those of the part's keys are kept
#pragma once

#include <cstdint>

#include "base/context.h"
#include "base/status.h"
#include "definition/fact.h"
#include "offline/answer_spill.h"
#include "offline/as_of_join.h"
#include "offline/question_parts.h"
#include "offline/window_join.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// As JoinAsOf, but for the answers, which go to `answers`. `open` is called once for each part; it
// must give the same facts each time. Memory: that of the join of a part, and 12 bytes a question.
Result<AsOfCounts> JoinAsOfInParts(const QuestionParts& parts, const AsOfJoin& join,
                                   const OpenFacts& open, const Context& context,
                                   const FactProgress& progress, AnswerSpill* answers);

// As JoinWindows, but for the answers, which are left out of what is returned.
Result<WindowAnswers> JoinWindowsInParts(const QuestionParts& parts, const PlannedView& view,
                                         Known known, const OpenFacts& open, const Context& context,
                                         const FactProgress& progress, AnswerSpill* answers);

}  // namespace coeval
