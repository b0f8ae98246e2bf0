#include "online/rocksdb/rocksdb_store.h"

#include <algorithm>
#include <utility>

#include "online/rocksdb/fact_load.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/open.h"
#include "online/rocksdb/snapshot.h"
#include "online/rocksdb/verify.h"
#include "online/rocksdb/walk.h"

namespace coeval {
namespace {

std::int64_t IntProperty(const Db& db, const std::string& name) {
  std::uint64_t value = 0;
  if (!db.rocks().GetIntProperty(db.facts(), name, &value)) return 0;
  return static_cast<std::int64_t>(value);
}

std::int64_t BytesOf(const Db& db, DataId id) {
  std::string begin;
  std::string end;
  AppendDataId(id, &begin);
  AppendDataId(id + 1, &end);
  const rocksdb::Range range(begin, end);
  std::uint64_t bytes = 0;
  rocksdb::SizeApproximationOptions options;
  options.include_files = true;
  if (!db.rocks().GetApproximateSizes(options, db.facts(), &range, 1, &bytes).ok()) return 0;
  return static_cast<std::int64_t>(bytes);
}

void AddSizes(const StoreState& state, OnlineStats* stats) {
  const Db& db = *state.db;
  stats->approximate_keys = IntProperty(db, "rocksdb.estimate-num-keys");
  stats->bytes_on_disk = IntProperty(db, "rocksdb.total-sst-files-size");
  stats->block_cache_bytes = static_cast<std::int64_t>(db.block_cache_bytes());
  for (OnlineStats::View& view : stats->views) {
    const ViewRecord* record = state.meta->Find(view.data_identity);
    if (record != nullptr) view.bytes_on_disk = BytesOf(db, record->id);
  }
}

}  // namespace

Result<std::unique_ptr<OnlineStore>> RocksDbStore::Open(const StoreCore::Options& options,
                                                        const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(std::shared_ptr<StoreCore> core, StoreCore::Open(options, context));
  return std::unique_ptr<OnlineStore>(
      std::make_unique<RocksDbStore>(std::move(core), options.folder, context));
}

Result<std::unique_ptr<OnlineStore>> OpenRocksDbStore(const std::string& path,
                                                      const std::string& project,
                                                      const Context& context,
                                                      const OnlineStoreOptions& options) {
  return RocksDbStore::Open({.folder = path, .project = project, .store = options, .env = nullptr},
                            context);
}

Result<std::shared_ptr<const OnlineSnapshot>> RocksDbStore::Now() {
  COEVAL_ASSIGN_OR_RETURN(auto moment, core_->Now());
  return std::shared_ptr<const OnlineSnapshot>(
      std::make_shared<RocksDbSnapshot>(moment.first, std::move(moment.second)));
}

ViewProgress RocksDbStore::Progress(const ViewVersion& version) const {
  return core_->meta()->ProgressOf(version);
}

TimeMicros RocksDbStore::horizon() const {
  return core_->meta()->project.horizon;
}

TimeMicros RocksDbStore::HorizonAfterLoad(TimeMicros clock) const {
  return core_->HorizonAfter(std::max(clock, core_->time_keeper().last_c()));
}

Result<std::unique_ptr<FactLoad>> RocksDbStore::BeginLoad(const LoadSpec& spec,
                                                          const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(LoadTicket ticket, core_->BeginLoad(spec));
  return std::unique_ptr<FactLoad>(std::make_unique<RocksDbFactLoad>(
      core_, std::move(ticket), spec.version->source, LoadMemory::Of(context), context));
}

Result<Committed> RocksDbStore::CommitTogether(std::span<FactLoad* const> loads,
                                               std::span<const LoadCommit> commits) {
  std::vector<RocksDbFactLoad*> own;
  for (FactLoad* const load : loads) {
    own.push_back(dynamic_cast<RocksDbFactLoad*>(load));
    COEVAL_CHECK(own.back() != nullptr);  // a load of another store
  }
  return RocksDbFactLoad::CommitTogether(*core_, own, commits);
}

Result<TimeMicros> RocksDbStore::Push(std::span<const PushedBatch> batches,
                                      const std::shared_ptr<CommitLog>& log) {
  return core_->Push(batches, log);
}

Status RocksDbStore::Replay(const PushedBatch& batch, TimeMicros c, std::int64_t record) {
  return core_->Replay(batch, c, record);
}

std::int64_t RocksDbStore::LogApplied() const {
  return core_->LogApplied();
}

Status RocksDbStore::Flush() {
  return core_->Flush();
}

Result<std::string> RocksDbStore::Checkpoint(const std::function<Status()>& at_point) {
  return core_->Checkpoint(at_point);
}

Status RocksDbStore::Drop(const std::string& data_identity) {
  return core_->Drop(data_identity);
}

Result<VerifyReport> RocksDbStore::Verify(const Context& context, const ProgressSink& progress) {
  // Where damage keeps pushed facts out of the files, the walk finds it.
  const Status flushed = core_->Flush();
  if (flushed.code() != StatusCode::kCorruption) COEVAL_RETURN_IF_ERROR(flushed);
  COEVAL_ASSIGN_OR_RETURN(const SharedState state, core_->State());
  return VerifyStore(*state, context, progress);
}

OnlineStats RocksDbStore::Stats() const {
  const std::shared_ptr<const Meta> meta = core_->meta();
  OnlineStats stats;
  stats.horizon = meta->project.horizon;
  stats.last_c = core_->time_keeper().last_c();
  stats.lease = core_->time_keeper().lease();
  for (const auto& [identity, record] : meta->views) {
    stats.views.push_back({.name = record->view,
                           .data_identity = identity,
                           .progress = record->progress,
                           .newest_event_time = record->newest_event_time,
                           .ttl = record->ttl,
                           .bytes_on_disk = 0});
  }
  stats.fresh_bytes = core_->fresh_bytes();
  const RowCache::Stats cache = core_->cache_stats();
  stats.cache_limit_bytes = cache.limit;
  stats.cache_bytes = cache.bytes;
  stats.cache_entries = cache.entries;
  stats.cache_hits = cache.hits;
  stats.cache_misses = cache.misses;
  {
    const std::lock_guard lock(warm_mutex_);
    stats.warming = warm_.has_value() && !warm_->done();
  }
  if (const Result<SharedState> state = core_->State(); state.ok()) AddSizes(**state, &stats);
  std::stable_sort(stats.views.begin(), stats.views.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  return stats;
}

void RocksDbStore::KeepWarm() {
  const std::lock_guard lock(warm_mutex_);
  if (!warm_.has_value()) warm_.emplace(core_.get(), folder_ + "/WARM", context_);
}

Status RocksDbStore::Compact() {
  return core_->Compact();
}

Result<std::string> RocksDbStore::StateHash(const ViewVersion& version, TimeMicros horizon) {
  COEVAL_RETURN_IF_ERROR(core_->Flush());
  COEVAL_ASSIGN_OR_RETURN(const SharedState state, core_->State());
  return HashFacts(*state, version.data_identity, horizon);
}

}  // namespace coeval
