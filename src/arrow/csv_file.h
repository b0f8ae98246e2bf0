// CSV: names, inferred types, and a stream of typed columns.
//
// Types that are not given are inferred from every value of the column, not from the first block:
// a million integers and then 0.5 is a column of float64. That costs one more reading of the file.
#pragma once

#include "arrow/border.h"
#include "arrow/inspection.h"
#include "arrow/plugin_abi.h"

namespace coeval::plugin {

::arrow::Status InspectCsv(const coeval_arrow_inspect_request& request, const Caller& caller,
                           Inspection* out);

::arrow::Status ScanCsv(const coeval_arrow_scan_request& request, const Caller& caller,
                        ArrowArrayStream* out);

}  // namespace coeval::plugin
