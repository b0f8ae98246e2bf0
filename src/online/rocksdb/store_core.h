// StoreCore: what is committed in an embedded online store, and how a load becomes visible. Loads,
// snapshots and the store share it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "online/online_store.h"
#include "online/rocksdb/db.h"
#include "online/rocksdb/meta.h"
#include "online/time_keeper.h"

namespace coeval {

// One committed state: what readers between two commits see. Immutable; the facts are those of
// `snapshot`, so a load that is being ingested shows nowhere before its state is published.
struct StoreState {
  StoreState(std::shared_ptr<Db> database, ProjectRecord record);
  ~StoreState();
  StoreState(const StoreState&) = delete;
  StoreState& operator=(const StoreState&) = delete;

  // Null where nothing was ever carried.
  [[nodiscard]] const ViewRecord* Find(const std::string& data_identity) const;

  const std::shared_ptr<Db> db;
  const rocksdb::Snapshot* const snapshot;
  const ProjectRecord project;
  std::map<std::string, std::shared_ptr<const ViewRecord>> views;

 private:
  const KeepContext::Pin pin_;  // nothing that some t >= project.horizon needs is dropped
};

using SharedState = std::shared_ptr<const StoreState>;

// What a load writes under.
struct LoadTicket {
  ViewRecord record;     // with the ttl that it will have
  bool fresh = false;    // nothing lies under record.id yet
  bool covered = false;  // the watermark that is there counts for the ttl asked for
  DataId replaces = 0;   // the data that goes away with the commit; 0 = none
};

// A sealed load, ready to become visible.
struct SealedLoad {
  const LoadTicket* ticket = nullptr;
  std::vector<std::string> files;  // synced
  LoadCommit commit;
  std::int64_t rows = 0;
  TimeMicros newest_event_time = kMinTime;
};

// Threads: internally locked.
class StoreCore {
 public:
  struct Options {
    std::string folder;
    std::string project;
    OnlineStoreOptions store;
    rocksdb::Env* env = nullptr;  // null = the machine's
  };

  static Result<std::shared_ptr<StoreCore>> Open(const Options& options, const Context& context);
  ~StoreCore();
  StoreCore(const StoreCore&) = delete;
  StoreCore& operator=(const StoreCore&) = delete;

  // Rule 1.4: the time of a question, and the state that is visible at it.
  Result<std::pair<TimeMicros, SharedState>> Now();
  [[nodiscard]] SharedState state() const;
  [[nodiscard]] TimeMicros HorizonAfter(TimeMicros c) const;

  // One load of a view's data at a time. Errors: Unavailable; FailedPrecondition.
  Result<LoadTicket> BeginLoad(const LoadSpec& spec);
  // Gives the ticket back, committed or not.
  void EndLoad(const LoadTicket& ticket, bool committed);
  // Makes all of them visible with all that belongs to them, as one batch with one C.
  // Errors: IoError; nothing changed then.
  Result<Committed> Commit(std::span<const SealedLoad> loads);

  Status Drop(const std::string& data_identity);
  Status Compact();

  [[nodiscard]] const TimeKeeper& time_keeper() const { return *keeper_; }

  [[nodiscard]] Db& db() const { return *db_; }

 private:
  using MetaRows = std::map<std::string, std::string>;

  StoreCore(Options options, std::shared_ptr<Db> db);
  Status ReadMeta(Meta* meta);
  Result<TimeMicros> ReadLease();
  Status WriteLease(TimeMicros until);
  Status Ingest(const std::vector<std::string>& files, const MetaRows& rows, TimeMicros c);
  void Publish(std::shared_ptr<StoreState> next);
  // The same views and project, as the database is now.
  [[nodiscard]] std::shared_ptr<StoreState> CopyState(const ProjectRecord& project) const;
  void Retire(DataId id, std::weak_ptr<const StoreState> last_user);
  // Removes retired data that no reader can reach any more. REQUIRES: commit_mutex_ is held.
  void ReclaimRetired();

  const Options options_;
  const std::shared_ptr<Db> db_;
  LogSink log_;
  std::unique_ptr<TimeKeeper> keeper_;

  std::mutex commit_mutex_;  // one commit at a time; guards retired_
  std::vector<std::pair<DataId, std::weak_ptr<const StoreState>>> retired_;

  mutable std::mutex state_mutex_;  // guards what follows
  SharedState state_;
  DataId next_id_ = 1;
  std::set<std::string> loading_;  // data identities
};

}  // namespace coeval
