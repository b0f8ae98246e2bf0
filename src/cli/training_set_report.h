// What is done with a training set that was made: written or shown, and told of. Shared by
// `training-set` and `backfill`.
#pragma once

#include <string>

#include "base/status.h"
#include "cli/command.h"
#include "store/feature_store.h"

namespace coeval {

// May the result go to `output`? Asked before any work: it is none of the repository's sources, nor
// `spine` ("" = none). Errors: those of CheckOutputFile.
Status CheckTrainingSetOutput(FeatureStore* store, const std::string& output,
                              const std::string& spine);

// Writes the set to `output`, or, where that is "", shows the first rows; then the features in
// figures, and the warnings. Errors: those of WriteTableFile.
Status ReportTrainingSet(const Invocation& invocation, const TrainingSet& set,
                         const std::string& output, const FeatureStore& store);

}  // namespace coeval
