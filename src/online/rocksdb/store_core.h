// StoreCore: what is committed in an embedded online store, and how a load or a push becomes
// visible. Loads, snapshots and the store share it.
//
//   a load    sorted files -> Commit: C, ingest, publish
//   a push    C -> the log -> fresh facts -> publish, and later, in the background: sorted files,
//             ingested with the number of the last log record that they hold
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "io/lock_file.h"
#include "online/event_index_cache.h"
#include "online/fact_encoder.h"
#include "online/fresh_facts.h"
#include "online/online_store.h"
#include "online/rocksdb/db.h"
#include "online/rocksdb/lease_file.h"
#include "online/rocksdb/manifest_tail.h"
#include "online/rocksdb/meta.h"
#include "online/row_cache.h"
#include "online/time_keeper.h"

namespace coeval {

// One committed state: what readers between two commits see. Immutable; the facts are those of
// `snapshot`, so a load that is being ingested shows nowhere before its state is published.
struct StoreState {
  using Fresh = std::vector<std::shared_ptr<const FreshFacts>>;

  StoreState(std::shared_ptr<Db> database, std::shared_ptr<const Meta> committed, Fresh fresh_facts,
             std::shared_ptr<KeepContext> keep, std::shared_ptr<EventIndexCache> indexes,
             std::shared_ptr<RowCache> rows);
  ~StoreState();
  StoreState(const StoreState&) = delete;
  StoreState& operator=(const StoreState&) = delete;

  const std::shared_ptr<Db> db;
  const rocksdb::Snapshot* const snapshot;
  const std::shared_ptr<const Meta> meta;
  const std::shared_ptr<EventIndexCache> indexes;  // null: none
  const std::shared_ptr<RowCache> rows;            // null: none

  // Grows with every state.
  [[nodiscard]] std::uint64_t number() const { return pin_.number(); }

  const Fresh fresh;  // pushed facts that `snapshot` does not hold; later ones come in, unseen at t

 private:
  const std::shared_ptr<KeepContext> keep_;
  const KeepContext::Pin pin_;  // nothing that some t >= horizon needs is dropped
};

using SharedState = std::shared_ptr<const StoreState>;

// What a load writes under.
struct LoadTicket {
  ViewRecord record;     // with the ttl that it will have
  bool fresh = false;    // nothing lies under record.id yet
  bool alone = false;    // and nobody else will put something there
  bool covered = false;  // the watermark that is there counts for the ttl asked for
  DataId replaces = 0;   // the data that goes away with the commit; 0 = none

  // Until the commit pushes go to both, so that none is missing after it.
  [[nodiscard]] bool mirrors_pushes() const { return replaces != 0 && !alone; }
};

// A sealed load, ready to become visible.
struct SealedLoad {
  const LoadTicket* ticket = nullptr;
  std::vector<std::string> files;  // synced
  LoadCommit commit;
  std::int64_t rows = 0;
  TimeMicros newest_event_time = kMinTime;
  TouchedKeys touched;
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

  // Errors: as OpenRocksDbStore.
  static Result<std::shared_ptr<StoreCore>> Open(Options options, const Context& context);
  ~StoreCore();
  StoreCore(const StoreCore&) = delete;
  StoreCore& operator=(const StoreCore&) = delete;

  // Rule 1.4: the time of a question, and the state that is visible at it.
  Result<std::pair<TimeMicros, SharedState>> Now();
  // The newest state. Errors: of opening the database again, where that had to be done.
  Result<SharedState> State();
  // What is committed, whether or not the database can be reached.
  [[nodiscard]] std::shared_ptr<const Meta> meta() const;
  [[nodiscard]] TimeMicros HorizonAfter(TimeMicros c) const;

  // One load of a view's data at a time. Errors: Unavailable; FailedPrecondition; IoError.
  Result<LoadTicket> BeginLoad(const LoadSpec& spec);
  // Gives the ticket back, committed or not. What pushes have put into files under it goes then.
  void EndLoad(const LoadTicket& ticket, bool committed);
  // Makes all of them visible with all that belongs to them, as one batch with one C.
  // Errors: IoError; nothing changed then, or, where the disk failed at the last step, everything.
  // Unavailable where pushes have come for a greater ttl than data that are replaced are loaded
  // for.
  Result<Committed> Commit(std::span<const SealedLoad> loads);

  // As OnlineStore says.
  Result<TimeMicros> Push(std::span<const PushedBatch> batches,
                          const std::shared_ptr<CommitLog>& log);
  Status Replay(const PushedBatch& batch, TimeMicros c, std::int64_t record);

  [[nodiscard]] std::int64_t LogApplied() const { return meta()->project.log_applied; }

  Status Flush();
  Result<std::string> Checkpoint(const std::function<Status()>& at_point);
  [[nodiscard]] std::int64_t fresh_bytes() const;

  // Of the hot tier; all 0 where there is none.
  [[nodiscard]] RowCache::Stats cache_stats() const;

  Status Drop(const std::string& data_identity);
  Status Compact();

  [[nodiscard]] const TimeKeeper& time_keeper() const { return *keeper_; }

  [[nodiscard]] rocksdb::Env* env() const { return options_.env; }

  // A path below staging/ that was not used before: an ingested file may still have its name there,
  // and what is written under that name would be written into the database.
  std::string NewStagingPath(const std::string& name);

 private:
  // How many databases of this store are open: one, and for a moment none. Outlives the core.
  struct Gate {
    std::mutex mutex;
    std::condition_variable closed;
    int open = 0;
  };

  struct Loading {
    DataId id = 0;
    DurationMicros ttl = 0;                   // that facts are carried for
    bool alone = false;                       // LoadTicket::alone
    bool mirrors_pushes = false;              // LoadTicket::mirrors_pushes
    bool outgrown = false;                    // of these, one came for a greater ttl
    bool in_files = false;                    // some of them are, or may be
    TimeMicros newest_event_time = kMinTime;  // of those
  };

  // Data that wait to be removed.
  struct Retired {
    DataId id = 0;
    std::uint64_t last_user = 0;  // the number of the last state that shows them
    bool unreadable = false;      // no tombstone can be written beside them
  };

  using MetaRows = std::map<std::string, std::optional<std::string>>;  // nothing = removed
  struct FreshFiles;  // what is written of the fresh facts of one flush

  StoreCore(Options options, const Context& context, LockFile owner, LeaseFile lease,
            ManifestTail manifest);
  // What follows REQUIRES that commit_mutex_ is held, until said otherwise.
  Status OpenDatabase();
  // A database that failed to write is closed and opened again, once the disk takes writes.
  Status EnsureHealthy();
  Status ProbeDisk();
  Status Ingest(const std::vector<std::string>& files, const MetaRows& rows);

  // A commit of loads, made up and not written.
  struct StagedCommit {
    std::shared_ptr<Meta> next;
    MetaRows rows = {};
    std::vector<std::string> files = {};
    std::vector<std::string> written = {};  // data identities
  };

  StagedCommit Stage(std::span<const SealedLoad> loads, TimeMicros c);
  [[nodiscard]] Result<std::string> WriteMetaFile(const MetaRows& rows);
  void Publish(std::shared_ptr<const Meta> meta, std::shared_ptr<Db> db);
  // `last_user`: the number of the last state that shows the data.
  void Retire(DataId id, std::uint64_t last_user);
  // Removes retired data that no reader can reach any more. What cannot be read, and does not go
  // with whole files, stays until it does or until the next opening, and is in nobody's way.
  void ReclaimRetired();
  Result<std::pair<DataId, DataId>> DeadRangeAround(DataId id) const;
  Status Reclaim(const Retired& data);
  // Nothing of a push that failed will ever be found.
  Status SettleLog();
  // Waits until pushed facts have room. Errors: of the flush that would have made it.
  Status WaitForRoom(std::unique_lock<std::mutex>* commit_lock);
  // The records of the views that a push brings facts for; new ones where there were none, and with
  // greater ttls. They are visible only once *meta is published.
  Status RecordPushed(const PushedBatch& batch, std::shared_ptr<Meta>* changed);
  // The facts of pushes among the fresh ones. `changed`: what is to be published, or null.
  void AddFresh(std::span<const PushedBatch> batches, TimeMicros first_c,
                const std::shared_ptr<const Meta>& changed);
  void AddFresh(const FactRows& rows, DataId id, const FactEncoder::Arrival& arrival);
  // Files of pushes to data that are on their way: retired until the load is committed, so that
  // they go where it never is.
  void StageMirrored(const FreshFiles& files, const Meta& now, MetaRows* rows,
                     std::vector<std::string>* paths);
  Result<FreshFiles> WriteFresh(const FreshFacts& facts, TimeMicros horizon);
  Status CommitFresh(const FreshFiles& files);
  Status FlushOnce();
  void FlushUntilStopped();
  // What follows needs no lock.
  // Data that are being loaded beside those of the view, and get its pushes too; 0 = none.
  [[nodiscard]] DataId MirrorOf(const std::string& data_identity) const;
  [[nodiscard]] bool IsLoading(DataId id) const;
  [[nodiscard]] Status CheckNotOutgrown(const ViewRecord& loaded) const;
  [[nodiscard]] SharedState state() const;
  // Is this still the store of its place (OnlineStoreOptions::fence)? Once it is not, never again.
  Status CheckOwner();
  // The same once something is durable, before it is acknowledged: where it cannot be known, no.
  Status CheckOvertaken();
  Status WriteLease(TimeMicros until);

  const Options options_;
  const Context context_;
  const std::shared_ptr<const LockFile> owner_;
  std::mutex lease_mutex_;
  LeaseFile lease_;  // written by the time keeper alone
  std::mutex fence_mutex_;
  Status fence_status_;  // why it is fenced
  std::atomic<bool> fenced_ = false;
  ManifestTail manifest_;
  const std::shared_ptr<KeepContext> keep_ = std::make_shared<KeepContext>();
  const std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::unique_ptr<TimeKeeper> keeper_;

  std::mutex commit_mutex_;  // one commit at a time
  std::vector<Retired> retired_;
  std::atomic<std::uint64_t> staged_{0};
  std::uint64_t files_ = 0;  // the newest ViewRecord::files
  std::shared_ptr<EventIndexCache> indexes_;
  std::shared_ptr<RowCache> rows_;

  // Pushed facts; guarded by commit_mutex_.
  std::shared_ptr<FreshFacts> fresh_ = std::make_shared<FreshFacts>();
  std::shared_ptr<FreshFacts> flushing_;        // on their way into files, or null
  std::int64_t log_record_ = 0;                 // the newest whose facts are visible
  std::int64_t flushing_record_ = 0;            // the newest of flushing_
  TimeMicros flushing_c_ = kMinTime;            // of its newest batch, or later
  std::shared_ptr<CommitLog> unsettled_;        // of a push that failed, or null
  std::set<std::string> unwritten_views_;       // data identities that no file tells of yet
  std::map<DataId, TimeMicros> newest_pushed_;  // event times since the last flush
  Status flush_status_;                         // of the last one
  std::condition_variable flushed_;
  bool flush_wanted_ = false;
  bool stop_ = false;
  std::condition_variable flush_wanted_changed_;
  std::mutex flush_mutex_;  // one flush at a time; locked before commit_mutex_

  mutable std::mutex state_mutex_;  // guards what follows
  SharedState state_;               // null while the database is opened again
  std::shared_ptr<const Meta> meta_;
  DataId next_id_ = 1;
  std::map<std::string, Loading> loading_;  // by data identity
  std::thread flusher_;                     // last: it uses all of the above
};

}  // namespace coeval
