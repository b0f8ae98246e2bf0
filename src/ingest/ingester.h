// Ingester: the one door of pushed facts. A push is checked whole, gets its C (rule 1.4), is logged
// and is visible; who writes at the same time shares one sync of the disk.
//
//   push -> rows checked -> facts of each view -> wait for the group -> C, log, visible -> report
//
// Opening puts what the log holds and the store's files do not into the store again. What is in
// both is sealed in the background (log_sealer.h), so that opening reads the end of the log alone.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "definition/catalogue.h"
#include "ingest/log_sealer.h"
#include "ingest/named_pushes.h"
#include "log/fact_log.h"
#include "log/log_batch.h"
#include "log/sealed_log.h"
#include "online/online_store.h"
#include "source/pushed_facts.h"

namespace coeval {

struct PushRequest {
  std::string source;  // name of a push source
  ArrowTable rows;
  LogDestination to = LogDestination::kOnlineAndOffline;
  bool deletes = false;  // the rows are deletes (rule 3.7)
  // Names this push: said again with the same rows it is answered as before, and does nothing.
  // "" = every call is a push of its own. Kept for as long as LogSettings::keys says; later it
  // names a new push.
  std::string idempotency_key = {};
};

struct PushReport {
  TimeMicros c = kMinTime;              // of the batch; kMinTime where it has no rows
  std::int64_t rows = 0;                // logged
  std::int64_t null_keys = 0;           // of these, the most that feed no key of a view (rule 4.7)
  std::vector<std::string> views = {};  // that it fed online, by name
  bool repeated = false;                // it was there already
};

// Threads: any number, for all methods.
class Ingester {
 public:
  // `catalogue` says where the log's tail belongs. Borrows the store. Errors: Corruption and
  // IoError of the log; FailedPrecondition where the store, or the manifest of what is sealed, has
  // seen records that the log has not. Cost: reads what is not sealed, and the idempotency keys
  // that are kept; of a store that was lost, all.
  static Result<std::unique_ptr<Ingester>> Open(const std::string& log_folder, OnlineStore* store,
                                                const Catalogue& catalogue,
                                                const LogSettings& settings,
                                                const Context& context);

  // Durable, visible to every later read, and whole when it returns OK. Errors: those of
  // PushColumnsOf and CheckPushedRows; AlreadyExists where the idempotency key named other rows;
  // Unavailable where no more keys are taken (named_pushes.h); those of OnlineStore::Push. After an
  // error of the disk it is not known whether the push will be found: repeat it with its key.
  Result<PushReport> Push(const CatalogueSnapshot& catalogue, const PushRequest& request);

  // All pushes to a source that the log holds, in the order of C.
  [[nodiscard]] Result<LoggedPushes> Logged(const std::string& push_source) const;

  // Seals all that the log holds, now, and merges segments. Pushes go on meanwhile. Errors: as
  // LogSealer::SealClosed and Merge; what was done before stays.
  Result<SealReport> Seal(MergeKind merge = MergeKind::kDue);

  [[nodiscard]] LogSizes Sizes() const { return sealer_->sizes(); }

  // As LogSealer says: for who copies the log.
  [[nodiscard]] std::unique_lock<std::mutex> HoldFiles() { return sealer_->Hold(); }

  [[nodiscard]] Result<std::vector<LogPiece>> Files() const { return sealer_->Pieces(); }

  // The newest record of the log that is durable; 0 = none.
  [[nodiscard]] LogPosition LogEnd() const { return log_->last(); }

  // Of this opening of the log; grows with each one.
  [[nodiscard]] std::uint64_t epoch() const { return log_->epoch(); }

  // The writer of the log, for sequences (rule 1.3).
  [[nodiscard]] const std::string& writer() const { return log_->writer(); }

 private:
  // A push that waits for its group.
  struct Waiting {
    LogBatch logged;
    PushedBatch batch;
    std::int64_t bytes = 0;
    bool done = false;
    Result<TimeMicros> c = TimeMicros{0};
  };

  Ingester(std::string folder, std::shared_ptr<FactLog> log, OnlineStore* store,
           const Context& context, NamedPushes::Options keys)
      : folder_(std::move(folder)),
        log_(std::move(log)),
        store_(store),
        context_(context),
        named_(std::move(keys)) {}

  Status CheckBelongTogether(const SealedLog& sealed) const;
  Status Replay(const Catalogue& catalogue, const SealedLog& sealed);
  // What of it the store does not have.
  Status ReplaySealed(const std::map<std::string, const ViewVersion*>& views,
                      const SealedLog& sealed);
  Status RememberSealed(const SealedLog& sealed);
  Status Remember(const LogBatch& logged);
  Status ReplayOne(const std::map<std::string, const ViewVersion*>& views, LogBatch logged,
                   LogPosition record);
  // The facts of a push for the views that it feeds.
  Status Prepare(const std::map<std::string, const ViewVersion*>& views, Waiting* push,
                 PushReport* report) const;
  Result<PushReport> PushNamed(const CatalogueSnapshot& catalogue, const PushRequest& request,
                               LogBatch logged);
  // What the push that the key names was answered, by its rows; nothing where it names none.
  Result<std::optional<PushReport>> Repeat(const Catalogue& catalogue, LogBatch logged,
                                           const PushName& name, std::uint64_t fingerprint);
  Result<PushReport> PushNew(const CatalogueSnapshot& catalogue, LogBatch* logged);
  void WaitForGroup(Waiting* push);
  // Commits what waits, as one group. REQUIRES that the lock is held.
  void CommitGroup(std::unique_lock<std::mutex>* lock);
  Result<TimeMicros> Commit(std::span<Waiting* const> group);

  const std::string folder_;
  const std::shared_ptr<FactLog> log_;
  OnlineStore* const store_;
  const Context context_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting*> waiting_;
  bool committing_ = false;
  std::int64_t next_number_ = 1;  // of a row
  NamedPushes named_;
  std::unique_ptr<LogSealer> sealer_;  // the last: it ends before all above
};

}  // namespace coeval
