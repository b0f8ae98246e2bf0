#include "ingest/ingester.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "base/hash.h"
#include "ingest/fact_rows.h"
#include "ingest/push_check.h"
#include "source/pushed_facts.h"

namespace coeval {
namespace {

constexpr std::int64_t kMostGroupBytes = 64 << 20;

using Views = std::map<std::string, const ViewVersion*>;  // by data identity

// Of versions that share their data the one with the greatest ttl stands for all.
void AddView(const ViewVersion* version, Views* views) {
  const ViewVersion*& place = (*views)[version->data_identity];
  if (place == nullptr || HasGreaterTtl(*version, *place)) place = version;
}

bool IsFedOnline(const ViewVersion& version) {
  return version.push.has_value() && version.view.online;
}

// What makes two pushes the same, whenever they come.
Result<std::uint64_t> FingerprintOf(const LogBatch& logged) {
  LogBatch alone = logged;
  alone.c = 0;
  alone.first_number = 0;
  alone.fed.clear();
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, EncodeLogBatch(alone));
  return Hash64(bytes);
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
                                                 const Context& context) {
  FactLogOptions options;
  options.folder = log_folder;
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactLog> log, FactLog::Open(std::move(options)));
  std::unique_ptr<Ingester> ingester(new Ingester(std::move(log), store, context));
  COEVAL_RETURN_IF_ERROR(ingester->Replay(catalogue));
  return ingester;
}

Status Ingester::Replay(const Catalogue& catalogue) {
  if (log_->last() < store_->LogApplied()) {
    return Status::FailedPrecondition(
        "the online store holds pushes up to record " + std::to_string(store_->LogApplied()) +
        " of the log, and the log ends with record " + std::to_string(log_->last()) +
        ": they do not belong together; bring back the log's files, or restore both");
  }
  Views views;
  for (const auto& [name, versions] : catalogue.views) {
    for (const ViewVersion& version : versions) {
      if (IsFedOnline(version)) AddView(&version, &views);
    }
  }
  return log_->Replay(0, [&](const LogRecord& record) -> Status {
    COEVAL_ASSIGN_OR_RETURN(LogBatch logged, DecodeLogBatch(record.payload));
    next_number_ = std::max(next_number_, logged.first_number + logged.rows.num_rows);
    if (!logged.idempotency_key.empty()) {
      COEVAL_ASSIGN_OR_RETURN(const std::uint64_t fingerprint, FingerprintOf(logged));
      named_[logged.idempotency_key] = {
          fingerprint, true, {.c = logged.c, .rows = logged.rows.num_rows}};
    }
    if (record.number <= store_->LogApplied()) return {};
    return ReplayOne(views, std::move(logged), record.number);
  });
}

// What was fed then is fed again, whatever is active now.
Status Ingester::ReplayOne(const Views& views, LogBatch logged, LogPosition record) {
  Views fed;
  for (const std::string& identity : logged.fed) {
    const auto view = views.find(identity);
    if (view != views.end()) fed.insert(*view);  // else it was deleted since
  }
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
  return PushNew(catalogue, std::move(logged));
}

Result<PushReport> Ingester::PushNamed(const CatalogueSnapshot& catalogue,
                                       const PushRequest& request, LogBatch logged) {
  const std::string& key = request.idempotency_key;
  COEVAL_ASSIGN_OR_RETURN(const std::uint64_t fingerprint, FingerprintOf(logged));
  {
    std::unique_lock lock(mutex_);
    // Where the same push is on its way, its end decides; where it fails, this one takes its place.
    changed_.wait(lock, [&] {
      const auto named = named_.find(key);
      return named == named_.end() || named->second.done;
    });
    const auto [named, is_new] = named_.try_emplace(key, Named{.fingerprint = fingerprint});
    if (!is_new) {
      if (named->second.fingerprint != fingerprint) return OtherRows(key);
      PushReport report = named->second.report;
      report.repeated = true;
      return report;
    }
  }
  Result<PushReport> report = PushNew(catalogue, std::move(logged));
  const std::lock_guard lock(mutex_);
  if (report.ok()) {
    named_[key] = {fingerprint, true, *report};
  } else {
    named_.erase(key);
  }
  changed_.notify_all();
  return report;
}

Result<PushReport> Ingester::PushNew(const CatalogueSnapshot& catalogue, LogBatch logged) {
  const std::vector<const ViewVersion*> versions = catalogue->VersionsFedBy(logged.source);
  Views fed;
  for (const ViewVersion* version : versions) {
    const bool online = logged.destination != LogDestination::kOffline;
    if (online && IsFedOnline(*version)) AddView(version, &fed);
  }
  for (const auto& [identity, version] : fed) logged.fed.push_back(identity);
  Waiting push;
  push.logged = std::move(logged);
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
  for (Waiting* push : group) push->done = true;
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

Result<LoggedPushes> Ingester::Logged(const std::string& push_source) const {
  LoggedPushes pushed{.writer = writer()};
  COEVAL_RETURN_IF_ERROR(log_->Replay(0, [&](const LogRecord& record) -> Status {
    COEVAL_ASSIGN_OR_RETURN(LogBatch logged, DecodeLogBatch(record.payload));
    if (logged.source == push_source) pushed.batches.push_back(std::move(logged));
    return {};
  }));
  return pushed;
}

}  // namespace coeval
