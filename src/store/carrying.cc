// FeatureStore: materialization (rule 7.7).
#include <algorithm>
#include <utility>
#include <vector>

#include "materialize/materialize.h"
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
  return report;
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

Result<std::vector<MaterializeReport>> Carry(FeatureStore::Impl* impl, const CarryRequest& carry,
                                             const MaterializeOptions& options) {
  COEVAL_ASSIGN_OR_RETURN(CatalogueSnapshot catalogue, impl->Snapshot());
  MaterializeRequest request;
  request.carry = carry;
  request.who = CurrentUser();
  COEVAL_ASSIGN_OR_RETURN(request.versions, NamedVersionsToFeed(catalogue, options.views));
  COEVAL_ASSIGN_OR_RETURN(OnlineStore * online, impl->Online());
  RegistryRuns runs(impl->registry.get(), &impl->config);
  MaterializeTools tools;
  tools.open = OpenSourceFiles([impl](const Source& source) -> Result<std::string> {
    COEVAL_ASSIGN_OR_RETURN(BoundText location, impl->config.BindPath(source.path));
    return location.value.Reveal();
  });
  tools.runs = &runs;
  tools.progress = options.progress;
  const Materialized done = Materialize(*online, request, tools, impl->With(options.cancel));
  COEVAL_RETURN_IF_ERROR(MarkFilled(*impl, done));
  COEVAL_RETURN_IF_ERROR(impl->config.Redact(StatusOf(done)));
  COEVAL_RETURN_IF_ERROR(ActivateCaughtUp(*impl, catalogue, *online, done));
  std::vector<MaterializeReport> reports;
  for (const MaterializedView& view : done.views) reports.push_back(ReportOf(view));
  return reports;
}

}  // namespace

Result<std::vector<MaterializeReport>> FeatureStore::Materialize(
    TimeMicros start, TimeMicros end, const MaterializeOptions& options) {
  return Carry(impl_.get(), {.kind = RunKind::kRange, .start = start, .end = end}, options);
}

Result<std::vector<MaterializeReport>> FeatureStore::MaterializeIncremental(
    TimeMicros end, const MaterializeOptions& options) {
  return Carry(impl_.get(), {.kind = RunKind::kIncremental, .end = end}, options);
}

}  // namespace coeval
