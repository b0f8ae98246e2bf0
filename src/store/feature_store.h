// FeatureStore: one repository, opened: its configuration, registry, sources, offline engine and
// online store, wired together. The API behind the Python SDK, the command line and the servers; no
// rule of the domain lives here.
//
//   auto store = FeatureStore::Open({.repository = "examples/flights"});
//   (*store)->Apply({}, nullptr);
//   auto plan = (*store)->PlanRequest({.service = "departure_delay_v1"});
//   auto answer = (*store)->ReadOnline(*plan, columns);
//
// Where another process owns the online store, reads, pushes, materialize, promote, rollback and
// describe are done there, by StoreOptions::link; what they answer is the same.
//
// Threads: ReadOnline and PlanRequest may be called from any number of threads at once, also while
// others materialize or apply. The other calls lock what they need themselves.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/column.h"
#include "config/config.h"
#include "definition/catalogue.h"
#include "definition/definitions.h"
#include "ingest/quarantine.h"
#include "offline/explain.h"
#include "offline/explanation.h"
#include "offline/training_set.h"
#include "online/online_store.h"
#include "registry/registry.h"
#include "retrieval/assemble.h"
#include "retrieval/feature_plan.h"
#include "store/owner_link.h"

namespace coeval {

struct StoreOptions {
  std::string repository = ".";                  // the folder with coeval.yaml
  std::string environment;                       // --env NAME; "" = none
  std::map<std::string, std::string> overrides;  // flags: "online_store.path" -> "..."
  std::shared_ptr<const Clock> clock;            // null: the configuration's, else the system's
  LogSink log;                                   // null: none
  std::string python;  // runs definitions; "" = $COEVAL_PYTHON, else python3
  // By which processes that need the same online store reach its owner, and the owner answers them
  // (serve/owner/owner_link.h). Null: where another process owns the store, calls are refused.
  std::shared_ptr<OwnerLink> link;
};

// What plan shows and apply did: machine form and text that explains it.
struct PlanReport {
  Json changes;      // {"changes": [...], "refusals": [...]}
  std::string text;  // plain, many lines
  bool empty = true;
  bool refused = false;  // rule 8.4: nothing was, or will be, changed
};

struct OnlineAnswer {
  SharedFeaturePlan plan;
  FeatureTable table;         // one row per entity row
  TimeMicros t = 0;           // the question's time (rule 1.4)
  bool from_offline = false;  // asked for a time before the horizon: the offline engine answered
};

struct MaterializeOptions {
  std::vector<std::string> views;  // "weather", "weather@v2"; empty = all that are online
  ProgressSink progress;
  std::shared_ptr<CancelToken> cancel;
};

struct VerifyOptions {
  ProgressSink progress;                // rows of each view
  std::shared_ptr<CancelToken> cancel;  // null: the store's own
};

struct DiffOptions {
  // Views, on-demand views and services; none = all views that are online. Of an on-demand view or
  // a service the views that it pins: what it computes of them is computed by one code.
  std::vector<std::string> references;
  std::int64_t keys = 1000;          // of each view, at most
  std::optional<std::int64_t> seed;  // of the sample; none: another one each time
  std::optional<TimeMicros> at;      // none: now
  ProgressSink progress;             // rows of the sources, then keys, of each view
  std::shared_ptr<CancelToken> cancel;
};

// One view's outcome of a materialization.
struct MaterializeReport {
  std::string view;  // "weather@v2"
  std::int64_t rows_read = 0;
  std::int64_t rows_written = 0;
  std::int64_t rows_refused = 0;
  TimeMicros watermark = kMinTime;
  std::string detail;  // "source unchanged", ...
};

struct PushOptions {
  // Where it goes: "online_and_offline", "online" (logged all the same: training finds what was
  // served), "offline" (never served; only hindsight sees it).
  std::string to = "online_and_offline";
  // Said again with the same rows, it does nothing, for log.idempotency_retention, or, where it
  // begins with "made:", log.made_key_retention; "" = none.
  std::string idempotency_key;
  // The rows are deletes (rule 3.7): the keys have no value from their event times on, or, where a
  // view aggregates, the events of their ids are taken back.
  bool deletes = false;
  // "refuse": bad rows refuse the push. "quarantine": they are set apart (ingest/quarantine.h), and
  // the others are taken; what is wrong with all rows, such as a missing column, still refuses it.
  std::string on_error = "refuse";
};

struct PushOutcome {
  TimeMicros c = kMinTime;         // the batch's created time (rule 1.4)
  std::int64_t rows = 0;           // that were logged
  std::int64_t null_keys = 0;      // of these, those that feed no key (rule 4.7)
  std::vector<std::string> views;  // fed online
  bool repeated = false;           // it was there already
  std::int64_t quarantined = 0;    // rows that were set apart
  std::string quarantine = {};     // the id that they go by; "" = none
};

class FeatureStore {
 public:
  // Errors: NotFound (no coeval.yaml: says to run `coeval init`), InvalidArgument (configuration),
  // FailedPrecondition (a newer format), Unavailable (files owned by another process and not
  // readable).
  static Result<std::unique_ptr<FeatureStore>> Open(StoreOptions options);

  FeatureStore(const FeatureStore&) = delete;
  FeatureStore& operator=(const FeatureStore&) = delete;
  ~FeatureStore();

  [[nodiscard]] const Config& config() const;
  [[nodiscard]] const Context& context() const;
  [[nodiscard]] const std::string& project() const;

  // --- definitions
  // ----------------------------------------------------------------------------------- What the
  // repository's *.py and *.yaml declare: the document of definition/definitions.h.
  Result<Json> LoadDefinitions();
  // `document` null = LoadDefinitions(). Infers missing schemas from the sources, checks, compares.
  // `options` as in the registry: complete = false for objects given from Python, which never
  // deletes.
  Result<PlanReport> PlanChanges(const Json* document, const ApplyOptions& options);
  Result<PlanReport> Apply(const Json* document, const ApplyOptions& options);
  // "weather", "weather@v2", a service or an on-demand view. Rollback: the version active before.
  Result<PlanReport> Promote(const std::string& reference);
  Result<PlanReport> Rollback(const std::string& name);
  // Notes on the views of a version whose online data lie behind (data_behind.h); none of a version
  // that is not there. Changes nothing. Errors: as for ReadOnline.
  Result<std::vector<std::string>> DataBehind(ObjectKind kind, const std::string& name,
                                              int version);
  // Removes a definition with all its versions (rule 8.4: refused while others use it).
  Result<PlanReport> Delete(const std::string& name);
  // The catalogue as of now.
  Result<CatalogueSnapshot> Snapshot();

  // --- asking
  // ----------------------------------------------------------------------------------------
  // Resolves a request; cached by request until the registry's revision changes.
  Result<SharedFeaturePlan> PlanRequest(const FeatureRequest& request);
  // A training set over a spine (rule 4); the spine is taken over. `cancel`: null = the store's
  // own.
  Result<TrainingSet> GetHistoricalFeatures(const FeatureRequest& request, ArrowTable spine,
                                            TrainingSetOptions options,
                                            const std::shared_ptr<CancelToken>& cancel = nullptr);
  // Without a spine: every moment of [start, end] at which a fact changed, rule 4.5.
  Result<TrainingSet> GetHistoricalFeatures(const FeatureRequest& request, TimeMicros start,
                                            TimeMicros end, TrainingSetOptions options,
                                            const std::shared_ptr<CancelToken>& cancel = nullptr);
  // A backfill: each key that has an event, at each instant of the grid (offline/grid_spine.h).
  Result<TrainingSet> Backfill(const FeatureRequest& request, const TimeGrid& grid,
                               TrainingSetOptions options,
                               const std::shared_ptr<CancelToken>& cancel = nullptr);
  // Columns as plan->request_columns, each of its type (column/key.h converts), all [n]. `at`:
  // another time than now; before the horizon, and of a store that was never filled, the offline
  // engine answers. Errors: TooOld only where the offline engine has no source to ask.
  Result<OnlineAnswer> ReadOnline(const SharedFeaturePlan& plan, std::span<const Column> columns,
                                  std::int64_t n, std::optional<TimeMicros> at = std::nullopt);
  // Why has a feature of the plan this value (offline/explain.h)? At `at`, of one row of columns as
  // ReadOnline takes them; of a row of a spine, which is taken over; of a row of a training set
  // that this store made, by the plan and `known` that it was made with. Rows count from 0. Answers
  // from the sources, whatever the online store holds.
  Result<Explanation> Explain(const SharedFeaturePlan& plan, std::span<const Column> columns,
                              TimeMicros at, const std::string& feature,
                              const ExplainOptions& options,
                              const std::shared_ptr<CancelToken>& cancel = nullptr);
  Result<Explanation> Explain(const SharedFeaturePlan& plan, ArrowTable spine,
                              const std::string& time_column, std::int64_t row,
                              const std::string& feature, const ExplainOptions& options,
                              const std::shared_ptr<CancelToken>& cancel = nullptr);
  Result<Explanation> Explain(const TrainingSet& set, std::int64_t row, const std::string& feature,
                              ExplainOptions options,
                              const std::shared_ptr<CancelToken>& cancel = nullptr);

  // Opens the online store now, not at first need, and keeps it: who serves owns it from the
  // beginning. An owner that does not serve hands it over. Errors: Unavailable (another process has
  // it, and serves, is busy or does not answer), FailedPrecondition (a newer format), Corruption.
  Status OpenOnlineStore();
  // This process has it open, and answers others.
  [[nodiscard]] bool OwnsOnlineStore() const;
  // Gives it up for another process: flushed, closed, and from then on reached there. Errors:
  // Unavailable (OpenOnlineStore keeps it, or calls go on using it).
  Status HandOver();
  // The number of the newest durable record of the log of pushes; 0 = none. Errors: Unavailable
  // where another process owns the store.
  Result<std::int64_t> LogEnd();
  // Where this process answers over HTTP: told to those who find the store owned.
  // REQUIRES: OpenOnlineStore. Errors: IoError.
  Status TellAddress(const std::string& address);

  // --- carrying
  // --------------------------------------------------------------------------------------
  Result<std::vector<MaterializeReport>> Materialize(TimeMicros start, TimeMicros end,
                                                     const MaterializeOptions& options);
  Result<std::vector<MaterializeReport>> MaterializeIncremental(TimeMicros end,
                                                                const MaterializeOptions& options);
  // Makes the online data of views again, from batch sources and the log, beside those that are
  // there, and puts them in their place together; reads and pushes go on. Watermarks stay. Of views
  // without online data nothing is made. Without `views`: all that hold data. Errors: as
  // Materialize; what was there stays then.
  Result<std::vector<MaterializeReport>> RebuildOnline(const MaterializeOptions& options);

  // --- pushing
  // ---------------------------------------------------------------------------------------
  // Durable, visible to every later read, and whole when it returns OK. Errors: NotFound (no such
  // push source), InvalidArgument (rows; nothing of them is taken), AlreadyExists (the key named
  // other rows), Unavailable, IoError, Cancelled; after these three it may have been taken all the
  // same, and where it was said to another process without a key, they tell the one that it got.
  Result<PushOutcome> Push(const std::string& source, ArrowTable rows, const PushOptions& options);
  // Seals all of the log that is not sealed, now (docs/formats/log.md): {"records", "rows",
  // "segments", "bytes", "log_bytes", "merged", "merged_into"}, what it sealed, the size of the new
  // segments, by how much the log is shorter, and how many segments became how many larger ones:
  // those that are due, or with `merge` all that fit; "dropped", "dropped_rows", what log.retention
  // let go, and "kept": {source: why it keeps all}. Errors: as Push, of the disk and of reaching
  // the owner; what was sealed before stays sealed.
  Result<Json> SealLog(bool merge = false);
  // Writes a backup into a new or empty folder (backup.h), at one moment, while calls go on:
  // {"backup", "time", "files", "bytes", "records"}. `cancel`: null = the store's own. Errors:
  // FailedPrecondition (there is something in the folder), InvalidArgument (it lies in the store),
  // Cancelled; as SealLog. The folder is no backup then.
  Result<Json> Backup(const std::string& folder,
                      const std::shared_ptr<CancelToken>& cancel = nullptr);
  // The columns of a push source's rows, the event time first. Errors: as Push.
  Result<Schema> PushedColumns(const std::string& source, bool deletes = false);

  // Rows of pushes that were set apart, by time. Errors: Corruption, IoError.
  Result<std::vector<QuarantinedPush>> Quarantined();
  // Errors: NotFound, Corruption, IoError.
  Result<QuarantinedPush> FindQuarantined(const std::string& id);
  // Pushes rows of quarantine again, as they are or corrected, and drops them; where the push is
  // refused they stay. Once for each id, whatever is repeated. Errors: NotFound; those of Push.
  Result<PushOutcome> ReplayQuarantined(const std::string& id,
                                        std::optional<ArrowTable> corrected = std::nullopt);
  // Errors: NotFound, IoError.
  Status DropQuarantined(const std::string& id);

  // --- looking
  // --------------------------------------------------------------------------------------- kind:
  // "entities", "sources", "feature_views", "on_demand_feature_views", "feature_services",
  // "features"; an array of objects.
  Result<Json> List(const std::string& kind);
  // One object with its versions, schema, source, lineage, watermark, freshness, last runs.
  Result<Json> Describe(const std::string& name);
  Result<Json> Runs(int limit);
  Result<Json> History(int limit);
  Result<Json> TrainingSets(int limit);
  // Checks of the installation and the repository: [{"check", "ok", "detail", "advice"}].
  Json Doctor();
  // Reads every block and row of the online store (OnlineStore::Verify): {"ok", "views": [{"view",
  // "rows", "facts", "bytes", "problems"}], "rows", "facts", "files", "file_bytes",
  // "problem_count", "problems": [{"view", "file", "first_key", "last_key", "what", "text"}],
  // "advice", "notes"}.
  // A store that is too damaged to be opened is a problem, no error. Advice: what to do; "" where
  // all is well. Notes: where versions of the registry and data do not belong together. Errors: as
  // for ReadOnline; Corruption of the registry and of EPOCH (store_places.h); Cancelled.
  Result<Json> VerifyOnline(const VerifyOptions& options);
  // Compares what the online store answers with what training says, for a sample of keys, bit for
  // bit: {"ok", "time", "seed", "views": [{"view", "watermark", "keys", "same", "differing",
  // "damaged", "unreadable", "reasons": {reason: count}}], "keys", "difference_count",
  // "unexplained_count", "differences": [{"view", "key", "reason", "explained", "missing", "extra",
  // "features": [{"feature", "online", "online_status", "online_time", "training", ...}], "text"}],
  // "damaged": [{"view", "key"}], "advice", "notes"}. ok: nothing differs that materializing would
  // not mend. Errors: NotFound and InvalidArgument (references, keys, at); TooOld for a time before
  // the horizon; as for ReadOnline; those of the sources; Cancelled.
  Result<Json> DiffOnline(const DiffOptions& options);
  // What lies in the online store, for /metrics. Errors: as for ReadOnline.
  Result<OnlineStats> OnlineStatistics();
  // May it serve? {"ready": bool, "clock": ..., "registry": ..., "online_store": ...}
  Json Ready();

  struct Impl;  // store_core.h

 private:
  explicit FeatureStore(std::unique_ptr<Impl> impl);
  Result<OnlineAnswer> ReadHere(OnlineStore& online, const SharedFeaturePlan& plan,
                                std::span<const Column> columns, std::int64_t n,
                                std::optional<TimeMicros> at, bool* before_horizon);
  Result<OnlineAnswer> ReadSources(const SharedFeaturePlan& plan, std::span<const Column> columns,
                                   std::int64_t n, TimeMicros at);
  // `online` null: without what it knows.
  Result<Json> DescribeHere(const std::string& reference, OnlineStore* online);
  std::unique_ptr<Impl> impl_;
};

}  // namespace coeval
