#include "materialize/materialize.h"

#include <algorithm>
#include <map>
#include <utility>

#include "materialize/data_carrier.h"

namespace coeval {
namespace {

using Versions = std::vector<std::shared_ptr<const ViewVersion>>;

// Versions that share their data, together, in the order of the request; each group led by the one
// with the greatest ttl.
std::vector<Versions> ByData(const Versions& versions) {
  std::vector<Versions> groups;
  std::map<std::string, std::size_t> places;
  for (const auto& version : versions) {
    const auto [place, is_new] = places.emplace(version->data_identity, groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(version);
  }
  for (Versions& group : groups) {
    std::stable_sort(group.begin(), group.end(),
                     [](const auto& a, const auto& b) { return HasGreaterTtl(*a, *b); });
  }
  return groups;
}

std::string NameOf(const ViewVersion& version) {
  return "view " + version.view.name + "@v" + std::to_string(version.version);
}

Status CheckRequest(const MaterializeRequest& request) {
  const CarryRequest& carry = request.carry;
  if (carry.kind == RunKind::kRange && carry.start > carry.end) {
    return Status::InvalidArgument("start " + FormatTime(carry.start) + " lies after end " +
                                   FormatTime(carry.end) + ": give the earlier time first");
  }
  for (const auto& version : request.versions) {
    if (!version->view.online) {
      return Status::InvalidArgument(NameOf(*version) +
                                     " is declared online=False: it is not materialized");
    }
  }
  return {};
}

const char* RunKindName(RunKind kind) {
  switch (kind) {
    case RunKind::kRange:
      return "materialize";
    case RunKind::kIncremental:
      return "materialize_incremental";
    case RunKind::kRebuild:
      return "online_rebuild";
  }
  return "";
}

// Writes down what happens to each version. A registry that fails is no reason to stop.
class Journal {
 public:
  Journal(const MaterializeRequest& request, const MaterializeTools& tools, const LogSink& log)
      : request_(request), runs_(tools.runs), log_(log) {}

  void Start(const Versions& versions) {
    if (runs_ == nullptr) return;
    const CarryRequest& carry = request_.carry;
    for (const auto& version : versions) {
      Run run;
      run.kind = RunKindName(carry.kind);
      run.view = version->view.name;
      run.version = version->version;
      if (carry.kind == RunKind::kRange) run.interval_start = carry.start;
      if (carry.kind != RunKind::kRebuild) run.interval_end = carry.end;
      run.who = request_.who;
      const Result<std::int64_t> id = runs_->StartRun(run);
      Complain(id.status());
      if (id.ok()) ids_[version.get()] = *id;
    }
  }

  void Finish(const MaterializedView& view) {
    const auto id = ids_.find(view.version.get());
    if (id == ids_.end()) return;
    const RunCounts counts = {.rows_read = view.counts.rows,
                              .rows_written = view.load.facts_written,
                              .rows_refused = view.counts.bad_times + view.counts.too_far_ahead};
    RunStatus status = RunStatus::kSucceeded;
    if (!view.status.ok()) {
      status =
          view.status.code() == StatusCode::kCancelled ? RunStatus::kCancelled : RunStatus::kFailed;
    }
    Complain(runs_->FinishRun(id->second, status, counts,
                              view.status.ok() ? "" : view.status.ToString()));
  }

 private:
  void Complain(const Status& status) const {
    if (!status.ok()) {
      log_(LogLevel::kWarning, "the run is not written down: " + status.ToString());
    }
  }

  const MaterializeRequest& request_;
  RunRecorder* const runs_;
  const LogSink& log_;
  std::map<const ViewVersion*, std::int64_t> ids_;
};

// One carrier for each group; the statuses of those that were not carried.
class OneBatch {
 public:
  OneBatch(OnlineStore& store, const MaterializeRequest& request, const MaterializeTools& tools,
           const Context& context)
      : store_(store), request_(request), context_(context), journal_(request, tools, context.log) {
    for (Versions& versions : ByData(request.versions)) {
      carriers_.push_back(
          std::make_unique<DataCarrier>(store, std::move(versions), request.carry, tools));
    }
    statuses_.resize(carriers_.size());
  }

  Materialized Run(TimeMicros clock) {
    Context of_run = context_;
    of_run.clock = std::make_shared<FixedClock>(clock);  // one clock for the whole run (rule 3.5)
    bool cancelled = false;
    for (std::size_t i = 0; i < carriers_.size(); ++i) {
      journal_.Start(carriers_[i]->versions());
      statuses_[i] =
          cancelled ? Status::Cancelled("stopped on request") : carriers_[i]->Carry(clock, of_run);
      cancelled = cancelled || statuses_[i].code() == StatusCode::kCancelled;
    }
    return Finish(cancelled ? Status::Cancelled("stopped on request") : Commit());
  }

 private:
  // All that were sealed, as one batch.
  Status Commit() {
    std::vector<FactLoad*> loads;
    std::vector<LoadCommit> commits;
    for (const auto& carrier : carriers_) {
      if (carrier->load() == nullptr) continue;
      loads.push_back(carrier->load());
      commits.push_back(carrier->commit());
    }
    if (loads.empty()) return {};
    COEVAL_ASSIGN_OR_RETURN(committed_, store_.CommitTogether(loads, commits));
    return {};
  }

  Materialized Finish(const Status& commit) {
    std::map<const ViewVersion*, MaterializedView> outcomes;
    Materialized result;
    result.committed = committed_;
    for (std::size_t i = 0; i < carriers_.size(); ++i) {
      const DataCarrier& carrier = *carriers_[i];
      const Status status = statuses_[i].ok() ? commit : statuses_[i];
      for (const auto& version : carrier.versions()) {
        MaterializedView view;
        view.version = version;
        view.status = status.WithContext(NameOf(*version));
        view.counts = carrier.counts();
        view.load = carrier.summary();
        view.watermark = store_.Progress(*version).watermark;
        view.unchanged = carrier.unchanged();
        view.empty = carrier.empty();
        journal_.Finish(view);
        if (result.status.ok()) result.status = view.status;
        outcomes.emplace(version.get(), std::move(view));
      }
    }
    for (const auto& version : request_.versions) {
      result.views.push_back(outcomes.at(version.get()));
    }
    return result;
  }

  OnlineStore& store_;
  const MaterializeRequest& request_;
  const Context& context_;
  Journal journal_;
  std::vector<std::unique_ptr<DataCarrier>> carriers_;
  std::vector<Status> statuses_;
  Committed committed_;
};

}  // namespace

Materialized Materialize(OnlineStore& store, const MaterializeRequest& request,
                         const MaterializeTools& tools, const Context& context) {
  Materialized refused;
  refused.status = CheckRequest(request);
  if (!refused.status.ok()) return refused;
  const Result<TimeMicros> clock = context.clock->Now();
  if (!clock.ok()) {
    refused.status = clock.status();
    return refused;
  }
  return OneBatch(store, request, tools, context).Run(*clock);
}

}  // namespace coeval
