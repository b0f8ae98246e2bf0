// Arrow IPC: the file format and the stream format, told apart by their first bytes.
#pragma once

#include "arrow/border.h"
#include "arrow/inspection.h"
#include "arrow/plugin_abi.h"

namespace coeval::plugin {

::arrow::Status InspectIpc(const coeval_arrow_inspect_request& request, Inspection* out);

::arrow::Status ScanIpc(const coeval_arrow_scan_request& request, const Caller& caller,
                        ArrowArrayStream* out);

}  // namespace coeval::plugin
