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
//
//   (*store)->Push(batches, log);               // pushed facts: durable in the log, visible at
//   once,
//                                               // and in sorted files later, in the background
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "column/key.h"
#include "definition/aggregated_view.h"
#include "definition/catalogue.h"
#include "online/kept_facts.h"
#include "retrieval/assemble.h"

namespace coeval {

// How the events of busy keys are indexed (online/event_index.h). It changes no answer.
struct EventIndexOptions {
  std::size_t bytes = std::size_t{256} << 20;  // of all indexes; 0: none are made
  std::size_t least_events = 256;              // of a key, for an index to be worth it
  bool at_once = false;                        // when a key is asked first, not when again
  std::size_t leaf_events = 128;               // in a tile of the lowest level, at least
  std::size_t fanout = 16;                     // tiles in one of the next
};

struct OnlineStoreOptions {
  // How far the horizon lies behind the newest C (rule 3.6).
  DurationMicros online_history = 5 * kMinute;
  // Of pushed facts that are not in the store's files yet: at half of it they are written, at all
  // of it who pushes waits.
  std::size_t fresh_bytes = std::size_t{128} << 20;
  EventIndexOptions index = {};
  // Of the hot tier (online/row_cache.h); 0: there is none. None: an eighth of the memory budget.
  std::optional<std::size_t> cache_bytes = {};
  // Asked before something is made durable, again before it is acknowledged, and before time goes
  // on: FailedPrecondition once another store has taken this one's place. From then on every call
  // that asks or changes anything is that error. Another error: it cannot be known. Then nothing
  // new is taken, and what is durable already is acknowledged, since it was known just before.
  // Null: none ever does. Asked by several threads at once.
  std::function<Status()> fence = {};
};

// What is asked of one view. Borrows all; `keys` are the encoded keys of the view's join keys.
struct ViewQuestion {
  const ViewVersion* version = nullptr;
  std::span<const std::size_t> features;       // positions in the view's schema, ascending
  const KeyColumn* keys = nullptr;             // [n]; a null key finds nothing (rule 2.2)
  const AggregatedView* aggregated = nullptr;  // of an aggregated view: resolved
};

// What the store knows of the data of one view (rule 7.7).
struct ViewProgress {
  std::optional<TimeMicros> watermark;  // none: nothing carried yet, or not for so long a ttl
  std::string change_token;             // of the source, when a timeless view was last carried
  TimeMicros committed = kMinTime;      // C of the last load
  std::int64_t rows = 0;                // facts that the last load wrote
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

  // One answer per question, each [n of its keys]. One access to the store for each key and view;
  // of an aggregated view a scan over the events that its windows may hold. A view that was never
  // carried answers kNotFound, or with empty windows.
  // Errors: TooOld for t < horizon(); InvalidArgument for t > time(); Corruption naming view and
  // key where stored bytes are not what was written; IoError.
  virtual Result<std::vector<ViewAnswers>> Read(std::span<const ViewQuestion> questions,
                                                TimeMicros t) const = 0;

  // What follows is for comparing the store with its sources.

  // As OnlineStore::Progress, at this moment.
  [[nodiscard]] virtual ViewProgress Progress(const ViewVersion& version) const = 0;
  // The encoded keys of the entities of which files hold facts of a version, each at least once.
  // What was pushed and is not in files yet may be left out: the log has it. What cannot be read is
  // passed over; it comes back how many stretches of rows are. Errors: IoError; those of `visit`.
  virtual Result<std::int64_t> ForEachEntity(
      const ViewVersion& version,
      const std::function<Status(std::string_view key)>& visit) const = 0;
  // All facts of a version that are kept under a key, visible or not; some perhaps twice. Appends
  // them. Errors: Corruption; IoError.
  virtual Status AddFacts(const ViewVersion& version, std::string_view key,
                          KeptFacts* facts) const = 0;
};

// Facts of one view, in columns.
struct FactRows {
  std::int64_t num_rows = 0;
  std::vector<Column> keys;  // one for each join key, of its declared type
  Column event_time;         // timestamps without nulls
  Column created_time;       // timestamps, or type null
  Column sequence;           // int64, or type null
  // Of facts that were pushed and are carried now: the writer of their log, by which they are known
  // again; null of a batch source's.
  std::shared_ptr<const std::string> log = {};
  Column deleted;                                 // bool without nulls, or type null
  std::vector<Column> features;                   // one for each kept column (event_keeping.h)
  std::optional<std::vector<std::int64_t>> rows;  // which of them; none = all
};

// What one push brings to one view.
struct PushedView {
  const ViewVersion* version = nullptr;
  FactRows
      rows;  // the sequences are numbers in the log; created times are not looked at: they are C
};

// One push, checked: one batch with one C (rule 1.4), visible whole or not at all.
struct PushedBatch {
  std::vector<PushedView> views;
  std::string_view log;  // the UUID of the log's writer (rule 1.3)
};

// What makes pushed batches durable, as a store sees it.
class CommitLog {
 public:
  virtual ~CommitLog() = default;
  // Logs the batches of one call of OnlineStore::Push, the i-th with C = first_c + i. All are
  // durable when OK, and the number of the last record comes back. Errors: IoError; then none of
  // them will ever be found, once Settle() is OK.
  virtual Result<std::int64_t> Append(TimeMicros first_c) = 0;
  // Sees to that. Called again before anything else is committed.
  virtual Status Settle() = 0;
};

struct LoadSpec {
  const ViewVersion* version = nullptr;  // must outlive the load
  DurationMicros ttl = 0;  // the greatest of the versions that share the data; 0 = none
  // What was there before goes away with the commit (timeless sources, rule 7.7; rebuilding). The
  // data are then good for `ttl`, and what is pushed from BeginLoad on is among them.
  bool replace = false;
  bool pushed = false;  // the view is pushed to as well
};

struct LoadSummary {
  std::int64_t rows_added = 0;     // given to Add, null keys left out
  std::int64_t rows_expired = 0;   // of these, dropped: no t >= H can see them (rules 3.6, 5.8)
  std::int64_t rows_too_late = 0;  // of these, dropped: too late for any window (rule 5.8)
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
  std::int64_t fresh_bytes = 0;  // of pushed facts that are not in files yet
  // The hot tier: what it may take, what it takes, and how often a stored row was found there or
  // had to be read from files, since the store was opened.
  std::int64_t cache_limit_bytes = 0;
  std::int64_t cache_bytes = 0;
  std::int64_t cache_entries = 0;
  std::int64_t cache_hits = 0;
  std::int64_t cache_misses = 0;
  bool warming = false;  // KeepWarm is on its way
};

// Something that is not as it was written.
struct StoreDamage {
  std::string view;       // "": of the store as a whole
  std::string file;       // "000012.sst"; "" where it is not known which
  std::string first_key;  // what is concerned: "city='ams'"; both "" where that is not known
  std::string last_key;   // the same as first_key: that key alone
  std::string what;

  // All of it in one line.
  [[nodiscard]] std::string ToText() const;
};

// What a walk over everything found.
struct VerifyReport {
  struct View {
    std::string name;
    std::string data_identity;
    std::int64_t keys = 0;  // rows: one for each key; of an aggregated view, each key and event
    std::int64_t facts = 0;
    std::int64_t bytes = 0;  // of keys and values
    std::int64_t problems = 0;
  };

  std::vector<View> views;  // by name
  std::int64_t keys = 0;
  std::int64_t facts = 0;
  std::int64_t files = 0;  // whose blocks were all read
  std::int64_t bytes = 0;  // of these
  std::int64_t problem_count = 0;
  std::vector<StoreDamage> problems;  // the first of them

  static constexpr std::int64_t kMostProblems = 100;
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
  // the version has no online data identity; IoError. Of committing also Unavailable: data that are
  // replaced were pushed to meanwhile for a greater ttl.
  virtual Result<std::unique_ptr<FactLoad>> BeginLoad(const LoadSpec& spec,
                                                      const Context& context) = 0;

  // One materialization of several views is ONE batch with one C (rule 1.4): makes all sealed loads
  // visible together, with their watermarks, atomically and durably; loads[i] with commits[i]. So a
  // question asked with the clock at t, after a materialization with the clock at t, is asked at t,
  // and no reader sees one view carried and another not. materialize/ commits through this alone.
  // Errors: IoError; then nothing was changed.
  virtual Result<Committed> CommitTogether(std::span<FactLoad* const> loads,
                                           std::span<const LoadCommit> commits) = 0;

  // Pushes, in order, as one group: takes a C for each, has them logged, and makes them visible.
  // Waits while facts that were pushed before have no room but in memory. Returns the C of the
  // first; that of the i-th is i more. Errors: FailedPrecondition where a version has no online
  // data identity, or is being loaded as one that is not pushed to; IoError, also of the log and
  // of writing what was pushed before; nothing was changed then.
  virtual Result<TimeMicros> Push(std::span<const PushedBatch> batches,
                                  const std::shared_ptr<CommitLog>& log) = 0;
  // Puts in what the log holds behind LogApplied(), record by record, before anything is asked.
  virtual Status Replay(const PushedBatch& batch, TimeMicros c, std::int64_t record) = 0;
  // All that records up to this one brought lies in the store's files. 0 = none.
  virtual std::int64_t LogApplied() const = 0;
  // Writes the pushed facts into files, now. Errors: IoError; they stay in memory then.
  virtual Status Flush() = 0;

  // The path of a new folder with all that the store's files hold at one moment, between two
  // batches: its own FORMAT, LEASE and database, to be opened elsewhere. `at_point` runs in that
  // moment; nothing is logged or becomes visible meanwhile, so it should be quick. The folder is
  // the caller's to remove (the next opening does as well); its files may be links to the store's:
  // copy them, and never write to them. What was pushed and is not in files yet is in the log
  // alone. Errors: IoError; those of `at_point`. Cost: milliseconds.
  virtual Result<std::string> Checkpoint(const std::function<Status()>& at_point) = 0;

  // Forgets the data of a version (and of those that share it), in constant time; the space comes
  // back in the background. Dropping what is not there is OK. Errors: Unavailable during a load.
  virtual Status Drop(const std::string& data_identity) = 0;

  // Reads every block and row, of all projects that share the store. Reading and writing go on.
  // `progress`: rows of each view; may be null. Errors: IoError, Cancelled; damage is in the
  // report.
  virtual Result<VerifyReport> Verify(const Context& context,
                                      const ProgressSink& progress = nullptr) = 0;
  virtual OnlineStats Stats() const = 0;
  // For who serves: reads in the background what was in memory when the last one that served was
  // closed, and writes down what is there when this one is. Where it is not closed in order, the
  // list before stays.
  virtual void KeepWarm() = 0;
  // Merges and drops all that rule 3.6 lets go, now.
  virtual Status Compact() = 0;
  // SHA-256 over the collapsed facts of a view at `horizon`, which is at least horizon(): a
  // function of the set of facts, the ttl and `horizon` alone (rule 3.6). For tests and
  // comparisons.
  virtual Result<std::string> StateHash(const ViewVersion& version, TimeMicros horizon) = 0;
};

}  // namespace coeval
