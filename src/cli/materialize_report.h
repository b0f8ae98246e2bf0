// What a materialization, or a rebuild, carried of each view: as a table, and as JSON.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "store/feature_store.h"

namespace coeval {

std::string ReportsText(const std::vector<MaterializeReport>& reports);
// [{"view", "rows_read", "rows_written", "rows_refused", "watermark", "detail"}]
Json ReportsJson(const std::vector<MaterializeReport>& reports);

}  // namespace coeval
