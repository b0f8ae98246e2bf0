// What the files in the folder of a log say: which of them make up the log, and where it ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "log/log_file.h"

namespace coeval {

struct RecoveredLog {
  std::vector<LogFile> files;          // oldest first; only the last one may hold no record
  std::vector<std::string> leftovers;  // paths of what a failed or killed process left: not needed
  std::uint64_t greatest_epoch = 0;    // 0 = the folder holds no log
  std::int64_t torn_bytes = 0;         // behind the end of the last file
};

// Reads every record of every file, and changes nothing. The files are linked from the newest one
// back: each says which file holds the record before its first, and where that ends. Errors, naming
// file and bytes: Corruption (what was acknowledged is damaged or missing; a file of another log);
// FailedPrecondition (a newer format); IoError. Memory: one record.
Result<RecoveredLog> RecoverLog(const std::string& folder);

// The same from the headers alone, for a log that another process writes: where the records of the
// last file end is not known, and its `last` and `end` are as if it had none. Of the others it is
// what the file behind them says. Errors: as above.
Result<RecoveredLog> ListLog(const std::string& folder);

}  // namespace coeval
