// Tables as Arrow IPC streams in memory, with a note beside the rows: how one process hands rows to
// another. The note is the schema's metadata `coeval`, so that any reader of Arrow can see it.
//
//   EncodeIpc(rows, R"({"source": "rates"})", context)  ->  bytes
//   DecodeIpc(bytes, context)                            ->  {rows, note}
#pragma once

#include <string>
#include <string_view>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"

namespace coeval {

// The media type of such a stream.
inline constexpr std::string_view kArrowStreamType = "application/vnd.apache.arrow.stream";

struct IpcTable {
  ArrowTable rows;
  std::string note;  // "" where there is none
};

// Takes `rows` over. Cost: a copy. Errors: those of the stream; FailedPrecondition (no plugin).
Result<std::string> EncodeIpc(ArrowArrayStream* rows, const std::string& note,
                              const Context& context);

// Any bytes give a table, or an error: offsets and texts are checked. Cost: a copy, and a look at
// every value. Errors: InvalidArgument; Unavailable (more memory than there is for it).
Result<IpcTable> DecodeIpc(std::string_view bytes, const Context& context);

}  // namespace coeval
