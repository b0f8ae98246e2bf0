// FeatureStore: materialization (rule 7.7).
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "log/log_batch.h"
#include "materialize/materialize.h"
#include "source/pushed_facts.h"
#include "store/catalogue_lookup.h"
#include "store/store_core.h"

namespace coeval {
namespace {

// Writes runs into the registry, without what is secret.
class RegistryRuns final : public RunRecorder {
 public:
  RegistryRuns(Registry* registry, const Config* config) : registry_(registry), config_(config) {}

  Result<std::int64_t> StartRun(const Run& run) override { return registry_->StartRun(run); }

  Status FinishRun(std::int64_t id, RunStatus status, const RunCounts& counts,
                   const std::string& error) override {
    return registry_->FinishRun(id, status, counts, config_->Redact(error));
  }

 private:
  Registry* registry_;
  const Config* config_;
};

std::string ReferenceOf(const ViewVersion& version) {
  return version.view.name + "@v" + std::to_string(version.version);
}

MaterializeReport ReportOf(const MaterializedView& view) {
  MaterializeReport report;
  report.view = ReferenceOf(*view.version);
  report.rows_read = view.counts.rows;
  report.rows_written = view.load.facts_written;
  report.rows_refused = view.counts.null_keys + view.counts.bad_times + view.counts.too_far_ahead;
  report.watermark = view.watermark.value_or(kMinTime);
  if (view.unchanged) report.detail = "source unchanged";
  if (view.load.rows_too_late > 0) {
    report.detail = std::to_string(view.load.rows_too_late) + " too late for any window";
  }
  return report;
}

// A report of each version, in order; `done` has those with files to carry from.
std::vector<MaterializeReport> ReportsOf(const SharedViewVersions& fed, const Materialized& done) {
  std::vector<MaterializeReport> reports;
  std::size_t next = 0;
  for (const auto& version : fed) {
    if (version->pushed_alone()) {
      MaterializeReport report;
      report.view = ReferenceOf(*version);
      report.detail = "fed by pushes alone";
      reports.push_back(std::move(report));
    } else {
      reports.push_back(ReportOf(done.views[next++]));
    }
  }
  return reports;
}

// Rule 8.5: a newer version becomes active once its watermark has reached the active one's.
Status ActivateCaughtUp(const FeatureStore::Impl& impl, const CatalogueSnapshot& catalogue,
                        const OnlineStore& online, const Materialized& done) {
  for (const MaterializedView& view : done.views) {
    const ViewVersion& version = *view.version;
    const int active = ActiveVersionOf(*catalogue, ObjectKind::kFeatureView, version.view.name);
    if (active == 0 || version.version <= active) continue;
    COEVAL_ASSIGN_OR_RETURN(const ViewVersion* old, catalogue->FindView(version.view.name, active));
    const auto reached = online.Progress(version).watermark;
    const auto needed = online.Progress(*old).watermark;
    if (!reached || (needed && *reached < *needed)) continue;
    COEVAL_RETURN_IF_ERROR(
        impl.registry->ActivateWhenCaughtUp(version.view.name, version.version, CurrentUser())
            .status());
  }
  return {};
}

// Rule 8.5: an active version with data counts as served, asked or not, so that an apply never
// puts an empty one in its place.
Status MarkFilled(const FeatureStore::Impl& impl, const Materialized& done) {
  for (const MaterializedView& view : done.views) {
    if (!view.version->active || !view.status.ok()) continue;
    COEVAL_RETURN_IF_ERROR(impl.registry->MarkServed(
        ObjectKind::kFeatureView, view.version->view.name, view.version->version));
  }
  return {};
}

// What went wrong with each view, a line each, and what was carried all the same.
Status StatusOf(const Materialized& done) {
  if (done.status.ok() || done.status.code() == StatusCode::kCancelled) return done.status;
  std::string failed;
  std::string carried;
  for (const MaterializedView& view : done.views) {
    if (!view.status.ok()) {
      failed += (failed.empty() ? "" : "\n") + view.status.message();
    } else {
      carried += (carried.empty() ? "" : ", ") + ReferenceOf(*view.version) + " (" +
                 std::to_string(view.load.facts_written) + " rows written)";
    }
  }
  if (failed.empty()) return done.status;  // of the run as a whole
  if (!carried.empty() && done.committed.c != kMinTime) {
    failed += "\ncarried all the same: " + carried;
  }
  return {done.status.code(), std::move(failed)};
}

Result<std::vector<MaterializeReport>> CarryHere(FeatureStore::Impl* impl, OpenedStore& store,
                                                 const CarryRequest& carry,
                                                 const MaterializeOptions& options) {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, impl->Snapshot());
  MaterializeRequest request;
  request.carry = carry;
  request.who = CurrentUser();
  COEVAL_ASSIGN_OR_RETURN(const SharedViewVersions fed,
                          NamedVersionsToFeed(catalogue, options.views));
  std::copy_if(fed.begin(), fed.end(), std::back_inserter(request.versions),
               [](const auto& version) { return !version->pushed_alone(); });
  if (request.versions.empty()) return ReportsOf(fed, {});
  RegistryRuns runs(impl->registry.get(), &impl->config);
  MaterializeTools tools;
  const LocateSource locate = [impl](const Source& source) -> Result<std::string> {
    COEVAL_ASSIGN_OR_RETURN(BoundText location, impl->config.BindPath(source.path));
    return location.value.Reveal();
  };
  tools.open = OpenSources(locate, [impl, &store](const ViewVersion& version) {
    return impl->PushesToCarry(store, version);
  });
  tools.runs = &runs;
  tools.progress = options.progress;
  const Materialized done = Materialize(*store.online, request, tools, impl->With(options.cancel));
  COEVAL_RETURN_IF_ERROR(MarkFilled(*impl, done));
  COEVAL_RETURN_IF_ERROR(impl->config.Redact(StatusOf(done)));
  COEVAL_RETURN_IF_ERROR(ActivateCaughtUp(*impl, catalogue, *store.online, done));
  return ReportsOf(fed, done);
}

Result<std::vector<MaterializeReport>> Carry(FeatureStore::Impl* impl, const CarryRequest& carry,
                                             const MaterializeOptions& options) {
  return impl->AtStore<std::vector<MaterializeReport>>(
      [&](OpenedStore& store) { return CarryHere(impl, store, carry, options); },
      [&](StoreOwner& owner) {
        const bool whole = carry.kind == RunKind::kRange;
        return owner.Materialize(whole ? std::optional<TimeMicros>(carry.start) : std::nullopt,
                                 carry.end, options);
      });
}

}  // namespace

// A version that was applied, or made active again, after a push was not fed with it: then that is
// carried from the log. Once a run has carried all from before, what is missing is of since then.
Result<LoggedPushes> FeatureStore::Impl::PushesToCarry(OpenedStore& store,
                                                       const ViewVersion& version) {
  COEVAL_ASSIGN_OR_RETURN(LoggedPushes pushed, PushedHere(store, version, /*hindsight=*/false));
  const std::optional<TimeMicros> watermark = store.online->Progress(version).watermark;
  if (!watermark.has_value()) return pushed;
  const TimeMicros since = SaturatingSubtract(*watermark, version.source.overlap);
  std::erase_if(pushed.batches, [&](const LogBatch& batch) {
    const auto fed = std::find(batch.fed.begin(), batch.fed.end(), version.data_identity);
    return fed != batch.fed.end() || batch.c < since;
  });
  return pushed;
}

Result<std::vector<MaterializeReport>> FeatureStore::Materialize(
    TimeMicros start, TimeMicros end, const MaterializeOptions& options) {
  return Carry(impl_.get(), {.kind = RunKind::kRange, .start = start, .end = end}, options);
}

Result<std::vector<MaterializeReport>> FeatureStore::MaterializeIncremental(
    TimeMicros end, const MaterializeOptions& options) {
  return Carry(impl_.get(), {.kind = RunKind::kIncremental, .end = end}, options);
}

}  // namespace coeval
