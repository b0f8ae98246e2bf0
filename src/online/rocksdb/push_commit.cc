// StoreCore: how pushed facts become visible, and how they get into files.
#include <algorithm>
#include <utility>

#include <rocksdb/options.h>

#include "base/hash.h"
#include "column/key.h"
#include "online/fact_encoder.h"
#include "online/rocksdb/fact_files.h"
#include "online/rocksdb/fact_merge.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// The sorted files of one flush, those of a view together.
struct StoreCore::FreshFiles {
  std::map<DataId, std::vector<std::string>> paths;
  std::map<DataId, std::vector<std::uint64_t>> touched;  // hashes of the store keys

  [[nodiscard]] std::vector<std::string> All() const {
    std::vector<std::string> all;
    for (const auto& [id, files] : paths) all.insert(all.end(), files.begin(), files.end());
    return all;
  }
};

namespace {

// The facts of one key, each event where it belongs.
Result<std::map<std::string, std::vector<KeptFact>>> ByPlace(const KeptView& view,
                                                             const std::vector<KeptFact>& facts) {
  std::map<std::string, std::vector<KeptFact>> places;
  std::string id;
  for (const KeptFact& fact : facts) {
    std::string place;
    id.clear();
    if (view.events && view.events->id_column) {
      COEVAL_RETURN_IF_ERROR(AppendId(fact.row, view.types, *view.events->id_column, &id));
    }
    if (view.events) AppendPlace(id, fact.times.event_time, &place);
    places[std::move(place)].push_back(fact);
  }
  return places;
}

Status WriteKey(const KeptView& view, TimeMicros horizon, std::string_view key,
                const std::vector<KeptFact>& facts, FactFiles* files) {
  const KeepRule rule = view.RuleOfPieceAt(horizon);
  COEVAL_ASSIGN_OR_RETURN(auto places, ByPlace(view, facts));
  for (auto& [place, of_place] : places) {
    Collapse(rule, &of_place);
    if (of_place.empty()) continue;
    std::string list;
    EncodeFactList({.facts = std::move(of_place), .asides = {}, .format = rule.format()}, &list);
    COEVAL_RETURN_IF_ERROR(files->Add(std::string(key) + place, list));
  }
  return {};
}

}  // namespace

std::int64_t StoreCore::fresh_bytes() const {
  const SharedState now = state();
  std::size_t bytes = 0;
  if (now != nullptr) {
    for (const auto& fresh : now->fresh) bytes += fresh->bytes();
  }
  return static_cast<std::int64_t>(bytes);
}

RowCache::Stats StoreCore::cache_stats() const {
  return rows_ == nullptr ? RowCache::Stats() : rows_->stats();
}

Status StoreCore::SettleLog() {
  if (unsettled_ == nullptr) return {};
  COEVAL_RETURN_IF_ERROR(unsettled_->Settle());
  keeper_->Abandon();
  unsettled_.reset();
  return {};
}

Status StoreCore::WaitForRoom(std::unique_lock<std::mutex>* commit_lock) {
  const std::size_t most = options_.store.fresh_bytes;
  if (fresh_->bytes() >= most / 2) {
    flush_wanted_ = true;
    flush_wanted_changed_.notify_one();
  }
  if (flushing_ == nullptr || fresh_->bytes() + flushing_->bytes() < most) return {};
  flush_wanted_ = true;
  flush_status_ = {};
  flush_wanted_changed_.notify_one();
  flushed_.wait(*commit_lock, [&] { return flushing_ == nullptr || !flush_status_.ok() || stop_; });
  return flush_status_.WithContext("what was pushed before cannot be written to the online store");
}

Result<TimeMicros> StoreCore::Push(std::span<const PushedBatch> batches,
                                   const std::shared_ptr<CommitLog>& log) {
  std::unique_lock lock(commit_mutex_);
  COEVAL_RETURN_IF_ERROR(WaitForRoom(&lock));
  COEVAL_RETURN_IF_ERROR(EnsureHealthy());
  COEVAL_RETURN_IF_ERROR(SettleLog());
  COEVAL_RETURN_IF_ERROR(CheckOwner());
  std::shared_ptr<Meta> changed;
  for (const PushedBatch& batch : batches) {
    COEVAL_RETURN_IF_ERROR(RecordPushed(batch, &changed));
  }
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros first_c,
                          keeper_->TakeC(static_cast<std::int64_t>(batches.size())));
  Result<std::int64_t> record = log->Append(first_c);
  // Where another store has taken the place of this one meanwhile, nobody will find it.
  if (const Status owner = record.ok() ? CheckOvertaken() : Status(); !owner.ok()) record = owner;
  if (!record.ok()) {
    // Until it is certain that nothing of it will be found, no question is asked at its C.
    unsettled_ = log;
    (void)SettleLog();
    return record.status();
  }
  log_record_ = *record;
  AddFresh(batches, first_c, changed);
  keeper_->Publish([&] {
    if (changed != nullptr) Publish(changed, state()->db);
  });
  return first_c;
}

Status StoreCore::Replay(const PushedBatch& batch, TimeMicros c, std::int64_t record) {
  std::unique_lock lock(commit_mutex_);
  COEVAL_RETURN_IF_ERROR(WaitForRoom(&lock));
  COEVAL_RETURN_IF_ERROR(EnsureHealthy());
  std::shared_ptr<Meta> changed;
  COEVAL_RETURN_IF_ERROR(RecordPushed(batch, &changed));
  AddFresh({&batch, 1}, c, changed);
  log_record_ = std::max(log_record_, record);
  keeper_->Adopt(c, [&] {
    if (changed != nullptr) Publish(changed, state()->db);
  });
  return {};
}

Status StoreCore::RecordPushed(const PushedBatch& batch, std::shared_ptr<Meta>* changed) {
  for (const PushedView& pushed : batch.views) {
    const ViewVersion& version = *pushed.version;
    if (version.data_identity.empty()) {
      return Status::FailedPrecondition("view " + version.view.name +
                                        " was not applied: it has no identity to keep its data by");
    }
    const std::lock_guard lock(state_mutex_);
    const Meta& now = *changed != nullptr ? **changed : *meta_;
    const ViewRecord* record = now.Find(version.data_identity);
    const DurationMicros ttl = KeptTtl(version);
    const auto load = loading_.find(version.data_identity);
    if (load != loading_.end() && load->second.alone) {
      return Status::FailedPrecondition(
          "view " + version.view.name +
          " is being materialized as a view that nothing is pushed to: wait for the run");
    }
    if (load != loading_.end() && load->second.mirrors_pushes) {
      load->second.outgrown = load->second.outgrown || !CoversTtl(load->second.ttl, ttl);
    }
    if (record != nullptr && record->Covers(ttl)) continue;
    ViewRecord next = record != nullptr ? *record : ViewRecord::Of(version, 0);
    next.ttl = ttl;
    next.progress.watermark.reset();
    if (record == nullptr) next.id = load != loading_.end() ? load->second.id : next_id_++;
    keep_->SetView(next.id, next.Kept());
    if (*changed == nullptr) *changed = std::make_shared<Meta>(now);
    (*changed)->views[version.data_identity] = std::make_shared<const ViewRecord>(std::move(next));
  }
  return {};
}

void StoreCore::AddFresh(std::span<const PushedBatch> batches, TimeMicros first_c,
                         const std::shared_ptr<const Meta>& changed) {
  const std::shared_ptr<const Meta> now = changed != nullptr ? changed : meta();
  TimeMicros c = first_c;
  for (const PushedBatch& batch : batches) {
    for (const PushedView& pushed : batch.views) {
      const std::string& identity = pushed.version->data_identity;
      if (changed != nullptr) unwritten_views_.insert(identity);
      const DataId id = now->Find(identity)->id;
      AddFresh(pushed.rows, id, {c, batch.log});
      const DataId mirror = MirrorOf(identity);
      if (mirror != 0 && mirror != id) AddFresh(pushed.rows, mirror, {c, batch.log});
    }
    ++c;
  }
}

void StoreCore::AddFresh(const FactRows& rows, DataId id, const FactEncoder::Arrival& arrival) {
  const std::shared_ptr<const KeptView> view = keep_->Find(id);
  const FreshFacts::Types types(view, &view->types);
  const KeyColumn keys = KeyColumn::Encode(rows.keys, rows.num_rows);
  FactEncoder encoder(rows, arrival, view->events);
  // Events that are not too late all stay until they are in files.
  const TimeMicros horizon = view->events ? kMinTime : keep_->horizon();
  TimeMicros& newest = newest_pushed_.try_emplace(id, kMinTime).first->second;
  std::string key;
  AppendDataId(id, &key);
  for (std::int64_t row = 0; row < rows.num_rows; ++row) {
    if (keys.IsNull(row)) continue;
    KeptFact fact = encoder.FactOf(row);
    if (view->events && encoder.IsTooLate(fact)) continue;
    fact.row = encoder.RowOf(fact, row);
    newest = std::max(newest, fact.times.event_time);
    key.resize(sizeof(DataId));
    key.append(keys.bytes(row));
    fresh_->Add(key, fact, types, horizon);
  }
}

void StoreCore::FlushUntilStopped() {
  std::unique_lock lock(commit_mutex_);
  while (true) {
    flush_wanted_changed_.wait(lock, [&] { return flush_wanted_ || stop_; });
    if (stop_) break;
    flush_wanted_ = false;
    lock.unlock();
    const Status status = Flush();
    lock.lock();
    if (!status.ok()) {
      context_.log(LogLevel::kWarning,
                   "pushed facts cannot be written to the online store, and "
                   "stay in memory and in the log: " +
                       status.ToString());
    }
  }
  flushed_.notify_all();
}

Status StoreCore::Flush() {
  const std::lock_guard flushing(flush_mutex_);
  // What an earlier flush could not write goes before what came since.
  const bool again = [&] {
    const std::lock_guard lock(commit_mutex_);
    return flushing_ != nullptr;
  }();
  COEVAL_RETURN_IF_ERROR(FlushOnce());
  if (again) COEVAL_RETURN_IF_ERROR(FlushOnce());
  const std::lock_guard lock(commit_mutex_);
  const SharedState now = state();
  if (now != nullptr && !now->db->failed()) ReclaimRetired();  // a reader may have let go of it
  return {};
}

// REQUIRES that flush_mutex_ is held.
Status StoreCore::FlushOnce() {
  {
    const std::lock_guard lock(commit_mutex_);
    // Also of records that brought no view anything, the files then tell that they are applied.
    const bool applied = log_record_ <= meta()->project.log_applied;
    if (flushing_ == nullptr && fresh_->empty() && applied) return {};
    COEVAL_RETURN_IF_ERROR(EnsureHealthy());
    if (flushing_ == nullptr) {
      flushing_ = std::exchange(fresh_, std::make_shared<FreshFacts>());
      flushing_record_ = log_record_;
      flushing_c_ = std::max(meta()->project.c, keeper_->visible_c());
      Publish(meta(), state()->db);
    }
  }
  // Readers of the files have the horizon that is committed with them, or a later one.
  const TimeMicros horizon = HorizonAfter(flushing_c_);
  Result<FreshFiles> files = WriteFresh(*flushing_, horizon);
  const std::lock_guard lock(commit_mutex_);
  Status status = files.status();
  if (status.ok()) {
    status = CommitFresh(*files);
    if (!status.ok() && EnsureHealthy().ok()) status = CommitFresh(*files);
    // Where it failed all of them; else those of data that were dropped or replaced meanwhile.
    for (const std::string& path : files->All()) (void)env()->DeleteFile(path);
  }
  flush_status_ = status;
  flushed_.notify_all();
  return status;
}

Result<StoreCore::FreshFiles> StoreCore::WriteFresh(const FreshFacts& facts, TimeMicros horizon) {
  FreshFiles written;
  std::unique_ptr<FactFiles> files;
  std::shared_ptr<const KeptView> view;
  DataId id = 0;
  const auto finish = [&]() -> Status {
    if (files == nullptr) return {};
    const Status status = files->Finish();
    written.paths[id] = files->paths();
    files.reset();
    return status;
  };
  Status status =
      facts.ForEach([&](std::string_view key, const std::vector<KeptFact>& of_key) -> Status {
        if (DataIdOf(key) != id) {
          COEVAL_RETURN_IF_ERROR(finish());
          id = DataIdOf(key);
          view = keep_->Find(id);  // null: dropped since
          FactFiles::Options options;
          options.file = FactFileOptions(env());
          options.path = NewStagingPath("push");
          options.id = id;
          if (view != nullptr) files = std::make_unique<FactFiles>(std::move(options));
        }
        if (view == nullptr) return {};
        if (!view->events) written.touched[id].push_back(Hash64(key));
        return WriteKey(*view, horizon, key.substr(sizeof(DataId)), of_key, files.get());
      });
  if (const Status finished = finish(); status.ok()) status = finished;
  if (status.ok()) return written;
  for (const std::string& path : written.All()) (void)env()->DeleteFile(path);
  return status;
}

void StoreCore::StageMirrored(const FreshFiles& files, const Meta& now, MetaRows* rows,
                              std::vector<std::string>* paths) {
  const std::lock_guard lock(state_mutex_);
  for (auto& [identity, load] : loading_) {
    const ViewRecord* record = now.Find(identity);
    const auto of_load = files.paths.find(load.id);
    const bool committed = record != nullptr && record->id == load.id;
    if (!load.mirrors_pushes || committed) continue;
    if (const auto newest = newest_pushed_.find(load.id); newest != newest_pushed_.end()) {
      load.newest_event_time = std::max(load.newest_event_time, newest->second);
    }
    if (of_load == files.paths.end()) continue;
    paths->insert(paths->end(), of_load->second.begin(), of_load->second.end());
    (*rows)[RetiredKey(load.id)] = "{}";
    load.in_files = true;
  }
}

// REQUIRES that commit_mutex_ is held.
Status StoreCore::CommitFresh(const FreshFiles& files) {
  auto next = std::make_shared<Meta>(*meta());
  const TimeMicros c = std::max(next->project.c, flushing_c_);
  next->project = {.c = c, .horizon = HorizonAfter(c), .log_applied = flushing_record_};
  MetaRows rows;
  {
    const std::lock_guard lock(state_mutex_);
    rows[std::string(kNextIdKey)] = WriteNextId(next_id_);
  }
  rows[ProjectKey(options_.project)] = Write(next->project);
  std::vector<std::string> paths;
  for (auto& [identity, record] : next->views) {
    const auto of_view = files.paths.find(record->id);
    if (of_view != files.paths.end()) {
      paths.insert(paths.end(), of_view->second.begin(), of_view->second.end());
      ViewRecord with_files = *record;
      with_files.files = ++files_;
      if (const auto keys = files.touched.find(record->id); keys != files.touched.end()) {
        with_files.changes = record->changes.With(record->files, with_files.files, keys->second);
      }
      record = std::make_shared<const ViewRecord>(std::move(with_files));
    }
    const auto newest = newest_pushed_.find(record->id);
    if (newest != newest_pushed_.end() && newest->second > record->newest_event_time) {
      ViewRecord changed = *record;
      changed.newest_event_time = newest->second;
      record = std::make_shared<const ViewRecord>(std::move(changed));
    } else if (!unwritten_views_.contains(identity)) {
      continue;
    }
    rows[ViewKey(options_.project, identity)] = Write(*record);
  }
  StageMirrored(files, *next, &rows, &paths);
  COEVAL_RETURN_IF_ERROR(Ingest(paths, rows));
  unwritten_views_.clear();
  newest_pushed_.clear();
  flushing_.reset();
  Publish(std::move(next), state()->db);
  return {};
}

}  // namespace coeval
