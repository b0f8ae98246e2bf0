// The tables of several files as one: the rows of the first, then those of the next.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "column/arrow_bridge.h"

namespace coeval {

// Shares the tables' memory. Errors: InvalidArgument naming the column and the two tables, by
// `names`, whose columns differ in name, type or whether they may be null. REQUIRES: one table at
// least, a name for each.
Result<ArrowTable> ChainTables(std::vector<ArrowTable> tables,
                               const std::vector<std::string>& names);

}  // namespace coeval
