// Parquet: what a file holds, and a stream of some of its columns and row groups.
#pragma once

#include "arrow/border.h"
#include "arrow/inspection.h"
#include "arrow/plugin_abi.h"

namespace coeval::plugin {

::arrow::Status InspectParquet(const coeval_arrow_inspect_request& request, Inspection* out);

::arrow::Status ScanParquet(const coeval_arrow_scan_request& request, const Caller& caller,
                            ArrowArrayStream* out);

// Reads the footer once, for many scans.
::arrow::Status OpenParquetForScans(const char* path, coeval_arrow_file* out);

}  // namespace coeval::plugin
