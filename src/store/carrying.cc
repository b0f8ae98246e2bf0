// FeatureStore: materialization (rule 7.7), and the online data made again.
#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "definition/push_reach.h"
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

// Where sources lie is bound when they are opened. Borrows `impl`.
LocateSource LocatorOf(FeatureStore::Impl* impl) {
  return [impl](const Source& source) -> Result<std::string> {
    COEVAL_ASSIGN_OR_RETURN(BoundText location, impl->config.BindPath(source.path));
    return location.value.Reveal();
  };
}

// What was dropped and would have to be carried: what a question from the horizon on can reach.
Status CheckWhole(const LoggedPushes& pushed, const ViewVersion& version, TimeMicros horizon,
                  std::optional<TimeMicros> watermark) {
  if (!pushed.dropped) return {};
  const bool carried_before =
      watermark && pushed.dropped->last_c < SaturatingSubtract(*watermark, version.source.overlap);
  if (carried_before) return {};
  FactRange range;
  if (const auto reach = ReachOf(version)) range.event_min = SaturatingSubtract(horizon, *reach);
  return CheckNotDropped(pushed, range, ReferenceOf(version));
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
  tools.open = OpenSources(LocatorOf(impl), [impl, &store](const ViewVersion& version) {
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

// The versions whose data are made again: those that are named, or all that are fed or hold data,
// and all that share data with one of them.
Result<SharedViewVersions> VersionsToRebuild(const CatalogueSnapshot& catalogue,
                                             const OnlineStore& online,
                                             const std::vector<std::string>& references) {
  COEVAL_ASSIGN_OR_RETURN(const SharedViewVersions fed, NamedVersionsToFeed(catalogue, references));
  std::set<std::string> wanted;
  for (const auto& version : fed) wanted.insert(version->data_identity);
  if (references.empty()) {
    for (const auto& view : online.Stats().views) wanted.insert(view.data_identity);
  }
  SharedViewVersions versions;
  for (const auto& [name, of_view] : catalogue->views) {
    for (const ViewVersion& version : of_view) {
      const bool online_view = version.view.is_served_online();
      if (online_view && wanted.contains(version.data_identity)) {
        versions.emplace_back(catalogue, &version);
      }
    }
  }
  return versions;
}

// Event times that runs over this data were asked for, by the registry.
Result<std::vector<EventRange>> RangesOfRuns(Registry& registry, const Catalogue& catalogue,
                                             const ViewVersion& of_data) {
  const std::string& name = of_data.view.name;
  COEVAL_ASSIGN_OR_RETURN(
      const std::vector<Run> runs,
      registry.ListRuns({.view = name, .kind = "", .limit = std::numeric_limits<int>::max()}));
  std::set<int> sharing;
  for (const ViewVersion& version : catalogue.views.at(name)) {
    if (version.data_identity == of_data.data_identity) sharing.insert(version.version);
  }
  std::vector<EventRange> ranges;
  for (const Run& run : runs) {
    const bool carried = run.kind == "materialize" || run.kind == "materialize_incremental";
    // Whatever became of it: one that committed may have been killed before it was written down.
    if (!carried || !run.interval_end || !sharing.contains(run.version)) continue;
    ranges.push_back({run.interval_start.value_or(kMinTime), *run.interval_end});
  }
  return ranges;
}

// A view that holds nothing is left alone: what its runs carried went with a store that was lost,
// and the next materialization brings it back.
Result<CarriedBefore> CarriedIn(FeatureStore::Impl* impl, const Catalogue& catalogue,
                                const OnlineStore& online, const SharedViewVersions& versions) {
  const std::string& identity = versions.front()->data_identity;
  const std::vector<OnlineStats::View> stored = online.Stats().views;
  const auto data = std::find_if(stored.begin(), stored.end(),
                                 [&](const auto& view) { return view.data_identity == identity; });
  if (data == stored.end()) return CarriedBefore();
  COEVAL_ASSIGN_OR_RETURN(std::vector<EventRange> ranges,
                          RangesOfRuns(*impl->registry, catalogue, *versions.front()));
  return CarriedBefore{.watermark = data->progress.watermark, .ranges = std::move(ranges)};
}

std::vector<MaterializeReport> RebuildReports(const Materialized& done) {
  std::vector<MaterializeReport> reports;
  for (const MaterializedView& view : done.views) {
    reports.push_back(ReportOf(view));
    if (view.empty) reports.back().detail = "holds no data";
  }
  return reports;
}

Result<std::vector<MaterializeReport>> RebuildHere(FeatureStore::Impl* impl, OpenedStore& store,
                                                   const MaterializeOptions& options) {
  COEVAL_ASSIGN_OR_RETURN(const CatalogueSnapshot catalogue, impl->Snapshot());
  MaterializeRequest request;
  request.carry.kind = RunKind::kRebuild;
  request.who = CurrentUser();
  COEVAL_ASSIGN_OR_RETURN(request.versions,
                          VersionsToRebuild(catalogue, *store.online, options.views));
  RegistryRuns runs(impl->registry.get(), &impl->config);
  MaterializeTools tools;
  tools.open =
      OpenSources(LocatorOf(impl), [&](const ViewVersion& version) -> Result<LoggedPushes> {
        COEVAL_ASSIGN_OR_RETURN(LoggedPushes pushed,
                                impl->PushedHere(store, version, /*hindsight=*/false));
        COEVAL_RETURN_IF_ERROR(
            CheckWhole(pushed, version, store.online->horizon(), /*watermark=*/std::nullopt));
        return pushed;
      });
  tools.runs = &runs;
  tools.progress = options.progress;
  tools.carried = [&](const SharedViewVersions& versions) {
    return CarriedIn(impl, *catalogue, *store.online, versions);
  };
  const Materialized done = Materialize(*store.online, request, tools, impl->With(options.cancel));
  COEVAL_RETURN_IF_ERROR(impl->config.Redact(StatusOf(done)));
  // What a reader still held when they were replaced goes now, or with a later flush.
  static_cast<void>(store.online->Flush());
  return RebuildReports(done);
}

}  // namespace

// A version that was applied, or made active again, after a push was not fed with it: then that is
// carried from the log. Once a run has carried all from before, what is missing is of since then.
Result<LoggedPushes> FeatureStore::Impl::PushesToCarry(OpenedStore& store,
                                                       const ViewVersion& version) {
  COEVAL_ASSIGN_OR_RETURN(LoggedPushes pushed, PushedHere(store, version, /*hindsight=*/false));
  const std::optional<TimeMicros> watermark = store.online->Progress(version).watermark;
  COEVAL_RETURN_IF_ERROR(CheckWhole(pushed, version, store.online->horizon(), watermark));
  if (!watermark.has_value()) return pushed;
  const TimeMicros since = SaturatingSubtract(*watermark, version.source.overlap);
  std::erase_if(pushed.batches, [&](const LogBatch& batch) {
    const auto fed = std::find(batch.fed.begin(), batch.fed.end(), version.data_identity);
    return fed != batch.fed.end() || batch.c < since;
  });
  return pushed;
}

Result<std::vector<MaterializeReport>> FeatureStore::RebuildOnline(
    const MaterializeOptions& options) {
  return impl_->AtStore<std::vector<MaterializeReport>>(
      [&](OpenedStore& store) { return RebuildHere(impl_.get(), store, options); },
      [&](StoreOwner& owner) { return owner.RebuildOnline(options); });
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
