// Writes an Arrow stream to a Parquet, CSV or Arrow IPC file, as one step.
#pragma once

#include "arrow/border.h"
#include "arrow/plugin_abi.h"

namespace coeval::plugin {

// Takes `data` over. Errors name the file, and the column where a format cannot hold its type.
::arrow::Status WriteFile(const coeval_arrow_write_request& request, const Caller& caller,
                          ArrowArrayStream* data, coeval_arrow_written* out);

}  // namespace coeval::plugin
