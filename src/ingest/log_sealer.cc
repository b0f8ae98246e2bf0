#include "ingest/log_sealer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "ingest/sealed_table.h"
#include "io/files.h"
#include "log/log_view.h"

namespace coeval {
namespace {

constexpr std::int64_t kMostSealBytes = std::int64_t{64} << 20;      // of log files, in one seal
constexpr std::int64_t kLeastSealRowBytes = std::int64_t{64} << 20;  // of rows in columns

// Is it the push that was written? Its fingerprint covers what is not compared here.
Result<bool> IsSame(const NumberedBatch& a, const NumberedBatch& b) {
  COEVAL_ASSIGN_OR_RETURN(const NamedPush as_a, NamedPushOf(a.batch));
  COEVAL_ASSIGN_OR_RETURN(const NamedPush as_b, NamedPushOf(b.batch));
  return as_a == as_b && a.record == b.record && a.batch.first_number == b.batch.first_number;
}

// Parquet holds what we asked for, or the log keeps it.
Status CheckSame(std::span<const NumberedBatch> written, std::span<const NumberedBatch> read) {
  for (std::size_t i = 0; i < std::max(written.size(), read.size()); ++i) {
    bool same = i < written.size() && i < read.size();
    if (same) {
      COEVAL_ASSIGN_OR_RETURN(same, IsSame(written[i], read[i]));
    }
    if (same) continue;
    const std::int64_t record = i < written.size() ? written[i].record : read[i].record;
    return Status::Internal("record " + std::to_string(record) +
                            " of the log does not come back from its segment as it was");
  }
  return {};
}

}  // namespace

LogSealer::LogSealer(std::string folder, std::shared_ptr<FactLog> log, OnlineStore* store,
                     const LogSettings& settings, SealedLog sealed, const Context& context)
    : folder_(std::move(folder)),
      log_(std::move(log)),
      store_(store),
      settings_(settings),
      context_(context),
      sealed_last_(sealed.last()),
      sealed_(std::move(sealed)),
      wake_bytes_(settings.seal_bytes) {
  context_.cancel = std::make_shared<CancelToken>();
  if (settings_.seal_bytes > 0) background_ = std::thread([this] { SealUntilStopped(); });
}

LogSealer::~LogSealer() {
  context_.cancel->Cancel();
  {
    const std::lock_guard lock(wake_mutex_);
    stop_ = true;
  }
  wake_changed_.notify_all();
  if (background_.joinable()) background_.join();
}

std::int64_t LogSealer::BytesToSeal() const {
  return log_->ClosedBytes(sealed_last_.load());
}

void LogSealer::Consider() {
  if (settings_.seal_bytes == 0 || BytesToSeal() < wake_bytes_.load()) return;
  {
    const std::lock_guard lock(wake_mutex_);
    wake_ = true;
  }
  wake_changed_.notify_all();
}

void LogSealer::SealUntilStopped() {
  std::unique_lock lock(wake_mutex_);
  while (true) {
    wake_changed_.wait(lock, [&] { return wake_ || stop_; });
    if (stop_) return;
    wake_ = false;
    lock.unlock();
    const Status status = SealClosed().status();
    wake_bytes_ = settings_.seal_bytes + (status.ok() ? 0 : BytesToSeal());
    lock.lock();
    if (status.ok() || stop_) continue;
    context_.log(LogLevel::kWarning,
                 "the log cannot be sealed, and stays as it is: " + status.ToString());
  }
}

LogSizes LogSealer::sizes() const {
  const std::lock_guard lock(mutex_);
  LogSizes sizes;
  sizes.unsealed_bytes = log_->SizeBytes();
  sizes.sealed_bytes = sealed_.bytes();
  sizes.sealed_records = sealed_.last();
  for (const LogSeal& seal : sealed_.seals) sizes.segments += std::ssize(seal.segments);
  return sizes;
}

Result<std::vector<LogPiece>> LogSealer::Pieces() const {
  std::vector<LogPiece> pieces;
  for (const LogFile& file : log_->Files()) {
    pieces.push_back({LogFileName(file.header.id.epoch, file.header.id.file), file.end});
  }
  const std::lock_guard lock(mutex_);
  for (std::string& name : SealedNames(sealed_)) {
    COEVAL_ASSIGN_OR_RETURN(const std::int64_t bytes, FileSize(JoinPath(folder_, name)));
    pieces.push_back({std::move(name), bytes});
  }
  return pieces;
}

Result<SealReport> LogSealer::SealClosed() {
  COEVAL_RETURN_IF_ERROR(store_->Flush());
  const std::lock_guard sealing(seal_mutex_);
  SealReport report;
  const std::int64_t before = log_->SizeBytes();
  const LogPosition applied = store_->LogApplied();
  std::int64_t bytes = 0;
  LogPosition through = 0;
  const auto seal = [&]() -> Status {
    if (through == 0) return {};
    bytes = 0;
    return SealThrough(std::exchange(through, 0), &report);
  };
  for (const LogFile& file : log_->ClosedFiles()) {
    if (file.last <= sealed_last_.load()) continue;
    if (file.last > applied) break;
    if (bytes + file.end > kMostSealBytes) COEVAL_RETURN_IF_ERROR(seal());
    bytes += file.end;
    through = file.last;
  }
  COEVAL_RETURN_IF_ERROR(seal());
  COEVAL_RETURN_IF_ERROR(log_->Trim(sealed_last_.load()));
  report.log_bytes = before - log_->SizeBytes();
  return report;
}

Status LogSealer::SealThrough(LogPosition last, SealReport* report) {
  while (sealed_last_.load() < last) COEVAL_RETURN_IF_ERROR(SealSome(last, report));
  return {};
}

Status LogSealer::SealSome(LogPosition last, SealReport* report) {
  COEVAL_ASSIGN_OR_RETURN(const std::vector<NumberedBatch> pushes, ReadThrough(last));
  COEVAL_ASSIGN_OR_RETURN(LogSeal seal, WriteSeal(pushes));
  report->records += std::ssize(pushes);
  for (const LogSegment& segment : seal.segments) {
    report->rows += segment.rows;
    report->bytes += segment.file.bytes;
    ++report->segments;
  }
  COEVAL_RETURN_IF_ERROR(Name(std::move(seal)));
  return log_->Trim(sealed_last_.load());
}

Result<std::vector<NumberedBatch>> LogSealer::ReadThrough(LogPosition last) const {
  // Nulls take a bit in the log, and their width in a column.
  const std::int64_t most = std::max(kLeastSealRowBytes, context_.memory_budget_bytes / 16);
  std::vector<NumberedBatch> pushes;
  std::int64_t bytes = 0;
  const auto visit = [&](const LogRecord& record) -> Status {
    COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
    COEVAL_ASSIGN_OR_RETURN(LogBatch logged, DecodeLogBatch(record.payload));
    const std::int64_t size = logged.rows.SizeBytes();
    if (!pushes.empty() && bytes + size > most) return Status::Cancelled("that is enough");
    bytes += size;
    pushes.push_back({record.number, std::move(logged)});
    return {};
  };
  const Result<std::string> writer = ReadLog(folder_, sealed_last_.load(), last, visit);
  COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
  if (!writer.ok() && writer.status().code() != StatusCode::kCancelled) return writer.status();
  return pushes;
}

// The files of a seal, or nothing of it.
Result<LogSeal> LogSealer::WriteSeal(const std::vector<NumberedBatch>& pushes) {
  LogSeal seal;
  seal.first = pushes.front().record;
  seal.last = pushes.back().record;
  seal.last_c = pushes.back().batch.c;
  {
    const std::lock_guard lock(mutex_);
    seal.next_number = sealed_.next_number();
  }
  std::vector<NamedPush> named;
  for (const NumberedBatch& push : pushes) {
    const LogBatch& batch = push.batch;
    seal.next_number = std::max(seal.next_number, batch.first_number + batch.rows.num_rows);
    const std::string& key = batch.idempotency_key;
    if (key.empty() || batch.c < settings_.keys.KeptSince(key, seal.last_c)) continue;
    COEVAL_ASSIGN_OR_RETURN(named.emplace_back(), NamedPushOf(batch));
  }
  Status status = WriteSegments(pushes, &seal);
  if (status.ok() && !named.empty()) {
    const std::string name = SealedFileName("", log_->writer(), log_->epoch(), ++files_);
    auto keys = WriteKeys(folder_, name, named, context_);
    status = keys.status();
    if (keys.ok()) {
      seal.keys = *std::move(keys);
    } else {
      RemoveSealedFile(folder_, name);
    }
  }
  if (status.ok()) return seal;
  for (const LogSegment& segment : seal.segments) RemoveSealedFile(folder_, segment.file.name);
  return status;
}

Status LogSealer::WriteSegments(const std::vector<NumberedBatch>& pushes, LogSeal* seal) {
  // Of one source and one schema each: rows and deletes may come by turns.
  using Group = std::vector<NumberedBatch>;
  std::map<std::string, std::vector<Group>> by_source;
  for (const NumberedBatch& push : pushes) {
    std::vector<Group>& groups = by_source[push.batch.source];
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& one) {
      return one.front().batch.rows.schema == push.batch.rows.schema;
    });
    if (group == groups.end()) group = groups.insert(group, Group());
    group->push_back(push);
  }
  for (const auto& [source, groups] : by_source) {
    for (const Group& group : groups) {
      COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
      COEVAL_ASSIGN_OR_RETURN(LogSegment segment, WriteSegment(group));
      seal->segments.push_back(std::move(segment));
    }
  }
  std::sort(seal->segments.begin(), seal->segments.end(),
            [](const LogSegment& a, const LogSegment& b) { return a.first < b.first; });
  return {};
}

Result<LogSegment> LogSealer::WriteSegment(std::span<const NumberedBatch> pushes) {
  LogSegment segment;
  segment.source = pushes.front().batch.source;
  segment.first = pushes.front().record;
  segment.last = pushes.back().record;
  segment.batches = std::ssize(pushes);
  segment.first_c = pushes.front().batch.c;
  segment.last_c = pushes.back().batch.c;
  const std::string name = SealedFileName(segment.source, log_->writer(), log_->epoch(), ++files_);
  const auto write = [&]() -> Status {
    COEVAL_ASSIGN_OR_RETURN(const Batch rows, RowsOfSegment(pushes));
    segment.rows = rows.num_rows;
    COEVAL_ASSIGN_OR_RETURN(segment.file,
                            WriteSealedTable(folder_, name, rows,
                                             {{"coeval: format", "1"},
                                              {"coeval: source", segment.source},
                                              {"coeval: writer", HexOfWriter(log_->writer())}},
                                             context_));
    COEVAL_ASSIGN_OR_RETURN(const Batch again, ReadSealedTable(folder_, segment.file, context_));
    COEVAL_ASSIGN_OR_RETURN(const auto read, PushesOfSegment(segment.source, again));
    return CheckSame(pushes, read);
  };
  const Status status = write();
  if (status.ok()) return segment;
  RemoveSealedFile(folder_, name);
  return status.WithContext("sealing the pushes to " + segment.source);
}

// From here on they count as sealed. After an error the manifest may name the files, which stay.
Status LogSealer::Name(LogSeal seal) {
  const TimeMicros keys_since = std::min(settings_.keys.KeptSince(false, seal.last_c),
                                         settings_.keys.KeptSince(true, seal.last_c));
  SealedLog next;
  {
    const std::lock_guard lock(mutex_);
    next = sealed_;
  }
  next.writer = log_->writer();
  std::vector<std::string> forgotten;
  for (LogSeal& older : next.seals) {
    if (!older.keys || older.last_c >= keys_since) continue;
    forgotten.push_back(older.keys->name);
    older.keys.reset();
  }
  next.seals.push_back(std::move(seal));
  COEVAL_RETURN_IF_ERROR(WriteSealedLog(folder_, next));
  sealed_last_ = next.last();
  {
    const std::lock_guard lock(mutex_);
    sealed_ = std::move(next);
  }
  for (const std::string& name : forgotten) RemoveSealedFile(folder_, name);
  return {};
}

}  // namespace coeval
