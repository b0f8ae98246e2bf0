// What becomes of a table that has values which do not exist (rule 6.2).
#pragma once

#include "base/status.h"
#include "offline/training_set.h"
#include "retrieval/assemble.h"

namespace coeval {

// Fine where nothing is invalid, or nulls were asked for. Errors: InvalidArgument with the first 10
// values and the count of all.
Status CheckInvalid(const FeatureTable& features, OnInvalid on_invalid);

}  // namespace coeval
