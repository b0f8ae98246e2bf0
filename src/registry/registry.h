// Registry: the versioned catalogue of one project in one SQLite file, safe for several processes
// at once (rules 8.2 to 8.6).
//
//   auto registry = Registry::Open({.path = ".coeval/registry.db", .project = "flights", ...});
//   Plan plan = *registry->MakePlan(definitions, {});      what an apply would do
//   registry->Apply(definitions, {.who = "ann"});          does it, whole or not at all
//   CatalogueSnapshot now = *registry->Snapshot();         immutable; one a request
//
// Apply never moves serving (8.5): a new version is active at once only where no version was
// served; else by Promote, or for stored views by ActivateWhenCaughtUp.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/time.h"
#include "definition/catalogue.h"
#include "definition/definitions.h"
#include "definition/object_kind.h"
#include "io/at_fork.h"
#include "registry/apply.h"
#include "registry/catalogue_reader.h"
#include "registry/plan.h"
#include "registry/planner.h"
#include "registry/registry_copy.h"
#include "registry/run.h"
#include "registry/sqlite.h"
#include "registry/stored_state.h"

namespace coeval {

struct RegistryOptions {
  std::string path;
  std::string project;
  std::shared_ptr<const Clock> clock = SystemClock();  // of history and runs
  std::string release;                                 // "0.1.0"
  DurationMicros busy_timeout = 10 * kSecond;          // waited for another process's write
};

struct ApplyOptions {
  bool complete =
      true;  // the whole repository: what is gone is deleted. Else only what is given changes
  bool promote = false;  // on-demand views and services become active at once
  std::string who;
};

// Internally locked: any number of threads. Errors of all calls: Unavailable (another process held
// the file too long), IoError (disk full, permission), Corruption.
class Registry {
 public:
  // Opens or makes the file. Errors: as above; FailedPrecondition for a newer format, saying what
  // to run.
  static Result<std::unique_ptr<Registry>> Open(RegistryOptions options);

  // The catalogue as of now; the same object until something changes. Waits for no other call.
  // Cost: microseconds while nothing was written, by whatever process.
  Result<CatalogueSnapshot> Snapshot();

  // What Apply would do. `definitions` have complete schemas (FillFrozenSchemas, then inference).
  // Errors: InvalidArgument with all mistakes of the definitions. Refusals are part of the plan.
  Result<Plan> MakePlan(const Definitions& definitions, const ApplyOptions& options);
  // One transaction, with a plan made inside it, which is given back. An empty plan writes nothing.
  // Errors: those of MakePlan; FailedPrecondition with all refusals.
  Result<Plan> Apply(const Definitions& definitions, const ApplyOptions& options);
  // Deletes one object. Its versions stay, so that the same content is the same version if it
  // returns. Errors: NotFound; FailedPrecondition that lists its users.
  Result<Plan> Delete(ObjectKind kind, const std::string& name, const std::string& who);

  // Which kind of versioned object has that name. Errors: NotFound with the nearest;
  // InvalidArgument where a view and a service both have it.
  Result<ObjectKind> FindVersioned(const std::string& name);
  // Makes a version active; 0 = the one defined now. Moves no data. False: it was active already.
  // Errors: NotFound; FailedPrecondition where it reads what was deleted.
  Result<bool> Promote(ObjectKind kind, const std::string& name, int version,
                       const std::string& who);
  // Makes the version active that was so before; gives its number. Errors: FailedPrecondition where
  // there was none, or it reads what was deleted.
  Result<int> Rollback(ObjectKind kind, const std::string& name, const std::string& who);
  // A version answered a request: from now on a newer one is not active at once. Remembered in
  // memory, so calling it for each request costs next to nothing.
  Status MarkServed(ObjectKind kind, const std::string& name, int version);
  // A stored view's version has reached the watermark of the active one: it becomes active if it is
  // the version defined now, newer than the active one and was never active (a rollback holds).
  // True if so.
  Result<bool> ActivateWhenCaughtUp(const std::string& view, int version, const std::string& who);

  // Newest first; `name` "" = all.
  Result<std::vector<HistoryEntry>> History(const std::string& name, int limit);
  // Of all versions of the objects that are defined, and of training sets.
  Result<std::vector<LineageEdge>> Lineage();

  // A run begins (run.id, status, times, release are given here): its id. A run of the same kind,
  // view and version that still counts as running was interrupted and is marked so.
  Result<std::int64_t> StartRun(const Run& run);
  Status ProgressRun(std::int64_t id, const RunCounts& counts);
  Status FinishRun(std::int64_t id, RunStatus status, const RunCounts& counts,
                   const std::string& error);
  // All that count as running were interrupted: called by the one process that may run them.
  Result<std::int64_t> InterruptRuns(const std::string& kind);
  Result<std::vector<Run>> ListRuns(const RunFilter& filter);

  // Records a training set and its lineage from versions of views and services; gives its id.
  Result<std::int64_t> RecordTrainingSet(const TrainingSetRecord& record,
                                         const std::vector<LineageSource>& made_from);
  Result<std::vector<TrainingSetRecord>> ListTrainingSets(int limit);
  // Errors: NotFound.
  Result<TrainingSetRecord> FindTrainingSet(std::int64_t id);

  // The file as it is now, to be written elsewhere (registry_copy.h). Other calls but Snapshot wait
  // until what comes back is gone.
  Result<std::unique_ptr<RegistryCopy>> BeginCopy();

  [[nodiscard]] const std::string& path() const { return options_.path; }

  [[nodiscard]] const std::string& project() const { return options_.project; }

 private:
  explicit Registry(RegistryOptions options);

  using Planning = std::function<Result<PlannedApply>(const StoredState&)>;
  using Moving = std::function<Status(const StoredState&, const Author&)>;

  // REQUIRES: the lock. Opens the file where it is not open: at first, and after a fork, across
  // which no connection may be open (io/at_fork.h).
  Status Connect();
  Result<StoredState> ReadState();
  [[nodiscard]] Result<Author> AuthorOf(const std::string& who) const;
  Result<Plan> Change(const std::string& who, const Planning& planning);
  Status Move(const ObjectKey& key, const std::string& who, const Moving& work);
  Status WriteServed(ObjectKind kind, const std::string& name, int version);
  static Status CheckUpstream(const StoredState& state, const ObjectKey& key,
                              const StoredVersion& version);

  const RegistryOptions options_;
  CatalogueReader catalogue_;
  std::mutex served_mutex_;
  std::set<std::pair<ObjectKey, int>> served_;  // marked already
  std::int64_t served_revision_ = -1;           // of the catalogue, when the first of them were
  std::mutex mutex_;
  std::unique_ptr<SqlDatabase> database_;
  AtFork at_fork_;  // ends before all else
};

}  // namespace coeval
