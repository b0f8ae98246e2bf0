// What becomes of a table that has values which do not exist (rule 6.2).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "offline/training_set.h"

namespace coeval {

// Fine where nothing is invalid, or nulls were asked for. Errors: InvalidArgument with the first
// values and the count of all.
Status CheckInvalid(std::int64_t count, const std::vector<std::string>& first_errors,
                    OnInvalid on_invalid);

}  // namespace coeval
