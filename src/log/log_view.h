// Reads a log that another process writes, beside it: the owner says up to which record all is
// durable, and what is durable never changes.
#pragma once

#include <string>

#include "base/status.h"
#include "log/fact_log.h"
#include "log/log_record.h"

namespace coeval {

// Calls `visit` for the records 1 to `through`, in order; stops with its error. The payload lives
// until it returns. The writer of the log comes back; "" where `through` is 0. REQUIRES: the writer
// of the log has told, before the call, that its last() was `through` or more. Writes nothing.
// Errors: as FactLog::Replay. Memory: one record.
Result<std::string> ReadLog(const std::string& folder, LogPosition through,
                            const FactLog::Visit& visit);

}  // namespace coeval
