#include "log/fact_log.h"

#include <algorithm>
#include <utility>

#include "io/files.h"
#include "io/random_bytes.h"
#include "log/log_reader.h"
#include "log/log_recovery.h"

namespace coeval {
namespace {

constexpr std::size_t kWriterSize = 16;
constexpr std::string_view kPadding("\0\0\0\0\0\0\0", kRecordAlignment - 1);

// What is not needed may stay: the next opening tries again.
void RemoveLeftover(const std::string& path) {
  static_cast<void>(RemoveTree(path));
}

}  // namespace

Result<std::unique_ptr<FactLog>> FactLog::Open(FactLogOptions options) {
  COEVAL_RETURN_IF_ERROR(MakeDirectoriesDurably(options.folder));
  COEVAL_ASSIGN_OR_RETURN(RecoveredLog found, RecoverLog(options.folder));
  std::unique_ptr<FactLog> log(new FactLog(std::move(options)));
  log->files_ = std::move(found.files);
  log->epoch_ = std::max(found.greatest_epoch + 1, log->options_.least_epoch);
  log->torn_bytes_ = found.torn_bytes;
  if (log->files_.empty()) {
    COEVAL_ASSIGN_OR_RETURN(log->writer_, RandomBytes(kWriterSize));
  } else {
    const LogFile& newest = log->files_.back();
    log->writer_ = newest.header.id.writer;
    log->last_ = newest.last;
    // A killed process may have left records that are in the page cache alone; the header of the
    // next file says that they are durable.
    if (!newest.empty()) COEVAL_RETURN_IF_ERROR(SyncFile(newest.path));
  }
  COEVAL_RETURN_IF_ERROR(log->BeginFile());
  for (const std::string& path : found.leftovers) RemoveLeftover(path);
  return log;
}

FactLog::~FactLog() {
  static_cast<void>(Close());
}

// The header says where the newest file ends, whatever lies behind. If this fails, the file may be
// there or not: that is as well, since the file before it is never written again, and the next
// attempt writes the same header under the same name.
Status FactLog::BeginFile() {
  file_.reset();
  LogFile next;
  {
    const std::lock_guard lock(mutex_);
    if (!files_.empty()) next.header.previous = files_.back().AsPrevious();
  }
  next.header.id = {writer_, epoch_, next_file_};
  next.header.first = last() + 1;
  next.last = last();
  next.path = JoinPath(options_.folder, LogFileName(epoch_, next_file_));
  COEVAL_ASSIGN_OR_RETURN(
      file_, AppendFile::Create(next.path, EncodeLogFileHeader(next.header), options_.room_bytes));
  ++next_file_;
  std::string passed_over;
  {
    const std::lock_guard lock(mutex_);
    if (!files_.empty() && files_.back().empty()) {
      passed_over = files_.back().path;
      files_.pop_back();
    }
    files_.push_back(std::move(next));
  }
  if (!passed_over.empty()) RemoveLeftover(passed_over);
  return {};
}

Result<LogPosition> FactLog::Append(std::span<const std::string_view> payloads) {
  COEVAL_CHECK(!payloads.empty());
  const std::lock_guard writing(write_mutex_);
  if (closed_) return Status::FailedPrecondition("the log is closed");
  for (const std::string_view payload : payloads) {
    if (payload.size() > kMaxPayload) {
      return Status::InvalidArgument("a record of " + std::to_string(payload.size()) +
                                     " bytes is too large for the log, " + "which takes " +
                                     std::to_string(kMaxPayload) + ": send smaller batches");
    }
  }
  COEVAL_RETURN_IF_ERROR(RepairLocked());
  const LogPosition first = last() + 1;
  Status status;
  if (file_->end() >= std::max(options_.file_bytes, kLogFileHeaderSize + 1)) status = BeginFile();
  if (status.ok()) status = WriteRecords(payloads);
  if (!status.ok()) {
    file_.reset();
    broken_.store(true, std::memory_order_release);
    return status.WithContext("the log took nothing");
  }
  {
    const std::lock_guard lock(mutex_);
    files_.back().last = first + std::ssize(payloads) - 1;
    files_.back().end = file_->end();
  }
  last_.store(first + std::ssize(payloads) - 1, std::memory_order_release);
  WriteMark();
  return first;
}

Status FactLog::WriteRecords(std::span<const std::string_view> payloads) {
  const LogFileId id{writer_, epoch_, next_file_ - 1};
  RecordHeader header;
  header.number = last();
  header.synced = last();
  std::int64_t offset = file_->end();
  frames_.clear();
  frames_.reserve(payloads.size() * kRecordHeaderSize);  // so that it does not move
  std::vector<std::string_view> parts;
  parts.reserve(3 * payloads.size());
  for (const std::string_view payload : payloads) {
    ++header.number;
    header.length = static_cast<std::uint32_t>(payload.size());
    EncodeRecordHeader(id, offset, header, payload, &frames_);
    const std::int64_t size = RecordSize(payload.size());
    parts.push_back(std::string_view(frames_).substr(frames_.size() - kRecordHeaderSize));
    parts.push_back(payload);
    parts.push_back(
        kPadding.substr(0, static_cast<std::size_t>(size) - kRecordHeaderSize - payload.size()));
    offset += size;
  }
  return file_->Append(parts);
}

// What was acknowledged is in the log without it: it only lets damage be found.
void FactLog::WriteMark() {
  RecordHeader header;
  header.type = RecordType::kMark;
  header.number = last();
  header.synced = last();
  std::string mark;
  EncodeRecordHeader({writer_, epoch_, next_file_ - 1}, file_->end(), header, "", &mark);
  static_cast<void>(file_->WriteBehind(mark));
}

Status FactLog::Repair() {
  const std::lock_guard writing(write_mutex_);
  return RepairLocked();
}

Status FactLog::RepairLocked() {
  if (!broken()) return {};
  if (Status status = BeginFile(); !status.ok()) {
    return status.WithContext("the log takes nothing since an error");
  }
  broken_.store(false, std::memory_order_release);
  return {};
}

Status FactLog::CloseFile() {
  const std::lock_guard writing(write_mutex_);
  if (closed_) return Status::FailedPrecondition("the log is closed");
  COEVAL_RETURN_IF_ERROR(RepairLocked());
  if (Files().back().empty()) return {};
  Status status = BeginFile();
  if (!status.ok()) broken_.store(true, std::memory_order_release);
  return status;
}

std::vector<LogFile> FactLog::Files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}

Status FactLog::Replay(LogPosition after, const Visit& visit) const {
  const std::vector<LogFile> files = Files();
  const LogPosition last = files.back().last;
  if (after > last) {
    return Status::Corruption("the log '" + options_.folder + "' ends with record " +
                              std::to_string(last) + ", but record " + std::to_string(after) +
                              " was in it: bring its newest files back from a backup");
  }
  if (after + 1 < files.front().header.first) {
    return Status::FailedPrecondition("the log '" + options_.folder + "' begins with record " +
                                      std::to_string(files.front().header.first) + ": record " +
                                      std::to_string(after + 1) + " is needed and was trimmed");
  }
  for (const LogFile& file : files) {
    if (file.empty() || file.last <= after) continue;
    COEVAL_RETURN_IF_ERROR(ReplayFile(file, after, visit));
  }
  return {};
}

Status FactLog::ReplayFile(const LogFile& file, LogPosition after, const Visit& visit) const {
  Result<LogReader> reader = LogReader::Open(file.path);
  if (reader.status().code() == StatusCode::kNotFound && file.last <= trimming_.load()) {
    return Status::FailedPrecondition("the log file '" + file.path + "' was trimmed meanwhile");
  }
  if (!reader.ok()) return reader.status();
  if (!(reader->header() == file.header)) {
    return Status::Corruption("the log file '" + file.path + "' was replaced by another one");
  }
  while (reader->offset() < file.end) {
    COEVAL_ASSIGN_OR_RETURN(const auto record, reader->Next());
    if (!record) return LogDamage(file.path, reader->offset(), file.end, reader->next_number());
    if (record->number > after) COEVAL_RETURN_IF_ERROR(visit(*record));
  }
  return {};
}

std::vector<LogFile> FactLog::ClosedFiles() const {
  std::vector<LogFile> files = Files();
  files.pop_back();
  return files;
}

std::int64_t FactLog::ClosedBytes(LogPosition after) const {
  const std::lock_guard lock(mutex_);
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i + 1 < files_.size(); ++i) {
    if (files_[i].last > after) bytes += files_[i].end;
  }
  return bytes;
}

// One after the other, so that a crash never leaves a hole.
Status FactLog::Trim(LogPosition through) {
  const std::lock_guard trimming(trim_mutex_);
  while (true) {
    std::string path;
    {
      const std::lock_guard lock(mutex_);
      if (files_.size() < 2 || files_.front().last > through) return {};
      path = files_.front().path;
      trimming_ = files_.front().last;  // who finds it gone shall know why
    }
    Status removed = RemoveTree(path);
    if (!removed.ok() && FileExists(path)) return removed;
    {
      const std::lock_guard lock(mutex_);
      files_.erase(files_.begin());
    }
    COEVAL_RETURN_IF_ERROR(SyncDirectory(options_.folder));
  }
}

Status FactLog::Close() {
  const std::lock_guard writing(write_mutex_);
  if (closed_) return {};
  COEVAL_RETURN_IF_ERROR(RepairLocked());
  // Without a file it never came to be open.
  if (file_ && last() >= Files().back().header.first) {
    COEVAL_RETURN_IF_ERROR(file_->Sync());
  }
  file_.reset();
  closed_ = true;
  return {};
}

LogPosition FactLog::first() const {
  const std::lock_guard lock(mutex_);
  return files_.front().header.first;
}

std::int64_t FactLog::SizeBytes() const {
  const std::lock_guard lock(mutex_);
  std::int64_t size = 0;
  for (const LogFile& file : files_) size += file.end;
  return size;
}

}  // namespace coeval
