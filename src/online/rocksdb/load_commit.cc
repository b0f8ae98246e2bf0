// StoreCore: a load begins, and becomes visible: its C, its files and all that belongs to them, at
// once.
#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "online/rocksdb/store_core.h"

namespace coeval {
namespace {

// What is known of a view's data once the load is visible. `now`: what is known now, or null.
ViewRecord RecordAfter(const SealedLoad& load, const ViewRecord* now, TimeMicros c) {
  ViewRecord record = load.ticket->record;
  const bool pushed = now != nullptr && now->id == record.id;
  if (pushed) record.newest_event_time = now->newest_event_time;
  if (!load.ticket->covered) record.progress.watermark.reset();
  if (load.commit.watermark) record.progress.watermark = load.commit.watermark;
  if (!load.commit.change_token.empty()) record.progress.change_token = load.commit.change_token;
  if (pushed && !record.Covers(now->ttl)) {  // a push has brought a greater ttl meanwhile
    record.ttl = now->ttl;
    record.progress.watermark.reset();
  }
  record.progress.committed = c;
  record.progress.rows = load.rows;
  record.newest_event_time = std::max(record.newest_event_time, load.newest_event_time);
  return record;
}

}  // namespace

Result<LoadTicket> StoreCore::BeginLoad(const LoadSpec& spec) {
  const ViewVersion& version = *spec.version;
  if (version.data_identity.empty()) {
    return Status::FailedPrecondition("view " + version.view.name +
                                      " was not applied: it has no identity to keep its data by");
  }
  // No push is between choosing its view's number and publishing it.
  const std::lock_guard commit_lock(commit_mutex_);
  COEVAL_RETURN_IF_ERROR(EnsureHealthy());
  const std::lock_guard lock(state_mutex_);
  if (loading_.contains(version.data_identity)) {
    return Status::Unavailable("view " + version.view.name +
                               " is being materialized by another run: wait for it to end");
  }
  const ViewRecord* existing = meta_->Find(version.data_identity);
  LoadTicket ticket;
  ticket.fresh = existing == nullptr || spec.replace;
  ticket.alone = ticket.fresh && !spec.pushed;
  ticket.record = ViewRecord::Of(version, ticket.fresh ? next_id_++ : existing->id);
  ticket.record.ttl = version.view.is_aggregated() ? 0 : spec.ttl;
  if (existing != nullptr) ticket.record.progress = existing->progress;
  if (existing != nullptr && spec.replace) {  // all is carried anew, for the ttl asked for
    ticket.replaces = existing->id;
    ticket.covered = true;
  } else if (existing != nullptr) {
    ticket.record.newest_event_time = existing->newest_event_time;
    ticket.covered = existing->Covers(ticket.record.ttl);
    if (ticket.covered) ticket.record.ttl = existing->ttl;
  }
  loading_[version.data_identity] = {.id = ticket.record.id,
                                     .ttl = ticket.record.ttl,
                                     .alone = ticket.alone,
                                     .mirrors_pushes = ticket.mirrors_pushes()};
  // Before any file is there: from now on no compaction drops what the greater ttl needs.
  keep_->SetView(ticket.record.id, ticket.record.Kept());
  return ticket;
}

void StoreCore::EndLoad(const LoadTicket& ticket, bool committed) {
  const std::lock_guard commit_lock(commit_mutex_);  // as BeginLoad
  Loading ended;
  {
    const std::lock_guard lock(state_mutex_);
    ended = loading_.extract(ticket.record.data_identity).mapped();
    if (committed || !ticket.fresh) return;
    // A push may have made it the view's, or a commit that failed at its last step.
    const ViewRecord* found = meta_->Find(ticket.record.data_identity);
    if (found != nullptr && found->id == ended.id) return;
  }
  keep_->ForgetView(ended.id);
  if (!ended.in_files) return;
  Retire(ended.id, 0);  // nobody has ever read it
  const SharedState now = state();
  if (now != nullptr && !now->db->failed()) ReclaimRetired();  // else the next opening does
}

DataId StoreCore::MirrorOf(const std::string& data_identity) const {
  const std::lock_guard lock(state_mutex_);
  const auto load = loading_.find(data_identity);
  return load != loading_.end() && load->second.mirrors_pushes ? load->second.id : 0;
}

bool StoreCore::IsLoading(DataId id) const {
  const std::lock_guard lock(state_mutex_);
  return std::any_of(loading_.begin(), loading_.end(),
                     [id](const auto& load) { return load.second.id == id; });
}

// The pushes that it must hold were kept for the ttl of the load.
Status StoreCore::CheckNotOutgrown(const ViewRecord& loaded) const {
  const std::lock_guard lock(state_mutex_);
  const auto load = loading_.find(loaded.data_identity);
  if (load == loading_.end() || !load->second.outgrown) return {};
  return Status::Unavailable("a version of view " + loaded.view +
                             " with a greater ttl was pushed to while its data were made anew, and "
                             "they stay as they were: run this again");
}

// What is written and shown if the loads are committed on what is known now. REQUIRES the lock.
StoreCore::StagedCommit StoreCore::Stage(std::span<const SealedLoad> loads, TimeMicros c) {
  StagedCommit staged{.next = std::make_shared<Meta>(*meta())};
  Meta& next = *staged.next;
  next.project.c = c;
  next.project.horizon = HorizonAfter(c);
  {
    const std::lock_guard state_lock(state_mutex_);
    staged.rows[std::string(kNextIdKey)] = WriteNextId(next_id_);
  }
  staged.rows[ProjectKey(options_.project)] = Write(next.project);
  for (const SealedLoad& load : loads) {
    ViewRecord after = RecordAfter(load, next.Find(load.ticket->record.data_identity), c);
    if (load.ticket->mirrors_pushes()) {
      const std::lock_guard state_lock(state_mutex_);
      const Loading& loading = loading_.at(after.data_identity);
      after.newest_event_time = std::max(after.newest_event_time, loading.newest_event_time);
      staged.rows[RetiredKey(after.id)] = std::nullopt;
    }
    after.files = ++files_;
    const ViewRecord* before = next.Find(after.data_identity);
    if (rows_ != nullptr && before != nullptr && before->id == after.id && !after.events) {
      after.changes = before->changes.With(before->files, after.files, load.touched);
    }
    const auto record = std::make_shared<const ViewRecord>(std::move(after));
    // Opening the database again has brought back what is kept without the load.
    keep_->SetView(record->id, record->Kept());
    staged.rows[ViewKey(options_.project, record->data_identity)] = Write(*record);
    if (load.ticket->replaces != 0) staged.rows[RetiredKey(load.ticket->replaces)] = "{}";
    staged.files.insert(staged.files.end(), load.files.begin(), load.files.end());
    next.views[record->data_identity] = record;
    staged.written.push_back(record->data_identity);
  }
  return staged;
}

Result<Committed> StoreCore::Commit(std::span<const SealedLoad> loads) {
  const std::lock_guard lock(commit_mutex_);
  for (const SealedLoad& load : loads) {
    COEVAL_RETURN_IF_ERROR(CheckNotOutgrown(load.ticket->record));
  }
  COEVAL_RETURN_IF_ERROR(EnsureHealthy());
  COEVAL_RETURN_IF_ERROR(SettleLog());
  COEVAL_RETURN_IF_ERROR(CheckOwner());
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros c, keeper_->TakeC());
  StagedCommit staged = Stage(loads, c);
  Status status = Ingest(staged.files, staged.rows);
  // What failed may have been work in the background, or may have passed. Opening again has given
  // the files of all views new versions, which readers may have by now.
  if (!status.ok() && EnsureHealthy().ok()) {
    staged = Stage(loads, c);
    status = Ingest(staged.files, staged.rows);
  }
  if (status.ok()) status = CheckOvertaken();
  if (!status.ok()) {
    keeper_->Abandon();
    return status;
  }
  for (const std::string& identity : staged.written) unwritten_views_.erase(identity);
  const Committed committed = {.c = c, .horizon = staged.next->project.horizon};
  const std::uint64_t before = state()->number();
  keeper_->Publish([&] { Publish(std::move(staged.next), state()->db); });
  for (const SealedLoad& load : loads) {
    if (load.ticket->replaces != 0) Retire(load.ticket->replaces, before);
  }
  ReclaimRetired();
  return committed;
}

}  // namespace coeval
