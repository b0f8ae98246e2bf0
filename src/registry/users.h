// Who uses an object: what forbids its removal (rule 8.4).
#pragma once

#include <string>
#include <vector>

#include "definition/definitions.h"
#include "registry/stored_state.h"

namespace coeval {

// By the definitions: "feature view 'weather'", ...
std::vector<std::string> UsersByDefinition(const Definitions& definitions, const ObjectKey& key);

}  // namespace coeval
