#include "online/rocksdb/store_core.h"

#include <algorithm>
#include <chrono>

#include <rocksdb/sst_file_writer.h>

#include "io/files.h"
#include "io/fork_guard.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/format_stamp.h"
#include "online/rocksdb/status.h"
#include "online/rocksdb/walk.h"

namespace coeval {
namespace {

// How long a request may hold a snapshot before opening the database again gives up.
constexpr std::chrono::seconds kMostPatience{30};

// Do the versions of the files of all views? What readers keep of them relies on it.
bool OnlyGrows(const Meta& from, const Meta& to) {
  return std::all_of(to.views.begin(), to.views.end(), [&](const auto& view) {
    const ViewRecord* before = from.Find(view.first);
    return before == nullptr || before->id != view.second->id ||
           before->files <= view.second->files;
  });
}

}  // namespace

StoreState::StoreState(std::shared_ptr<Db> database, std::shared_ptr<const Meta> committed,
                       Fresh fresh_facts, std::shared_ptr<KeepContext> keep,
                       std::shared_ptr<EventIndexCache> event_indexes,
                       std::shared_ptr<RowCache> cached_rows)
    : db(std::move(database)),
      snapshot(db->rocks().GetSnapshot()),
      meta(std::move(committed)),
      indexes(std::move(event_indexes)),
      rows(std::move(cached_rows)),
      fresh(std::move(fresh_facts)),
      keep_(std::move(keep)),
      pin_(keep_.get(), meta->project.horizon) {}

StoreState::~StoreState() {
  db->rocks().ReleaseSnapshot(snapshot);
}

StoreCore::StoreCore(Options options, const Context& context, LockFile owner, LeaseFile lease,
                     ManifestTail manifest)
    : options_(std::move(options)),
      context_(context),
      owner_(std::make_shared<const LockFile>(std::move(owner))),
      lease_(std::move(lease)),
      manifest_(std::move(manifest)) {
  EventIndexOptions index = options_.store.index;
  const std::int64_t share = std::max<std::int64_t>(0, context_.memory_budget_bytes / 8);
  index.bytes = std::min(index.bytes, static_cast<std::size_t>(share));
  if (index.bytes > 0) indexes_ = std::make_shared<EventIndexCache>(index);
  const std::size_t rows = options_.store.cache_bytes.value_or(static_cast<std::size_t>(share));
  if (rows > 0) rows_ = std::make_shared<RowCache>(rows);
}

StoreCore::~StoreCore() {
  {
    const std::lock_guard lock(commit_mutex_);
    stop_ = true;
    flush_wanted_changed_.notify_all();
  }
  if (flusher_.joinable()) flusher_.join();
  // So that the next process has little to replay; what stays is in the log. Not where the store
  // did not open.
  if (const Status status = meta() == nullptr ? Status() : Flush(); !status.ok()) {
    context_.log(LogLevel::kWarning,
                 "pushed facts stay in the log, and are read from it again: " + status.ToString());
  }
  keeper_.reset();  // writes its last lease
}

namespace {

// RocksDB's background threads are those of the process that first had a store, in all of its
// stores: a forked child has none, and its files would never be merged.
Status CheckThreads() {
  static const std::uint64_t first = ForkGeneration();
  if (first == ForkGeneration()) return {};
  return Status::FailedPrecondition(
      "this process was forked from one that had had an online store open, and cannot own one: "
      "start it anew (multiprocessing: the start method 'spawn' or 'forkserver'), or keep the "
      "store "
      "open in another process, which this one then asks");
}

}  // namespace

Result<std::shared_ptr<StoreCore>> StoreCore::Open(Options options, const Context& context) {
  if (options.env == nullptr) options.env = rocksdb::Env::Default();
  const std::string& folder = options.folder;
  COEVAL_RETURN_IF_ERROR(MakeDirectories(folder, 0700));  // its owner's alone
  Result<LockFile> owner = LockFile::Acquire(folder + "/OWNER");
  if (!owner.ok()) {
    return owner.status().WithContext("the online store has one owner at a time");
  }
  COEVAL_RETURN_IF_ERROR(CheckThreads());
  COEVAL_RETURN_IF_ERROR(CheckFormatStamp(folder));
  COEVAL_ASSIGN_OR_RETURN(LeaseFile lease, LeaseFile::Open(folder + "/LEASE", options.project));
  COEVAL_ASSIGN_OR_RETURN(ManifestTail manifest, ManifestTail::Open(folder));
  const std::string staging = folder + "/staging";
  COEVAL_RETURN_IF_ERROR(RemoveTree(staging));  // what a run left that did not finish
  COEVAL_RETURN_IF_ERROR(MakeDirectories(staging, 0700));
  std::shared_ptr<StoreCore> core(new StoreCore(std::move(options), context, std::move(*owner),
                                                std::move(lease), std::move(manifest)));
  const std::lock_guard lock(core->commit_mutex_);
  COEVAL_RETURN_IF_ERROR(core->OpenDatabase());
  core->flusher_ = std::thread([core = core.get()] { core->FlushUntilStopped(); });
  return core;
}

Status StoreCore::OpenDatabase() {
  {
    const std::lock_guard lock(gate_->mutex);
    ++gate_->open;
  }
  Db::Options options;
  options.folder = options_.folder;
  options.env = options_.env;
  options.cache_bytes =
      static_cast<std::size_t>(std::max<std::int64_t>(context_.memory_budget_bytes / 4, 8 << 20));
  options.keep = keep_;
  options.owner = owner_;
  options.log = context_.log;
  options.on_closed = [gate = gate_] {
    const std::lock_guard lock(gate->mutex);
    --gate->open;
    gate->closed.notify_all();
  };
  COEVAL_RETURN_IF_ERROR(manifest_.CutTorn());
  COEVAL_ASSIGN_OR_RETURN(std::shared_ptr<Db> db, Db::Open(std::move(options)));
  manifest_.Remember(db->rocks());
  COEVAL_ASSIGN_OR_RETURN(const std::shared_ptr<Meta> meta, ReadMeta(*db, options_.project));
  for (const std::string& identity : unwritten_views_) {  // of pushes, when it is opened again
    meta->views[identity] = this->meta()->views.at(identity);
  }
  ++files_;
  for (auto& [identity, record] : meta->views) {
    ViewRecord opened = *record;
    opened.files = files_;
    opened.changes = {};
    record = std::make_shared<const ViewRecord>(std::move(opened));
    keep_->SetView(record->id, record->Kept());
  }
  const std::vector<DataId> retired = std::exchange(meta->retired, {});
  if (keeper_ == nullptr) {
    keeper_ = std::make_unique<TimeKeeper>(
        context_.clock, TimeKeeper::Start{.lease = lease_.until(), .last_c = meta->project.c},
        [this](TimeMicros until) { return WriteLease(until); }, context_.log);
  }
  log_record_ = std::max(log_record_, meta->project.log_applied);
  // After a commit that failed at its last step, its C may be the newest after all.
  keeper_->Adopt(meta->project.c, [&] { Publish(meta, std::move(db)); });
  retired_.clear();
  for (const DataId id : retired) {
    if (!IsLoading(id)) Retire(id, 0);  // else, opened again, it is still to be committed
  }
  ReclaimRetired();
  return {};
}

Status StoreCore::EnsureHealthy() {
  if (const SharedState now = state(); now != nullptr) {
    if (!now->db->failed()) return {};
    COEVAL_RETURN_IF_ERROR(ProbeDisk());
    // A new manifest. The old one may end with an ingestion that was taken back.
    COEVAL_RETURN_IF_ERROR(FromRocksDb(now->db->rocks().Resume(), "resuming after a failed write"));
  }
  {
    SharedState failed;
    const std::lock_guard lock(state_mutex_);
    failed = std::exchange(state_, nullptr);
  }
  // Requests that are being answered hold the database open a little longer.
  std::unique_lock lock(gate_->mutex);
  if (!gate_->closed.wait_for(lock, kMostPatience, [&] { return gate_->open == 0; })) {
    return Status::Unavailable(
        "the online store must be opened again after a failed write, and a request that began "
        "before still reads from it: let it end and run this again");
  }
  lock.unlock();
  return OpenDatabase();
}

std::string StoreCore::NewStagingPath(const std::string& name) {
  return options_.folder + "/staging/" + std::to_string(staged_++) + "-" + name;
}

// Room for what opening writes, and more.
Status StoreCore::ProbeDisk() {
  const std::string path = NewStagingPath("probe");
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env()->NewWritableFile(path, &file, rocksdb::EnvOptions());
  if (status.ok()) status = file->Append(std::string(1 << 20, '\0'));
  if (status.ok()) status = file->Sync();
  if (status.ok()) status = file->Close();
  if (status.ok()) status = env()->DeleteFile(path);
  return FromRocksDb(status, "opening the online store again after a failed write");
}

Result<std::pair<TimeMicros, SharedState>> StoreCore::Now() {
  while (true) {
    SharedState seen;
    COEVAL_ASSIGN_OR_RETURN(const TimeMicros t, keeper_->Now([&] { seen = state(); }));
    if (fenced_.load(std::memory_order_acquire)) return CheckOwner();
    if (seen != nullptr) return std::pair(t, std::move(seen));
    const std::lock_guard lock(commit_mutex_);
    COEVAL_RETURN_IF_ERROR(EnsureHealthy());
  }
}

Result<SharedState> StoreCore::State() {
  if (SharedState seen = state(); seen != nullptr) return seen;
  const std::lock_guard lock(commit_mutex_);
  COEVAL_RETURN_IF_ERROR(EnsureHealthy());
  return state();
}

SharedState StoreCore::state() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

std::shared_ptr<const Meta> StoreCore::meta() const {
  const std::lock_guard lock(state_mutex_);
  return meta_;
}

TimeMicros StoreCore::HorizonAfter(TimeMicros c) const {
  return std::max(meta()->project.horizon, SaturatingSubtract(c, options_.store.online_history));
}

Result<std::string> StoreCore::WriteMetaFile(const MetaRows& rows) {
  std::string path = NewStagingPath("meta.sst");
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), MetaFileOptions(env()));
  rocksdb::Status status = writer.Open(path);
  for (const auto& [key, value] : rows) {
    if (status.ok()) status = value ? writer.Put(key, *value) : writer.Delete(key);
  }
  if (status.ok()) status = writer.Finish();
  COEVAL_RETURN_IF_ERROR(FromRocksDb(status, "writing to the online store"));
  return path;
}

// All files at once, or none (RocksDB writes them into its manifest as one group).
Status StoreCore::Ingest(const std::vector<std::string>& files, const MetaRows& rows) {
  const SharedState now = state();
  COEVAL_ASSIGN_OR_RETURN(const std::string path, WriteMetaFile(rows));
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.write_global_seqno = false;
  std::vector<rocksdb::IngestExternalFileArg> parts(files.empty() ? 1 : 2);
  parts[0].column_family = now->db->meta();
  parts[0].external_files = {path};
  parts[0].options = options;
  if (!files.empty()) {
    parts[1].column_family = now->db->facts();
    parts[1].external_files = files;
    parts[1].options = options;
  }
  const rocksdb::Status status = now->db->rocks().IngestExternalFiles(parts);
  if (status.ok()) {
    manifest_.Remember(now->db->rocks());
  } else {
    // Where it would lie beside what cannot be read, nothing was written: opening again heals none
    // of that.
    if (!status.IsCorruption()) now->db->MarkFailed();
    (void)env()->DeleteFile(path);  // else the next open removes it
  }
  return FromRocksDb(status, "committing to the online store");
}

void StoreCore::Publish(std::shared_ptr<const Meta> meta, std::shared_ptr<Db> db) {
  StoreState::Fresh fresh = {fresh_};
  if (flushing_ != nullptr) fresh.push_back(flushing_);
  auto next = std::make_shared<const StoreState>(std::move(db), std::move(meta), std::move(fresh),
                                                 keep_, indexes_, rows_);
  SharedState last;
  {
    const std::lock_guard lock(state_mutex_);
    COEVAL_CHECK(meta_ == nullptr || OnlyGrows(*meta_, *next->meta));
    next_id_ = std::max(next_id_, next->meta->next_id);
    meta_ = next->meta;
    last = std::exchange(state_, std::move(next));
  }
}

Status StoreCore::Drop(const std::string& data_identity) {
  const std::lock_guard lock(commit_mutex_);
  {
    const std::lock_guard state_lock(state_mutex_);
    if (loading_.contains(data_identity)) {
      return Status::Unavailable("the data of this view are being materialized: wait for the run");
    }
  }
  COEVAL_RETURN_IF_ERROR(EnsureHealthy());
  const std::shared_ptr<const Meta> committed = meta();
  const ViewRecord* record = committed->Find(data_identity);
  if (record == nullptr) return {};
  const DataId id = record->id;
  MetaRows rows = {{ViewKey(options_.project, data_identity), std::nullopt},
                   {RetiredKey(id), "{}"}};
  {
    // The number of a view that only pushes have made is given to no other one.
    const std::lock_guard state_lock(state_mutex_);
    rows[std::string(kNextIdKey)] = WriteNextId(next_id_);
  }
  COEVAL_RETURN_IF_ERROR(Ingest({}, rows));
  unwritten_views_.erase(data_identity);
  auto next = std::make_shared<Meta>(*committed);
  next->views.erase(data_identity);
  const std::uint64_t before = state()->number();
  Publish(std::move(next), state()->db);
  Retire(id, before);
  ReclaimRetired();
  return {};
}

Status StoreCore::Compact() {
  COEVAL_RETURN_IF_ERROR(Flush());
  const std::lock_guard lock(commit_mutex_);
  COEVAL_RETURN_IF_ERROR(EnsureHealthy());
  // A fresh snapshot, so that the one of the state holds nothing back that was deleted since.
  Publish(meta(), state()->db);
  ReclaimRetired();
  const SharedState now = state();
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  const rocksdb::Status status =
      now->db->rocks().CompactRange(options, now->db->facts(), nullptr, nullptr);
  if (!status.ok()) now->db->MarkFailed();
  return FromRocksDb(status, "compacting the online store");
}

}  // namespace coeval
