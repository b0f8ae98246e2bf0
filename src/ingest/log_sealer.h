// LogSealer: moves what is durable elsewhere too out of the log's files into segments, so that the
// log stays short: opening reads what is not sealed, and training reads columns of one source.
//
//   closed log files, applied by the online store
//     -> a segment of each source, read back and compared -> the idempotency keys
//     -> the manifest names them -> the log files are removed
//
// and small segments of one source into larger ones, so that their number stays low (merge_plan.h):
//
//   neighbours -> one segment, read back and compared -> the manifest names it in their place
//     -> they are removed
//
// A process that is killed between any two steps leaves files that nothing names, which the next
// opening removes, or log files that the manifest says are sealed, which it trims.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "definition/push_reach.h"
#include "ingest/keys_file.h"
#include "ingest/log_segment.h"
#include "ingest/merge_plan.h"
#include "ingest/named_pushes.h"
#include "ingest/segment_file.h"
#include "log/fact_log.h"
#include "log/sealed_log.h"
#include "online/online_store.h"

namespace coeval {

struct LogSettings {
  // Closed log files are sealed in the background once they hold as much; 0 = only when it is
  // asked for.
  std::int64_t seal_bytes = std::int64_t{64} << 20;
  // Sealed segments are merged up to this size, about; 0 = never.
  std::int64_t segment_bytes = std::int64_t{256} << 20;
  // Segments are dropped once all in them lies so far behind the newest C that is sealed, and can
  // matter to no question from there on; 0 = never.
  DurationMicros retention = 0;
  // How far behind a question the pushes to a source can matter. Asked by any thread.
  std::function<Result<PushReach>(const std::string& source)> reach_of = {};
  KeyRetention keys = {};
  std::int64_t file_bytes = std::int64_t{64} << 20;  // as FactLogOptions
  std::uint64_t least_epoch = 0;                     // as FactLogOptions
};

// What one sealing did, and the merging after it.
struct SealReport {
  std::int64_t records = 0;
  std::int64_t rows = 0;
  std::int64_t segments = 0;
  std::int64_t bytes = 0;        // of the segments
  std::int64_t log_bytes = 0;    // that the log is shorter by
  std::int64_t merged = 0;       // segments that were merged
  std::int64_t merged_into = 0;  // so many
  std::int64_t dropped = 0;      // segments that were dropped
  std::int64_t dropped_rows = 0;
  std::map<std::string, std::string> kept = {};  // sources of which older ones are kept, and why
};

// What a log takes on disk.
struct LogSizes {
  std::int64_t unsealed_bytes = 0;
  std::int64_t sealed_bytes = 0;
  std::int64_t sealed_records = 0;
  std::int64_t segments = 0;
};

// A file of a log at one moment.
struct LogPiece {
  std::string name;        // below the log's folder
  std::int64_t bytes = 0;  // what counts of it: more may be written behind
};

// Threads: any.
class LogSealer {
 public:
  // Borrows the store. `sealed`: as the manifest says.
  LogSealer(std::string folder, std::shared_ptr<FactLog> log, OnlineStore* store,
            const LogSettings& settings, SealedLog sealed, const Context& context);
  // What is being sealed is given up.
  ~LogSealer();
  LogSealer(const LogSealer&) = delete;
  LogSealer& operator=(const LogSealer&) = delete;

  // Seals the closed files, now: those that the store has applied once it is flushed. Errors:
  // IoError (disk full, ...), Cancelled; what was sealed before stays sealed, the rest stays in the
  // log, and nothing is lost. Memory: about a quarter of the budget, or four times what the rows of
  // one push take, if that is more.
  Result<SealReport> SealClosed();

  // Merges segments, one merge at a time. Errors: as above, and Corruption where a segment is
  // damaged: the others are merged, and it stays as it is. Memory: as MergeSegments.
  Status Merge(MergeKind kind, SealReport* report);

  // Drops what LogSettings::retention lets go. Errors: as above, and those of reach_of.
  Status DropOld(SealReport* report);

  // After something was logged: wakes the background where it is time.
  void Consider();

  [[nodiscard]] LogSizes sizes() const;

  // While it is held nothing is sealed or merged, and no file of the log goes. Waits for a sealing,
  // or for one merge.
  [[nodiscard]] std::unique_lock<std::mutex> Hold();

  // All files that hold what was pushed. REQUIRES: Hold(), and that nothing is being appended.
  [[nodiscard]] Result<std::vector<LogPiece>> Pieces() const;

 private:
  void SealUntilStopped();
  void Warn(const std::string& what, const Status& status) const;
  // Up to `last`, which closed files hold.
  Status SealThrough(LogPosition last, SealReport* report);
  // As many of these as a seal holds, which need not end with a file.
  Status SealSome(LogPosition last, SealReport* report);
  Result<std::vector<NumberedBatch>> ReadThrough(LogPosition last) const;
  Result<LogSeal> WriteSeal(const std::vector<NumberedBatch>& pushes);
  Status WriteSegments(const std::vector<NumberedBatch>& pushes, LogSeal* seal);
  SegmentPlace NextPlace(const std::string& source);
  Status Name(LogSeal seal);
  // False where nothing is to be merged. `problem`: the first that LeaveAlone met.
  Result<bool> MergeNext(MergeKind kind, SealReport* report, Status* problem);
  // Those that an older release sealed say nothing of their columns.
  Status LearnColumns(Status* problem);
  // What lies with some segments alone keeps no others from being merged. What may pass, such as a
  // full disk, is given back.
  Status LeaveAlone(std::span<const LogSegment> segments, const Status& status, Status* problem);
  // As Hold(), after all who wait for that: the mutex alone would not be fair.
  std::unique_lock<std::mutex> TakeTurn();
  SealedLog Sealed() const;
  // Durable; what is not named any more is removed. After an error the manifest may name either.
  Status Publish(SealedLog next);
  [[nodiscard]] std::int64_t BytesToSeal() const;

  const std::string folder_;
  const std::shared_ptr<FactLog> log_;
  OnlineStore* const store_;
  const LogSettings settings_;
  Context context_;  // its cancel token is of this sealer alone

  std::mutex seal_mutex_;        // one at a time; taken before mutex_
  std::atomic<int> waiting_{0};  // for seal_mutex_, in Hold()
  std::uint64_t files_ = 0;      // written in this epoch
  // Names of segments that cannot be merged; as long as this process runs.
  std::set<std::string> left_alone_;
  std::atomic<LogPosition> sealed_last_;
  mutable std::mutex mutex_;
  SealedLog sealed_;

  std::mutex wake_mutex_;
  std::condition_variable wake_changed_;
  bool wake_ = false;
  bool stop_ = false;
  std::atomic<std::int64_t> wake_bytes_;  // grows after a failure, so that it is not tried at once
  std::thread background_;
};

}  // namespace coeval
