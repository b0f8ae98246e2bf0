// ReadPushes: what a log holds of a push source, sealed or not, each push once and in the order of
// C: by its owner and by any other process, while it is sealed and trimmed.
#pragma once

#include <string>

#include "base/context.h"
#include "base/status.h"
#include "log/log_record.h"
#include "source/pushed_facts.h"

namespace coeval {

// The pushes among the records 1 to `through` that are there; the answer tells what was dropped.
// REQUIRES: the log's last() was `through` or more. Errors: Corruption (files are missing or
// damaged; they are named); FailedPrecondition (a newer release wrote them); IoError. Cost: reads
// the segments of the source, and all that is not sealed.
Result<LoggedPushes> ReadPushes(const std::string& log_folder, LogPosition through,
                                const std::string& push_source, const Context& context);

}  // namespace coeval
