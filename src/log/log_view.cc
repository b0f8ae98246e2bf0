#include "log/log_view.h"

#include <algorithm>
#include <cstddef>

#include "log/log_reader.h"
#include "log/log_recovery.h"

namespace coeval {
namespace {

// One file up to `last`. A newer file says where it ends; the newest one ends nowhere, and may hold
// what was written and not synced behind `last`.
Status ReadFile(const LogFile& file, LogPosition after, LogPosition last,
                const FactLog::Visit& visit) {
  COEVAL_ASSIGN_OR_RETURN(LogReader reader, LogReader::Open(file.path));
  while (reader.next_number() <= last) {
    COEVAL_ASSIGN_OR_RETURN(const auto record, reader.Next());
    if (!record) {
      return LogDamage(file.path, reader.offset(), reader.offset() + 1, reader.next_number());
    }
    if (record->number > after) COEVAL_RETURN_IF_ERROR(visit(*record));
  }
  return {};
}

}  // namespace

Result<std::string> ReadLog(const std::string& folder, LogPosition after, LogPosition through,
                            const FactLog::Visit& visit) {
  if (through <= after) return std::string();
  COEVAL_ASSIGN_OR_RETURN(const RecoveredLog log, ListLog(folder));
  if (log.files.empty()) {
    return Status::Corruption("the log '" + folder + "' has no files, but record " +
                              std::to_string(through) + " was in it: bring them back");
  }
  if (log.files.front().header.first > after + 1) {
    return Status::FailedPrecondition("the log '" + folder + "' begins with record " +
                                      std::to_string(log.files.front().header.first) + ": record " +
                                      std::to_string(after + 1) + " is needed and was trimmed");
  }
  for (std::size_t i = 0; i < log.files.size(); ++i) {
    const LogFile& file = log.files[i];
    const bool newest = i + 1 == log.files.size();
    const LogPosition last = newest ? through : std::min(through, file.last);
    if (last > after) COEVAL_RETURN_IF_ERROR(ReadFile(file, after, last, visit));
  }
  return log.files.front().header.id.writer;
}

}  // namespace coeval
