#include "ingest/log_sealer.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "io/files.h"
#include "log/log_view.h"

namespace coeval {
namespace {

constexpr std::int64_t kMostSealBytes = std::int64_t{64} << 20;  // of log files, in one seal
// A merged segment spans this part of the retention, so that it stays as much longer at most.
constexpr std::int64_t kSpansOfRetention = 8;
constexpr std::int64_t kLeastSealRowBytes = std::int64_t{64} << 20;  // of rows in columns

}  // namespace

LogSealer::LogSealer(std::string folder, std::shared_ptr<FactLog> log, OnlineStore* store,
                     const LogSettings& settings, SealedLog sealed, const Context& context)
    : folder_(std::move(folder)),
      log_(std::move(log)),
      store_(store),
      settings_(settings),
      context_(context),
      sealed_last_(sealed.last),
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
    SealReport report;
    const Status status = SealClosed().status();
    wake_bytes_ = settings_.seal_bytes + (status.ok() ? 0 : BytesToSeal());
    if (!status.ok()) Warn("the log cannot be sealed, and stays as it is", status);
    const Status merged = Merge(MergeKind::kDue, &report);
    if (!merged.ok()) Warn("sealed segments cannot be merged, and stay as they are", merged);
    const Status dropped = DropOld(&report);
    if (!dropped.ok()) Warn("old segments cannot be dropped, and stay", dropped);
    lock.lock();
  }
}

void LogSealer::Warn(const std::string& what, const Status& status) const {
  if (context_.cancel->cancelled()) return;
  context_.log(LogLevel::kWarning, what + ": " + status.ToString());
}

LogSizes LogSealer::sizes() const {
  const std::lock_guard lock(mutex_);
  LogSizes sizes;
  sizes.unsealed_bytes = log_->SizeBytes();
  sizes.sealed_bytes = sealed_.bytes();
  sizes.sealed_records = sealed_.last;
  sizes.segments = std::ssize(sealed_.segments);
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
  const auto held = Hold();
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
  seal.last = pushes.back().record;
  seal.last_c = pushes.back().batch.c;
  seal.next_number = Sealed().next_number;
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
      COEVAL_ASSIGN_OR_RETURN(LogSegment segment, WriteSegment(NextPlace(source), group, context_));
      seal->segments.push_back(std::move(segment));
    }
  }
  std::sort(seal->segments.begin(), seal->segments.end(),
            [](const LogSegment& a, const LogSegment& b) { return a.first < b.first; });
  return {};
}

SegmentPlace LogSealer::NextPlace(const std::string& source) {
  return {folder_, log_->writer(), SealedFileName(source, log_->writer(), log_->epoch(), ++files_)};
}

// From here on they count as sealed. After an error the manifest may name the files, which stay.
Status LogSealer::Name(LogSeal seal) {
  const TimeMicros keys_since = std::min(settings_.keys.KeptSince(false, seal.last_c),
                                         settings_.keys.KeptSince(true, seal.last_c));
  SealedLog next = Sealed();
  next.writer = log_->writer();
  std::erase_if(next.keys, [&](const SealedKeys& keys) { return keys.last_c < keys_since; });
  next.Add(std::move(seal));
  return Publish(std::move(next));
}

SealedLog LogSealer::Sealed() const {
  const std::lock_guard lock(mutex_);
  return sealed_;
}

Status LogSealer::Publish(SealedLog next) {
  COEVAL_RETURN_IF_ERROR(WriteSealedLog(folder_, next));
  sealed_last_ = next.last;
  const std::vector<std::string> names = SealedNames(next);
  const std::set<std::string> named(names.begin(), names.end());
  {
    const std::lock_guard lock(mutex_);
    std::swap(sealed_, next);
  }
  for (const std::string& name : SealedNames(next)) {
    if (!named.contains(name)) RemoveSealedFile(folder_, name);
  }
  return {};
}

Status LogSealer::Merge(MergeKind kind, SealReport* report) {
  Status problem;
  for (bool goes_on = settings_.segment_bytes > 0; goes_on;) {
    const auto turn = TakeTurn();  // whoever waits gets his between two of them
    COEVAL_RETURN_IF_ERROR(context_.cancel->Check());
    COEVAL_RETURN_IF_ERROR(LearnColumns(&problem));
    COEVAL_ASSIGN_OR_RETURN(goes_on, MergeNext(kind, report, &problem));
  }
  return problem;
}

Result<bool> LogSealer::MergeNext(MergeKind kind, SealReport* report, Status* problem) {
  SealedLog next = Sealed();
  const MergeRules rules = {.kind = kind,
                            .most_bytes = settings_.segment_bytes,
                            .most_span = settings_.retention / kSpansOfRetention,
                            .left_alone = left_alone_};
  std::vector<LogSegment> parts;
  for (const std::size_t place : NextMerge(next.segments, rules)) {
    parts.push_back(next.segments[place]);
  }
  if (parts.empty()) return false;
  auto merged = MergeSegments(NextPlace(parts.front().source), parts, context_);
  if (!merged.ok()) {
    COEVAL_RETURN_IF_ERROR(LeaveAlone(parts, merged.status(), problem));
    return true;
  }
  next.Replace(parts, *std::move(merged));
  COEVAL_RETURN_IF_ERROR(Publish(std::move(next)));
  report->merged += std::ssize(parts);
  ++report->merged_into;
  return true;
}

Status LogSealer::DropOld(SealReport* report) {
  if (settings_.retention == 0 || !settings_.reach_of) return {};
  const auto turn = TakeTurn();
  Status problem;
  COEVAL_RETURN_IF_ERROR(LearnColumns(&problem));
  SealedLog next = Sealed();
  const TimeMicros cut = SaturatingSubtract(next.last_c, settings_.retention);
  std::map<std::string, PushReach> reaches;
  std::vector<LogSegment> old;
  for (const LogSegment& segment : next.segments) {
    if (segment.last_c >= cut) continue;
    auto known = reaches.find(segment.source);
    if (known == reaches.end()) {
      COEVAL_ASSIGN_OR_RETURN(PushReach reach, settings_.reach_of(segment.source));
      known = reaches.emplace(segment.source, std::move(reach)).first;
    }
    const PushReach& reach = known->second;
    if (!reach.reach) report->kept[segment.source] = reach.why;
    const bool matters = !reach.reach || !segment.last_event ||
                         *segment.last_event >= SaturatingSubtract(cut, *reach.reach);
    if (!matters) old.push_back(segment);
  }
  if (old.empty()) return problem;
  next.Drop(old);
  COEVAL_RETURN_IF_ERROR(Publish(std::move(next)));
  for (const LogSegment& segment : old) {
    ++report->dropped;
    report->dropped_rows += segment.rows;
  }
  return problem;
}

Status LogSealer::LearnColumns(Status* problem) {
  SealedLog sealed = Sealed();
  for (LogSegment& segment : sealed.segments) {
    if (segment.columns != 0 || left_alone_.contains(segment.file.name)) continue;
    const auto described = DescribeSegment(folder_, segment, context_);
    if (described.ok()) {
      segment.columns = described->columns;
      segment.last_event = described->last_event;
    } else {
      COEVAL_RETURN_IF_ERROR(LeaveAlone({&segment, 1}, described.status(), problem));
    }
  }
  const std::lock_guard lock(mutex_);
  sealed_ = std::move(sealed);  // the manifest says so when it is written next
  return {};
}

Status LogSealer::LeaveAlone(std::span<const LogSegment> segments, const Status& status,
                             Status* problem) {
  const StatusCode code = status.code();
  const bool may_pass = code == StatusCode::kIoError || code == StatusCode::kCancelled ||
                        code == StatusCode::kUnavailable;
  if (may_pass) return status;
  for (const LogSegment& segment : segments) left_alone_.insert(segment.file.name);
  if (problem->ok()) *problem = status;
  return {};
}

std::unique_lock<std::mutex> LogSealer::TakeTurn() {
  while (waiting_ > 0) std::this_thread::yield();
  return std::unique_lock(seal_mutex_);
}

std::unique_lock<std::mutex> LogSealer::Hold() {
  ++waiting_;
  std::unique_lock held(seal_mutex_);
  --waiting_;
  return held;
}

}  // namespace coeval
