#include "ingest/ingester.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "ingest/fact_rows.h"
#include "ingest/log_segment.h"
#include "ingest/push_check.h"
#include "ingest/read_pushes.h"
#include "ingest/segment_reader.h"
#include "io/random_bytes.h"
#include "source/pushed_facts.h"

namespace coeval {
namespace {

constexpr std::int64_t kMostGroupBytes = 64 << 20;
constexpr std::int64_t kKeysShare = 8;  // of the memory budget, at most, is for idempotency keys,
constexpr std::int64_t kLeastKeyBytes = 64 << 10;  // or this

using Views = std::map<std::string, const ViewVersion*>;  // by data identity

// Of versions that share their data the one with the greatest ttl stands for all.
void AddView(const ViewVersion* version, Views* views) {
  const ViewVersion*& place = (*views)[version->data_identity];
  if (place == nullptr || HasGreaterTtl(*version, *place)) place = version;
}

bool IsFedOnline(const ViewVersion& version) {
  return version.push.has_value() && version.view.online;
}

// All that are fed online, by data identity.
Views ViewsOf(const Catalogue& catalogue) {
  Views views;
  for (const auto& [name, versions] : catalogue.views) {
    for (const ViewVersion& version : versions) {
      if (IsFedOnline(version)) AddView(&version, &views);
    }
  }
  return views;
}

// Of these, those that were fed and were not deleted since.
Views Among(const Views& views, const std::vector<std::string>& fed) {
  Views found;
  for (const std::string& identity : fed) {
    const auto view = views.find(identity);
    if (view != views.end()) found.insert(*view);
  }
  return found;
}

Result<NamedPushes::Options> KeyOptions(const LogSettings& settings, const Context& context) {
  NamedPushes::Options options{
      .retention = settings.keys,
      .most_bytes = std::max(context.memory_budget_bytes / kKeysShare, kLeastKeyBytes),
      .seed = 0,
      .memory = context.memory};
  COEVAL_ASSIGN_OR_RETURN(const std::string seed, RandomBytes(sizeof(options.seed)));
  std::memcpy(&options.seed, seed.data(), sizeof(options.seed));
  return options;
}

Status OtherRows(const std::string& key) {
  return Status::AlreadyExists("the idempotency key '" + key +
                               "' named a push of other rows: take a new key for a new push");
}

// The records of one group.
class GroupLog : public CommitLog {
 public:
  GroupLog(std::shared_ptr<FactLog> log, std::vector<LogBatch*> batches)
      : log_(std::move(log)), batches_(std::move(batches)) {}

  Result<std::int64_t> Append(TimeMicros first_c) override {
    std::vector<std::string> payloads;
    TimeMicros c = first_c;
    for (LogBatch* batch : batches_) {
      batch->c = c++;
      COEVAL_ASSIGN_OR_RETURN(std::string payload, EncodeLogBatch(*batch));
      payloads.push_back(std::move(payload));
    }
    const std::vector<std::string_view> views(payloads.begin(), payloads.end());
    COEVAL_ASSIGN_OR_RETURN(const LogPosition first, log_->Append(views));
    return first + static_cast<std::int64_t>(payloads.size()) - 1;
  }

  Status Settle() override { return log_->Repair(); }

 private:
  const std::shared_ptr<FactLog> log_;
  const std::vector<LogBatch*> batches_;
};

}  // namespace

Result<std::unique_ptr<Ingester>> Ingester::Open(const std::string& log_folder, OnlineStore* store,
                                                 const Catalogue& catalogue,
                                                 const LogSettings& settings,
                                                 const Context& context) {
  FactLogOptions options;
  options.folder = log_folder;
  options.file_bytes = settings.file_bytes;
  options.least_epoch = settings.least_epoch;
  COEVAL_ASSIGN_OR_RETURN(std::shared_ptr<FactLog> log, FactLog::Open(std::move(options)));
  COEVAL_ASSIGN_OR_RETURN(SealedLog sealed, ReadSealedLog(log_folder));
  COEVAL_ASSIGN_OR_RETURN(NamedPushes::Options keys, KeyOptions(settings, context));
  std::unique_ptr<Ingester> ingester(
      new Ingester(log_folder, log, store, context, std::move(keys)));
  COEVAL_RETURN_IF_ERROR(ingester->CheckBelongTogether(sealed));
  COEVAL_RETURN_IF_ERROR(ingester->Replay(catalogue, sealed));
  // What a process that was killed had not come to.
  RemoveSealLeftovers(log_folder, sealed);
  COEVAL_RETURN_IF_ERROR(log->Trim(sealed.last));
  ingester->sealer_ = std::make_unique<LogSealer>(log_folder, std::move(log), store, settings,
                                                  std::move(sealed), context);
  ingester->sealer_->Consider();
  return ingester;
}

Status Ingester::CheckBelongTogether(const SealedLog& sealed) const {
  const std::string end = " of the log, and the log ends with record " +
                          std::to_string(log_->last()) +
                          ": they do not belong together; bring back the log's files, or restore "
                          "both";
  if (log_->last() < store_->LogApplied()) {
    return Status::FailedPrecondition("the online store holds pushes up to record " +
                                      std::to_string(store_->LogApplied()) + end);
  }
  if (log_->last() < sealed.last) {
    return Status::FailedPrecondition("the sealed segments hold pushes up to record " +
                                      std::to_string(sealed.last) + end);
  }
  if (sealed.last > 0 && sealed.writer != log_->writer()) {
    return Status::FailedPrecondition(
        "the sealed segments in '" + folder_ +
        "' are of another log: bring back the log's files, or restore both");
  }
  return {};
}

Status Ingester::Replay(const Catalogue& catalogue, const SealedLog& sealed) {
  const Views views = ViewsOf(catalogue);
  COEVAL_RETURN_IF_ERROR(RememberSealed(sealed));
  COEVAL_RETURN_IF_ERROR(ReplaySealed(views, sealed));
  const LogPosition applied = store_->LogApplied();
  return log_->Replay(sealed.last, [&](const LogRecord& record) -> Status {
    COEVAL_ASSIGN_OR_RETURN(LogBatch logged, DecodeLogBatch(record.payload));
    COEVAL_RETURN_IF_ERROR(Remember(logged));
    if (record.number <= applied) return {};
    return ReplayOne(views, std::move(logged), record.number);
  });
}

Status Ingester::ReplaySealed(const Views& views, const SealedLog& sealed) {
  const auto replay = [&](NumberedBatch push) {
    return ReplayOne(views, std::move(push.batch), push.record);
  };
  return VisitPushes(folder_, sealed.segments, {.after = store_->LogApplied()}, replay, context_);
}

Status Ingester::RememberSealed(const SealedLog& sealed) {
  next_number_ = sealed.next_number;
  named_.Advance(sealed.last_c);
  for (const SealedKeys& keys : sealed.keys) {
    if (!named_.Keeps(keys.last_c)) continue;
    COEVAL_ASSIGN_OR_RETURN(const auto named, ReadKeys(folder_, keys.file, context_));
    for (const NamedPush& push : named) named_.Finish(push);
  }
  return {};
}

Status Ingester::Remember(const LogBatch& logged) {
  next_number_ = std::max(next_number_, logged.first_number + logged.rows.num_rows);
  named_.Advance(logged.c);
  if (logged.idempotency_key.empty()) return {};
  COEVAL_ASSIGN_OR_RETURN(const NamedPush push, NamedPushOf(logged));
  named_.Finish(push);
  return {};
}

// What was fed then is fed again, whatever is active now.
Status Ingester::ReplayOne(const Views& views, LogBatch logged, LogPosition record) {
  const Views fed = Among(views, logged.fed);
  Waiting push;
  push.logged = std::move(logged);
  PushReport report;
  COEVAL_RETURN_IF_ERROR(Prepare(fed, &push, &report));
  return store_->Replay(push.batch, push.logged.c, record);
}

Status Ingester::Prepare(const Views& views, Waiting* push, PushReport* report) const {
  push->batch.log = log_->writer();
  for (const auto& [identity, version] : views) {
    FactRequest request = FactsOf(*version);
    COEVAL_ASSIGN_OR_RETURN(const auto reader,
                            OpenOnePush(*version->push, request, push->logged, context_));
    while (true) {
      COEVAL_ASSIGN_OR_RETURN(const std::optional<FactBatch> facts, reader->Next());
      if (!facts) break;
      push->batch.views.push_back({version, FactRowsOf(*facts)});
    }
    report->null_keys = std::max(report->null_keys, reader->counts().null_keys);
    report->views.push_back(version->view.name);
  }
  return {};
}

Result<PushReport> Ingester::Push(const CatalogueSnapshot& catalogue, const PushRequest& request) {
  COEVAL_ASSIGN_OR_RETURN(const PushColumns columns,
                          request.deletes ? DeleteColumnsOf(*catalogue, request.source)
                                          : PushColumnsOf(*catalogue, request.source));
  LogBatch logged;
  logged.deletes = request.deletes;
  logged.source = request.source;
  logged.destination = request.to;
  logged.idempotency_key = request.idempotency_key;
  COEVAL_ASSIGN_OR_RETURN(logged.rows, CheckPushedRows(columns, request.rows, context_));
  if (logged.rows.num_rows == 0) return PushReport{};
  if (!request.idempotency_key.empty()) {
    return PushNamed(catalogue, request, std::move(logged));
  }
  return PushNew(catalogue, &logged);
}

Result<PushReport> Ingester::PushNamed(const CatalogueSnapshot& catalogue,
                                       const PushRequest& request, LogBatch logged) {
  const std::string& key = request.idempotency_key;
  const PushName name(key);
  COEVAL_ASSIGN_OR_RETURN(const std::uint64_t fingerprint, FingerprintOf(logged));
  COEVAL_ASSIGN_OR_RETURN(const auto before, Repeat(*catalogue, logged, name, fingerprint));
  if (before) return *before;
  Result<PushReport> report = PushNew(catalogue, &logged);
  const std::lock_guard lock(mutex_);
  if (report.ok()) {
    named_.Finish({key, fingerprint, report->c, report->rows, std::move(logged.fed)});
  } else {
    named_.GiveUp(name);
  }
  changed_.notify_all();
  return report;
}

Result<std::optional<PushReport>> Ingester::Repeat(const Catalogue& catalogue, LogBatch logged,
                                                   const PushName& name,
                                                   std::uint64_t fingerprint) {
  Waiting push;
  PushReport report{.repeated = true};
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros now, context_.clock->Now());
  {
    std::unique_lock lock(mutex_);
    // Where the same push is on its way, its end decides; where it fails, this one takes its place.
    std::optional<NamedPushes::Entry> named;
    changed_.wait(lock, [&] {
      named = named_.Find(name);
      return !named || named->done;
    });
    if (!named) {
      COEVAL_RETURN_IF_ERROR(named_.Begin(name, fingerprint, now));
      return std::optional<PushReport>();
    }
    if (named->fingerprint != fingerprint) return OtherRows(logged.idempotency_key);
    report.c = named->c;
    report.rows = named->rows;
    logged.fed = *named->fed;
  }
  logged.c = report.c;
  push.logged = std::move(logged);
  COEVAL_RETURN_IF_ERROR(Prepare(Among(ViewsOf(catalogue), push.logged.fed), &push, &report));
  return std::optional<PushReport>(std::move(report));
}

Result<PushReport> Ingester::PushNew(const CatalogueSnapshot& catalogue, LogBatch* logged) {
  const std::vector<const ViewVersion*> versions = catalogue->VersionsFedBy(logged->source);
  Views fed;
  for (const ViewVersion* version : versions) {
    const bool online = logged->destination != LogDestination::kOffline;
    if (online && IsFedOnline(*version)) AddView(version, &fed);
  }
  for (const auto& [identity, version] : fed) logged->fed.push_back(identity);
  Waiting push;
  push.logged = *logged;
  push.bytes = push.logged.rows.SizeBytes();
  PushReport report{.rows = push.logged.rows.num_rows};
  {
    const std::lock_guard lock(mutex_);
    push.logged.first_number = next_number_;
    next_number_ += report.rows;
  }
  // Rows that were checked before any C was known are no longer too far ahead of it.
  COEVAL_ASSIGN_OR_RETURN(push.logged.c, context_.clock->Now());
  COEVAL_RETURN_IF_ERROR(Prepare(fed, &push, &report));
  WaitForGroup(&push);
  COEVAL_ASSIGN_OR_RETURN(report.c, push.c);
  sealer_->Consider();
  return report;
}

void Ingester::WaitForGroup(Waiting* push) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(push);
  while (!push->done) {
    if (committing_) {
      changed_.wait(lock);
    } else {
      CommitGroup(&lock);
    }
  }
}

void Ingester::CommitGroup(std::unique_lock<std::mutex>* lock) {
  std::vector<Waiting*> group;
  std::int64_t bytes = 0;
  while (!waiting_.empty() &&
         (group.empty() || bytes + waiting_.front()->bytes <= kMostGroupBytes)) {
    bytes += waiting_.front()->bytes;
    group.push_back(waiting_.front());
    waiting_.pop_front();
  }
  committing_ = true;
  lock->unlock();
  Result<TimeMicros> c = Commit(group);
  if (!c.ok() && c.status().code() != StatusCode::kIoError && group.size() > 1) {
    // It may lie with one of them alone.
    for (Waiting* push : group) push->c = Commit({&push, 1});
  } else {
    for (Waiting* push : group) {
      push->c = c;
      if (c.ok()) c = *c + 1;
    }
  }
  lock->lock();
  committing_ = false;
  for (Waiting* push : group) {
    push->done = true;
    if (push->c.ok()) named_.Advance(*push->c);
  }
  changed_.notify_all();
}

Result<TimeMicros> Ingester::Commit(std::span<Waiting* const> group) {
  std::vector<PushedBatch> batches;
  std::vector<LogBatch*> logged;
  for (Waiting* push : group) {
    batches.push_back(push->batch);
    logged.push_back(&push->logged);
  }
  return store_->Push(batches, std::make_shared<GroupLog>(log_, std::move(logged)));
}

Result<SealReport> Ingester::Seal(MergeKind merge) {
  COEVAL_RETURN_IF_ERROR(log_->CloseFile());
  COEVAL_ASSIGN_OR_RETURN(SealReport report, sealer_->SealClosed());
  COEVAL_RETURN_IF_ERROR(sealer_->Merge(merge, &report));
  COEVAL_RETURN_IF_ERROR(sealer_->DropOld(&report));
  return report;
}

Result<LoggedPushes> Ingester::Logged(const std::string& push_source) const {
  return ReadPushes(folder_, log_->last(), push_source, context_);
}

}  // namespace coeval
