// An explanation as JSON, for programs. docs/explain.md lists the members. Values are written
// without loss (definition/value_json.h), times in ISO 8601.
#pragma once

#include "base/json.h"
#include "offline/explanation.h"

namespace coeval {

// {"feature": "temp", "value": 3.5, "status": "PRESENT", ..., "facts": {...}}. What does not apply
// is left out.
Json ExplanationJson(const Explanation& explanation);

}  // namespace coeval
