// WhyNothing: why a view gave no value for any row of a spine, in words for people. What a training
// set most often gets wrong is silent: keys in another spelling, times in another zone, a ttl in
// another unit. So where everything is null, the source's keys and times are read once more, all of
// them, and the first of these is told that is true:
//
//   the source is empty | no key matches (with an example of both sides) | all facts are later than
//   the spine | all were older than the ttl
#pragma once

#include <string>

#include "base/context.h"
#include "base/status.h"
#include "definition/fact.h"
#include "offline/facts_spine.h"
#include "offline/question_index.h"
#include "offline/spine.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// The rest of a sentence: "no key matches: the spine has origin 'jfk', the source airport 'JFK'".
// Errors: those of the reader. Cost: keys and times of all facts.
Result<std::string> WhyNothing(const FeaturePlan& plan, const PlannedView& view, const Spine& spine,
                               const QuestionIndex& questions, Known known, const OpenView& open,
                               const Context& context);

}  // namespace coeval
