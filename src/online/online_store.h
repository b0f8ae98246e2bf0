// OnlineStore: where the newest facts of every entity lie, ready to be served (rules 1.4, 3, 7).
// It keeps facts, not answers: a question at t is answered from them by online/winner.h. No store's
// own types show here, so that others than the embedded one may stand behind it.
//
//   auto store = OpenRocksDbStore("...", "flights", context);          // online/rocksdb/open.h
//   auto snapshot = (*store)->Now();                                   // one moment: t, and what
//   auto answers = (*snapshot)->Read(questions, (*snapshot)->time());  // is visible at t
//
//   auto load = (*store)->BeginLoad(spec);      // facts come in as loads: sorted files, committed
//   (*load)->Add(rows); (*load)->Seal();        // whole or not at all
//   (*load)->Commit({.watermark = end});
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "column/key.h"
#include "definition/catalogue.h"
#include "retrieval/assemble.h"

namespace coeval {

struct OnlineStoreOptions {
  // How far the horizon lies behind the newest C (rule 3.6).
  DurationMicros online_history = 5 * kMinute;
};

// What is asked of one view. Borrows all; `keys` are the encoded keys of the view's join keys.
struct ViewQuestion {
  const ViewVersion* version = nullptr;
  std::span<const std::size_t> features;  // positions in the view's schema, ascending
  const KeyColumn* keys = nullptr;        // [n]; a null key finds nothing (rule 2.2)
};

// Everything that was visible at one moment; later loads do not change it. Holding one keeps old
// files on disk: for a request, not for a day. Threads: immutable.
class OnlineSnapshot {
 public:
  virtual ~OnlineSnapshot() = default;
  // t of rule 1.4.
  [[nodiscard]] virtual TimeMicros time() const = 0;
  // H of rule 3.6: questions may be asked at any t in [horizon(), time()].
  [[nodiscard]] virtual TimeMicros horizon() const = 0;

  // One answer per question, each [n of its keys]. One access to the store for each key and view.
  // A view that was never carried answers kNotFound.
  // Errors: TooOld for t < horizon(); InvalidArgument for t > time(); Corruption naming view and
  // key where stored bytes are not what was written; IoError.
  virtual Result<std::vector<ViewAnswers>> Read(std::span<const ViewQuestion> questions,
                                                TimeMicros t) const = 0;
};

// What the store knows of the data of one view (rule 7.7).
struct ViewProgress {
  std::optional<TimeMicros> watermark;  // none: nothing carried yet, or not for so long a ttl
  std::string change_token;             // of the source, when a timeless view was last carried
  TimeMicros committed = kMinTime;      // C of the last load
  std::int64_t rows = 0;                // facts that the last load wrote
};

// Facts of one view, in columns.
struct FactRows {
  std::int64_t num_rows = 0;
  std::vector<Column> keys;                       // one for each join key, of its declared type
  Column event_time;                              // timestamps without nulls
  Column created_time;                            // timestamps, or type null
  Column sequence;                                // int64, or type null
  Column deleted;                                 // bool without nulls, or type null
  std::vector<Column> features;                   // one for each feature of the view's schema
  std::optional<std::vector<std::int64_t>> rows;  // which of them; none = all
};

struct LoadSpec {
  const ViewVersion* version = nullptr;  // must outlive the load
  DurationMicros ttl = 0;  // the greatest of the versions that share the data; 0 = none
  bool replace = false;    // what was there before goes away with the commit (timeless, rule 7.7)
};

struct LoadSummary {
  std::int64_t rows_added = 0;     // given to Add, null keys left out
  std::int64_t rows_expired = 0;   // of these, dropped: no t >= H can see them (rule 3.6)
  std::int64_t facts_written = 0;  // after collapsing each key
  std::int64_t keys_written = 0;
  std::int64_t bytes_written = 0;
};

struct LoadCommit {
  std::optional<TimeMicros> watermark;  // none: it stays as it is
  std::string change_token;             // "" : it stays as it is
};

struct Committed {
  TimeMicros c = kMinTime;        // rule 1.4
  TimeMicros horizon = kMinTime;  // after it
};

// Facts on their way into the store. Nothing is visible before Commit, and then everything; a load
// that is destroyed, or whose process dies, leaves nothing behind. Threads: one at a time.
class FactLoad {
 public:
  virtual ~FactLoad() = default;
  // Errors: IoError (disk full), Cancelled.
  virtual Status Add(const FactRows& rows) = 0;
  // Sorts, collapses each key, writes and syncs the files. Add no more after it.
  virtual Result<LoadSummary> Seal() = 0;
  // Takes C and makes the files visible, with watermark, C and horizon, atomically and durably.
  // REQUIRES: sealed. Errors: IoError; then nothing was changed.
  virtual Result<Committed> Commit(const LoadCommit& commit) = 0;
};

// How much there is, for `doctor`, /metrics and tests.
struct OnlineStats {
  struct View {
    std::string name;
    std::string data_identity;
    ViewProgress progress;
    // The greatest event time carried so far (rule 1.3's timeless facts left out); kMinTime = none.
    // /metrics shows it as coeval_newest_event_timestamp_seconds{view}.
    TimeMicros newest_event_time = kMinTime;
    DurationMicros ttl = 0;
    std::int64_t bytes_on_disk = 0;
  };

  std::vector<View> views;  // by name
  TimeMicros horizon = kMinTime;
  TimeMicros last_c = kMinTime;
  TimeMicros lease = kMinTime;
  std::int64_t approximate_keys = 0;
  std::int64_t bytes_on_disk = 0;
  std::int64_t block_cache_bytes = 0;
};

// What a walk over everything found.
struct VerifyReport {
  std::int64_t keys = 0;
  std::int64_t facts = 0;
  std::int64_t problem_count = 0;
  std::vector<std::string> first_problems;  // at most 10: view, key, what is wrong
};

// Threads: all methods may be called from any number of threads at once; loads of one view's data
// one after the other.
class OnlineStore {
 public:
  virtual ~OnlineStore() = default;

  // What one request sees: the time by rule 1.4, recorded, and what is visible at it.
  // Errors: those of the clock.
  virtual Result<std::shared_ptr<const OnlineSnapshot>> Now() = 0;

  // The data of a version. Versions that differ only in ttl share it; one whose ttl is greater than
  // any for which facts were carried has no watermark yet.
  virtual ViewProgress Progress(const ViewVersion& version) const = 0;
  virtual TimeMicros horizon() const = 0;
  // A lower bound of the horizon after a load that starts while the clock says `clock` (rule 7.7:
  // what a first run counts from).
  virtual TimeMicros HorizonAfterLoad(TimeMicros clock) const = 0;

  // Errors: Unavailable while another load of the same data is on its way; FailedPrecondition where
  // the version has no online data identity; IoError.
  virtual Result<std::unique_ptr<FactLoad>> BeginLoad(const LoadSpec& spec,
                                                      const Context& context) = 0;

  // One materialization of several views is ONE batch with one C (rule 1.4): makes all sealed loads
  // visible together, with their watermarks, atomically and durably; loads[i] with commits[i]. So a
  // question asked with the clock at t, after a materialization with the clock at t, is asked at t,
  // and no reader sees one view carried and another not. materialize/ commits through this alone.
  // Errors: IoError; then nothing was changed.
  virtual Result<Committed> CommitTogether(std::span<FactLoad* const> loads,
                                           std::span<const LoadCommit> commits) = 0;

  // Forgets the data of a version (and of those that share it), in constant time; the space comes
  // back in the background. Dropping what is not there is OK. Errors: Unavailable during a load.
  virtual Status Drop(const std::string& data_identity) = 0;

  // Reads every block and row. Errors: IoError; damage is in the report.
  virtual Result<VerifyReport> Verify(const Context& context) = 0;
  virtual OnlineStats Stats() const = 0;
  // Merges and drops all that rule 3.6 lets go, now.
  virtual Status Compact() = 0;
  // SHA-256 over the collapsed facts of a view at `horizon`, which is at least horizon(): a
  // function of the set of facts, the ttl and `horizon` alone (rule 3.6). For tests and
  // comparisons.
  virtual Result<std::string> StateHash(const ViewVersion& version, TimeMicros horizon) = 0;
};

}  // namespace coeval
