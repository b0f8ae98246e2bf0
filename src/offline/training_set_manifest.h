// The manifest of a training set (rule 4.6): what made it, as JSON, and the hash of what it holds.
// It tells of the past and so holds no time of day: the same inputs give the same manifest, but for
// the files' times of change. docs/formats/training_set_manifest.md lists the members.
#pragma once

#include "base/context.h"
#include "base/json.h"
#include "base/status.h"
#include "offline/training_set.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// `set` is complete but for its manifest. Cost: O(bytes of the set), for the hash.
Result<Json> MakeTrainingSetManifest(const FeaturePlan& plan, const TrainingSetOptions& options,
                                     const TrainingSet& set, const SpineOrigin& origin,
                                     const Context& context);

}  // namespace coeval
