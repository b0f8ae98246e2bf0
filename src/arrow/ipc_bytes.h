// Arrow IPC streams in memory: what one process of Coeval sends to another.
#pragma once

#include <cstdint>

#include "arrow/border.h"
#include "arrow/plugin_abi.h"

namespace coeval::plugin {

// The bytes may be anybody's: malformed ones are errors, and so are those that would take more
// memory than there is for messages once they are unpacked (a quarter of the budget, 64 MiB at
// least).
::arrow::Status DecodeIpc(const char* bytes, int64_t size, const Caller& caller,
                          ArrowArrayStream* out);

// Takes `data` over.
::arrow::Status EncodeIpc(ArrowArrayStream* data, const char* const* keys,
                          const char* const* values, int64_t n_metadata, coeval_arrow_bytes* out);

}  // namespace coeval::plugin
