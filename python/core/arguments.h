// Arguments of Python calls as the engine's options.
#pragma once

#include <string>

#include "base/status.h"
#include "definition/fact.h"

namespace coeval::python {

// "declared", "arrival", "hindsight" (rule 3.2).
Result<Known> ParseKnown(const std::string& text);

}  // namespace coeval::python
