// Standard output as a sink of Arrow's writers: a pipe into another program. It is written as the
// bytes come, so that its reader can begin, and stop, before the end.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/result.h>

#include <memory>

namespace coeval::plugin {

// The descriptor stays open. Counts its bytes itself, since a pipe has no position. Errors of
// writing: IOError with the errno, also where the reader is gone (EPIPE).
::arrow::Result<std::shared_ptr<::arrow::io::OutputStream>> OpenStandardOutput();

}  // namespace coeval::plugin
