#include "online/rocksdb/store_core.h"

#include <algorithm>
#include <optional>

#include <rocksdb/convenience.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/write_batch.h>

#include "base/json.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/status.h"

namespace coeval {
namespace {

constexpr std::string_view kCommitting = "committing to the online store";

rocksdb::WriteOptions Durable() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

std::string LeaseKey(const std::string& project) {
  return "lease/" + project;
}

std::string PrefixOf(DataId id) {
  std::string prefix;
  AppendDataId(id, &prefix);
  return prefix;
}

// What is known of a view's data once the load is visible.
ViewRecord RecordAfter(const SealedLoad& load, TimeMicros c) {
  ViewRecord record = load.ticket->record;
  if (!load.ticket->covered) record.progress.watermark.reset();
  if (load.commit.watermark) record.progress.watermark = load.commit.watermark;
  if (!load.commit.change_token.empty()) record.progress.change_token = load.commit.change_token;
  record.progress.committed = c;
  record.progress.rows = load.rows;
  record.newest_event_time = std::max(record.newest_event_time, load.newest_event_time);
  return record;
}

}  // namespace

StoreState::StoreState(std::shared_ptr<Db> database, ProjectRecord record)
    : db(std::move(database)),
      snapshot(db->rocks().GetSnapshot()),
      project(record),
      pin_(&db->keep(), record.horizon) {}

StoreState::~StoreState() {
  db->rocks().ReleaseSnapshot(snapshot);
}

const ViewRecord* StoreState::Find(const std::string& data_identity) const {
  const auto found = views.find(data_identity);
  return found == views.end() ? nullptr : found->second.get();
}

StoreCore::StoreCore(Options options, std::shared_ptr<Db> db)
    : options_(std::move(options)), db_(std::move(db)) {}

StoreCore::~StoreCore() {
  keeper_.reset();  // its last lease is written before the database closes
}

Result<std::shared_ptr<StoreCore>> StoreCore::Open(const Options& options, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(std::shared_ptr<Db> db, Db::Open(options.folder, context, options.env));
  std::shared_ptr<StoreCore> core(new StoreCore(options, std::move(db)));
  core->log_ = context.log;
  Meta meta;
  COEVAL_RETURN_IF_ERROR(core->ReadMeta(&meta));
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros lease, core->ReadLease());
  auto state = std::make_shared<StoreState>(core->db_, meta.project);
  for (auto& [identity, record] : meta.views) {
    core->db_->keep().SetView(record.id, {.types = record.types, .ttl = record.ttl});
    state->views.emplace(identity, std::make_shared<const ViewRecord>(std::move(record)));
  }
  core->state_ = std::move(state);
  core->next_id_ = meta.next_id;
  core->keeper_ = std::make_unique<TimeKeeper>(
      context.clock, TimeKeeper::Start{.lease = lease, .last_c = meta.project.c},
      [raw = core.get()](TimeMicros until) { return raw->WriteLease(until); }, context.log);
  const std::lock_guard lock(core->commit_mutex_);
  for (const DataId id : meta.retired) core->Retire(id, {});
  core->ReclaimRetired();
  return core;
}

Status StoreCore::ReadMeta(Meta* meta) {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  const std::unique_ptr<rocksdb::Iterator> rows(db_->rocks().NewIterator(options, db_->meta()));
  for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
    COEVAL_RETURN_IF_ERROR(ReadMetaRow(options_.project, rows->key().ToStringView(),
                                       rows->value().ToStringView(), meta));
  }
  return FromRocksDb(rows->status(), "reading the online store " + options_.folder);
}

Result<TimeMicros> StoreCore::ReadLease() {
  std::string text;
  const rocksdb::Status status =
      db_->rocks().Get(rocksdb::ReadOptions(), db_->leases(), LeaseKey(options_.project), &text);
  if (status.IsNotFound()) return kMinTime;
  COEVAL_RETURN_IF_ERROR(FromRocksDb(status, "reading the online store " + options_.folder));
  const Result<Json> row = ParseJson(text);
  const Json* until = row.ok() ? row->Find("until") : nullptr;
  if (until == nullptr || !until->is_int()) {
    return Status::Corruption("the lease of the online store " + options_.folder +
                              " is not what was written");
  }
  return until->AsInt();
}

Status StoreCore::WriteLease(TimeMicros until) {
  rocksdb::Status status = db_->rocks().Put(Durable(), db_->leases(), LeaseKey(options_.project),
                                            Json().Set("until", until).Write());
  if (!status.ok() && db_->rocks().Resume().ok()) {  // an earlier failure may have passed
    status = db_->rocks().Put(Durable(), db_->leases(), LeaseKey(options_.project),
                              Json().Set("until", until).Write());
  }
  return FromRocksDb(status, "writing the lease of the online store");
}

Result<std::pair<TimeMicros, SharedState>> StoreCore::Now() {
  SharedState seen;
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros t, keeper_->Now([&] { seen = state(); }));
  return std::pair(t, std::move(seen));
}

SharedState StoreCore::state() const {
  const std::lock_guard lock(state_mutex_);
  return state_;
}

TimeMicros StoreCore::HorizonAfter(TimeMicros c) const {
  return std::max(state()->project.horizon, SaturatingSubtract(c, options_.store.online_history));
}

Result<LoadTicket> StoreCore::BeginLoad(const LoadSpec& spec) {
  const ViewVersion& version = *spec.version;
  if (version.data_identity.empty()) {
    return Status::FailedPrecondition("view " + version.view.name +
                                      " was not applied: it has no identity to keep its data by");
  }
  const std::lock_guard lock(state_mutex_);
  if (!loading_.insert(version.data_identity).second) {
    return Status::Unavailable("view " + version.view.name +
                               " is being materialized by another run: wait for it to end");
  }
  const ViewRecord* existing = state_->Find(version.data_identity);
  LoadTicket ticket;
  ticket.fresh = existing == nullptr || spec.replace;
  ticket.record = ViewRecord::Of(version, ticket.fresh ? next_id_++ : existing->id);
  ticket.record.ttl = spec.ttl;
  if (existing != nullptr) {
    ticket.record.progress = existing->progress;
    if (!spec.replace) ticket.record.newest_event_time = existing->newest_event_time;
    ticket.covered = existing->Covers(spec.ttl);
    if (ticket.covered) ticket.record.ttl = existing->ttl;
    if (ticket.fresh) ticket.replaces = existing->id;
  }
  // Before any file is there: from now on no compaction drops what the greater ttl needs.
  db_->keep().SetView(ticket.record.id, {.types = ticket.record.types, .ttl = ticket.record.ttl});
  return ticket;
}

void StoreCore::EndLoad(const LoadTicket& ticket, bool committed) {
  const std::lock_guard lock(state_mutex_);
  loading_.erase(ticket.record.data_identity);
  if (ticket.fresh && !committed) db_->keep().ForgetView(ticket.record.id);
}

Result<Committed> StoreCore::Commit(std::span<const SealedLoad> loads) {
  const std::lock_guard lock(commit_mutex_);
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros c, keeper_->TakeC());
  const ProjectRecord project = {.c = c, .horizon = HorizonAfter(c)};
  MetaRows meta;
  {
    const std::lock_guard state_lock(state_mutex_);
    meta[std::string(kNextIdKey)] = WriteNextId(next_id_);
  }
  meta[ProjectKey(options_.project)] = Write(project);
  std::vector<ViewRecord> records;
  std::vector<std::string> files;
  for (const SealedLoad& load : loads) {
    records.push_back(RecordAfter(load, c));
    meta[ViewKey(options_.project, records.back().data_identity)] = Write(records.back());
    if (load.ticket->replaces != 0) meta[RetiredKey(load.ticket->replaces)] = "{}";
    files.insert(files.end(), load.files.begin(), load.files.end());
  }
  if (const Status status = Ingest(files, meta, c); !status.ok()) {
    keeper_->Abandon();
    return status;
  }
  const std::weak_ptr<const StoreState> before = state();
  std::shared_ptr<StoreState> next = CopyState(project);
  for (ViewRecord& record : records) {
    std::string identity = record.data_identity;
    next->views[std::move(identity)] = std::make_shared<const ViewRecord>(std::move(record));
  }
  keeper_->Publish([&] { Publish(std::move(next)); });
  for (const SealedLoad& load : loads) {
    if (load.ticket->replaces != 0) Retire(load.ticket->replaces, before);
  }
  ReclaimRetired();
  return Committed{.c = c, .horizon = project.horizon};
}

// All files at once, or none (RocksDB writes them into its manifest as one group).
Status StoreCore::Ingest(const std::vector<std::string>& files, const MetaRows& rows,
                         TimeMicros c) {
  const std::string path = db_->staging() + "/meta-" + std::to_string(c) + ".sst";
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), db_->FileOptions(db_->meta()));
  rocksdb::Status status = writer.Open(path);
  for (const auto& [key, value] : rows) {
    if (status.ok()) status = writer.Put(key, value);
  }
  if (status.ok()) status = writer.Finish();

  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.write_global_seqno = false;
  std::vector<rocksdb::IngestExternalFileArg> parts(files.empty() ? 1 : 2);
  parts[0].column_family = db_->meta();
  parts[0].external_files = {path};
  parts[0].options = options;
  if (!files.empty()) {
    parts[1].column_family = db_->facts();
    parts[1].external_files = files;
    parts[1].options = options;
  }
  if (status.ok()) status = db_->rocks().IngestExternalFiles(parts);
  if (!status.ok()) (void)db_->env()->DeleteFile(path);  // else the next open removes it
  return FromRocksDb(status, kCommitting);
}

std::shared_ptr<StoreState> StoreCore::CopyState(const ProjectRecord& project) const {
  auto next = std::make_shared<StoreState>(db_, project);
  next->views = state()->views;
  return next;
}

void StoreCore::Publish(std::shared_ptr<StoreState> next) {
  SharedState last = std::move(next);
  {
    const std::lock_guard lock(state_mutex_);
    std::swap(state_, last);
  }
}

void StoreCore::Retire(DataId id, std::weak_ptr<const StoreState> last_user) {
  retired_.emplace_back(id, std::move(last_user));
}

void StoreCore::ReclaimRetired() {
  std::erase_if(retired_, [&](const auto& entry) {
    const auto& [id, last_user] = entry;
    if (!last_user.expired()) return false;  // a reader may still be at it
    const std::string begin = PrefixOf(id);
    const std::string end = PrefixOf(id + 1);
    const rocksdb::Slice first(begin);
    const rocksdb::Slice last(end);
    rocksdb::Status status =
        rocksdb::DeleteFilesInRange(&db_->rocks(), db_->facts(), &first, &last, false);
    rocksdb::WriteBatch batch;
    if (status.ok()) status = batch.DeleteRange(db_->facts(), begin, end);
    if (status.ok()) status = batch.Delete(db_->meta(), RetiredKey(id));
    if (status.ok()) status = db_->rocks().Write(Durable(), &batch);
    if (!status.ok()) {
      log_(LogLevel::kWarning,
           "replaced data stays on disk until the online store is opened "
           "again: " +
               status.ToString());
    }
    db_->keep().ForgetView(id);
    return true;
  });
}

Status StoreCore::Drop(const std::string& data_identity) {
  const std::lock_guard lock(commit_mutex_);
  SharedState before = state();
  const ViewRecord* record = before->Find(data_identity);
  {
    const std::lock_guard state_lock(state_mutex_);
    if (loading_.contains(data_identity)) {
      return Status::Unavailable("the data of this view are being materialized: wait for the run");
    }
  }
  if (record == nullptr) return {};
  const DataId id = record->id;
  rocksdb::WriteBatch batch;
  rocksdb::Status status = batch.Delete(db_->meta(), ViewKey(options_.project, data_identity));
  if (status.ok()) status = batch.Put(db_->meta(), RetiredKey(id), "{}");
  if (status.ok()) status = db_->rocks().Write(Durable(), &batch);
  COEVAL_RETURN_IF_ERROR(FromRocksDb(status, "dropping a view's data from the online store"));
  std::shared_ptr<StoreState> next = CopyState(before->project);
  next->views.erase(data_identity);
  Publish(std::move(next));
  Retire(id, std::exchange(before, nullptr));
  ReclaimRetired();
  return {};
}

Status StoreCore::Compact() {
  const std::lock_guard lock(commit_mutex_);
  // A fresh snapshot, so that the one of the state holds nothing back that was deleted since.
  Publish(CopyState(state()->project));
  ReclaimRetired();
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  return FromRocksDb(db_->rocks().CompactRange(options, db_->facts(), nullptr, nullptr),
                     "compacting the online store");
}

}  // namespace coeval
