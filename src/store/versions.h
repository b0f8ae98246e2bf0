// What this build of Coeval is made of: `coeval version`, bug reports.
#pragma once

#include "base/context.h"
#include "base/json.h"

namespace coeval {

// {"release": "0.1.0",
//  "libraries": {"arrow": "26.0.0", "rocksdb": "7.8.3", "sqlite": "3.40.1", "expressions": "..."},
//  "formats": {"registry": 1, "online_store": 1, "tie_encoding": 1}}
// Where Arrow's plugin cannot be opened, "arrow" says why. Cost: opens the plugin (50 ms).
Json Versions(const Context& context);

}  // namespace coeval
