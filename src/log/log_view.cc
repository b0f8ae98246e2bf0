#include "log/log_view.h"

#include <algorithm>
#include <cstddef>

#include "log/log_reader.h"
#include "log/log_recovery.h"

namespace coeval {
namespace {

// One file up to `through`, of which it holds `last` at most. A newer file says where it ends; the
// newest one ends nowhere, and may hold what was written and not synced behind `through`.
Status ReadFile(const LogFile& file, LogPosition last, const FactLog::Visit& visit) {
  COEVAL_ASSIGN_OR_RETURN(LogReader reader, LogReader::Open(file.path));
  while (reader.next_number() <= last) {
    COEVAL_ASSIGN_OR_RETURN(const auto record, reader.Next());
    if (!record) {
      return LogDamage(file.path, reader.offset(), reader.offset() + 1, reader.next_number());
    }
    COEVAL_RETURN_IF_ERROR(visit(*record));
  }
  return {};
}

}  // namespace

Result<std::string> ReadLog(const std::string& folder, LogPosition through,
                            const FactLog::Visit& visit) {
  if (through == 0) return std::string();
  COEVAL_ASSIGN_OR_RETURN(const RecoveredLog log, ListLog(folder));
  if (log.files.empty()) {
    return Status::Corruption("the log '" + folder + "' has no files, but record " +
                              std::to_string(through) + " was in it: bring them back");
  }
  if (log.files.front().header.first > 1) {
    return Status::FailedPrecondition("the log '" + folder + "' begins with record " +
                                      std::to_string(log.files.front().header.first) +
                                      ": record 1 is needed and was trimmed");
  }
  for (std::size_t i = 0; i < log.files.size(); ++i) {
    const LogFile& file = log.files[i];
    const bool newest = i + 1 == log.files.size();
    const LogPosition last = newest ? through : std::min(through, file.last);
    COEVAL_RETURN_IF_ERROR(ReadFile(file, last, visit));
  }
  return log.files.front().header.id.writer;
}

}  // namespace coeval
