// StoreCore: a load becomes visible: its C, its files and all that belongs to them, at once.
#include <algorithm>
#include <memory>
#include <mutex>
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
