// What differs between two definitions, in words: for plans and the history.
//
//   ttl: 3h -> 6h        schema.wind_gust: added (float64)        schema: order changed
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace coeval {

// One line for each member that differs; objects in lists are matched by their "name" (of
// projections by alias and view). Members of `prefix`ed objects are shown as "prefix.member".
std::vector<std::string> Differences(const Json& before, const Json& after,
                                     const std::string& prefix = "");

}  // namespace coeval
