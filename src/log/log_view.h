// Reads a log that another process writes, beside it: the owner says up to which record all is
// durable, and what is durable never changes.
#pragma once

#include <string>

#include "base/status.h"
#include "log/fact_log.h"
#include "log/log_record.h"

namespace coeval {

// Calls `visit` for the records `after` + 1 to `through`, in order; stops with its error. The
// payload lives until it returns. The writer of the log comes back; "" where there are none.
// REQUIRES: the writer of the log has told, before the call, that its last() was `through` or more.
// Writes nothing. Errors: as FactLog::Replay; NotFound where a file was removed meanwhile: try
// again. Memory: one record. Cost: reads from the beginning of the file that holds `after` + 1.
Result<std::string> ReadLog(const std::string& folder, LogPosition after, LogPosition through,
                            const FactLog::Visit& visit);

}  // namespace coeval
