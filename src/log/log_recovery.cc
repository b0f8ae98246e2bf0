#include "log/log_recovery.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "io/files.h"
#include "log/log_reader.h"

namespace coeval {
namespace {

std::string NameOf(const LogFileEnd& end) {
  return LogFileName(end.epoch, end.file);
}

Result<LogFile> ReadHeader(const std::string& folder, const std::string& name,
                           const LogFileNumber& number) {
  LogFile file;
  file.path = JoinPath(folder, name);
  COEVAL_ASSIGN_OR_RETURN(const LogReader reader, LogReader::Open(file.path));
  file.header = reader.header();
  file.last = file.header.first - 1;
  if (file.header.id.epoch != number.epoch || file.header.id.file != number.file) {
    return Status::Corruption("the log file '" + file.path + "' says that it is '" +
                              LogFileName(file.header.id.epoch, file.header.id.file) +
                              "': give it its name back");
  }
  return file;
}

Status Missing(const std::string& folder, const LogFile& next) {
  const std::string lost = next.header.previous.epoch == 0
                               ? std::string("the file before it")
                               : "'" + JoinPath(folder, NameOf(next.header.previous)) + "'";
  return Status::Corruption("the log file '" + next.path + "' follows " + lost +
                            ", which is not there: bring it back from a backup");
}

// Is `next` the file that follows where `file` is void, because nothing in it was acknowledged?
bool PassesOver(const LogFile& next, const LogFile& file) {
  return next.header.previous == file.header.previous && next.header.first == file.header.first;
}

bool Follows(const LogFile& next, const LogFile& file) {
  return next.header.previous.epoch == file.header.id.epoch &&
         next.header.previous.file == file.header.id.file;
}

// From the newest back. Of files that were trimmed nothing is known, so that the oldest may name
// one that is not there.
Result<RecoveredLog> Link(const std::string& folder, std::vector<LogFile> found) {
  RecoveredLog log;
  if (found.empty()) return log;
  log.greatest_epoch = found.back().header.id.epoch;
  log.files.push_back(std::move(found.back()));
  found.pop_back();
  for (; !found.empty(); found.pop_back()) {
    LogFile& file = found.back();
    const LogFile& next = log.files.back();
    if (file.header.id.writer != next.header.id.writer) {
      return Status::Corruption("the log files '" + file.path + "' and '" + next.path +
                                "' are of two logs: take away the one that does not belong here");
    }
    if (Follows(next, file)) {
      log.files.push_back(std::move(file));
    } else if (PassesOver(next, file)) {
      log.leftovers.push_back(file.path);
    } else {
      return Missing(folder, next);
    }
  }
  std::reverse(log.files.begin(), log.files.end());
  return log;
}

// A file that another one follows: that one says what it holds.
Status CheckClosed(const LogFile& next, LogFile* file) {
  COEVAL_ASSIGN_OR_RETURN(LogReader reader, LogReader::Open(file->path));
  const std::int64_t end = next.header.previous.offset;
  while (reader.offset() < end) {
    COEVAL_ASSIGN_OR_RETURN(const auto record, reader.Next());
    if (!record) break;
  }
  if (reader.offset() != end || reader.next_number() != next.header.first) {
    return LogDamage(file->path, reader.offset(), std::max(reader.offset() + 1, end),
                     reader.next_number());
  }
  file->last = next.header.first - 1;
  file->end = end;
  return {};
}

// The newest file: its end is where its records stop, unless more was acknowledged.
Status CheckOpen(LogFile* file, std::int64_t* torn_bytes) {
  COEVAL_ASSIGN_OR_RETURN(LogReader reader, LogReader::Open(file->path));
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const auto record, reader.Next());
    if (!record) break;
  }
  COEVAL_ASSIGN_OR_RETURN(const auto proof, reader.FindProof());
  if (proof) return LogDamage(file->path, reader.offset(), *proof, reader.next_number());
  COEVAL_ASSIGN_OR_RETURN(*torn_bytes, reader.CountTornBytes());
  file->last = reader.next_number() - 1;
  file->end = reader.offset();
  return {};
}

Result<RecoveredLog> LinkFolder(const std::string& folder) {
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  std::vector<LogFile> found;
  std::vector<std::string> unfinished;
  for (const std::string& name : names) {
    if (name.ends_with(".log.tmp")) unfinished.push_back(JoinPath(folder, name));
    const auto number = ParseLogFileName(name);
    if (!number) continue;
    COEVAL_ASSIGN_OR_RETURN(LogFile file, ReadHeader(folder, name, *number));
    found.push_back(std::move(file));
  }
  COEVAL_ASSIGN_OR_RETURN(RecoveredLog log, Link(folder, std::move(found)));
  log.leftovers.insert(log.leftovers.end(), unfinished.begin(), unfinished.end());
  return log;
}

}  // namespace

Result<RecoveredLog> RecoverLog(const std::string& folder) {
  COEVAL_ASSIGN_OR_RETURN(RecoveredLog log, LinkFolder(folder));
  for (std::size_t i = 0; i < log.files.size(); ++i) {
    const bool newest = i + 1 == log.files.size();
    COEVAL_RETURN_IF_ERROR(newest ? CheckOpen(&log.files[i], &log.torn_bytes)
                                  : CheckClosed(log.files[i + 1], &log.files[i]));
  }
  return log;
}

Result<RecoveredLog> ListLog(const std::string& folder) {
  COEVAL_ASSIGN_OR_RETURN(RecoveredLog log, LinkFolder(folder));
  for (std::size_t i = 0; i + 1 < log.files.size(); ++i) {
    const LogFile& next = log.files[i + 1];
    log.files[i].last = next.header.first - 1;
    log.files[i].end = next.header.previous.offset;
  }
  return log;
}

}  // namespace coeval
