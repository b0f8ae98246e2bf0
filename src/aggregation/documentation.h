// docs/aggregations.md, written from the table of functions.
#pragma once

#include <string>

namespace coeval {

// The whole page. Tests: it is what is committed.
std::string AggregationDocumentation();

}  // namespace coeval
