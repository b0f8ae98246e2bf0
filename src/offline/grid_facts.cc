#include "offline/grid_facts.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "offline/feature_assembly.h"
#include "offline/grid_spine.h"
#include "offline/memory_plan.h"
#include "offline/spine.h"
#include "offline/spine_facts.h"
#include "offline/view_join.h"
#include "retrieval/assemble.h"

namespace coeval {
namespace {

// One batch that was made, and what was read for it.
class MadeFacts : public FactReader {
 public:
  MadeFacts(FactBatch facts, ViewSummary of) : facts_(std::move(facts)), of_(std::move(of)) {}

  Result<std::optional<FactBatch>> Next() override {
    if (given_ || facts_.num_rows == 0) return std::optional<FactBatch>();
    given_ = true;
    counts_.rows = counts_.facts = facts_.num_rows;
    return std::optional<FactBatch>(facts_);
  }

  [[nodiscard]] const FactCounts& counts() const override { return counts_; }

  [[nodiscard]] FactPieces* pieces() override { return nullptr; }

  [[nodiscard]] ScanStats stats() const override { return of_.scan; }

  [[nodiscard]] std::int64_t expected_rows() const override { return facts_.num_rows; }

  [[nodiscard]] RowPlace PlaceOf(std::size_t /*file*/, std::int64_t row) const override {
    return {.row = row};
  }

  [[nodiscard]] const SourceManifest& manifest() const override { return of_.source; }

 private:
  FactBatch facts_;
  ViewSummary of_;
  FactCounts counts_;
  bool given_ = false;
};

// A plan that asks the view beneath for these features.
FeaturePlan PlanOf(std::shared_ptr<const ViewVersion> beneath, const FactRequest& request) {
  FeaturePlan plan;
  PlannedView view;
  view.shown_name = beneath->view.name;
  for (const JoinKey& key : beneath->join_keys) {
    view.key_columns.push_back(key.name);
    plan.request_columns.push_back({key.name, key.type, "view " + beneath->view.name, true});
  }
  const std::vector<Field>& schema = beneath->view.schema;
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const bool wanted =
        std::any_of(request.features.begin(), request.features.end(),
                    [&](const ColumnSchema& feature) { return feature.name == schema[i].name; });
    if (!wanted) continue;
    plan.outputs.push_back({.name = schema[i].name,
                            .reference = beneath->view.name + ":" + schema[i].name,
                            .type = schema[i].type,
                            .on_demand = false,
                            .view = 0,
                            .position = view.features.size()});
    view.features.push_back(i);
  }
  view.version = std::move(beneath);
  plan.views.push_back(std::move(view));
  return plan;
}

TimeMicros MultipleAtOrAfter(TimeMicros t, DurationMicros every) {
  const TimeMicros rest = t % every;
  if (rest == 0) return t;
  return rest > 0 ? SaturatingAdd(t - rest, every) : t - rest;
}

TimeMicros MultipleAtOrBefore(TimeMicros t, DurationMicros every) {
  const TimeMicros rest = t % every;
  if (rest == 0) return t;
  return rest > 0 ? t - rest : SaturatingSubtract(t - rest, every);
}

// The instants of the range: from the view's first event on, until now at most.
Result<std::optional<TimeGrid>> GridOf(const FeaturePlan& plan, const FactRange& range,
                                       DurationMicros every, Known known, const OpenView& open,
                                       const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const TimeMicros now, context.clock->Now());
  const TimeMicros end = MultipleAtOrBefore(std::min(range.event_max, now), every);
  std::optional<TimeMicros> first = range.event_min;
  if (range.event_min == kMinTime) {
    COEVAL_ASSIGN_OR_RETURN(first, FirstVisibleTime(plan, end, known, open, context));
  }
  if (!first.has_value()) return std::optional<TimeGrid>();
  const TimeMicros start = MultipleAtOrAfter(*first, every);
  if (start > end) return std::optional<TimeGrid>();
  return std::optional<TimeGrid>(TimeGrid{start, end, every});
}

}  // namespace

OpenView WithGrids(OpenView open, Known known, const Context& context) {
  const OpenView source = [open = std::move(open), known](const ViewVersion& version,
                                                          FactRequest request) {
    request.hindsight = known == Known::kHindsight;
    return open(version, request);
  };
  return
      [source, known, &context](const ViewVersion& version,
                                const FactRequest& request) -> Result<std::unique_ptr<FactReader>> {
        if (version.source_view == nullptr) return source(version, request);
        return OpenGridFacts(version, request, known, source, context);
      };
}

Result<std::unique_ptr<FactReader>> OpenGridFacts(const ViewVersion& version,
                                                  const FactRequest& request, Known known,
                                                  const OpenView& open, const Context& context) {
  const FeaturePlan plan = PlanOf(version.source_view, request);
  COEVAL_ASSIGN_OR_RETURN(const std::optional<TimeGrid> grid,
                          GridOf(plan, request.range, version.view.every, known, open, context));
  FactBatch facts;
  ViewSummary summary;
  summary.source.source = version.view.source_view;
  if (!grid.has_value()) return std::unique_ptr<FactReader>(new MadeFacts(facts, summary));
  COEVAL_ASSIGN_OR_RETURN(ArrowTable table, MakeSpineFromGrid(plan, *grid, known, open, context));
  COEVAL_ASSIGN_OR_RETURN(const Spine spine, ReadSpine(std::move(table), plan, kFactTimeColumn));
  const auto n = static_cast<std::int64_t>(spine.times.size());
  facts.num_rows = n;
  facts.keys = spine.request;
  std::vector<TimeMicros> times = spine.times;
  facts.event_time = Column::FixedWidth(TypeId::kTimestamp, n, MakeBuffer(std::move(times)));
  facts.created_time = facts.sequence = facts.deleted = Column::Nulls(TypeId::kNull, n);
  TrainingSetOptions options;
  options.known = known;
  COEVAL_ASSIGN_OR_RETURN(const MemoryPlan memory, MemoryPlan::Make(plan, spine, context));
  std::shared_ptr<ScratchFile> scratch;
  ViewJoin join(plan, spine, options, open, memory, &scratch, context);
  std::vector<std::unique_ptr<AnswerRows>> answers;
  COEVAL_ASSIGN_OR_RETURN(answers.emplace_back(), join.Run(plan.views[0], &summary));
  COEVAL_ASSIGN_OR_RETURN(
      const AssembledBlocks made,
      AssembleBlocks(plan, spine, answers, {.run_rows = memory.run_rows(), .spill = nullptr},
                     context));
  for (const ColumnSchema& feature : request.features) {
    const auto output =
        std::find_if(plan.outputs.begin(), plan.outputs.end(),
                     [&feature](const PlannedOutput& of) { return of.name == feature.name; });
    COEVAL_CHECK(output != plan.outputs.end());
    COEVAL_ASSIGN_OR_RETURN(
        facts.features.emplace_back(),
        made.features.Whole(static_cast<std::size_t>(output - plan.outputs.begin())));
  }
  return std::unique_ptr<FactReader>(new MadeFacts(std::move(facts), std::move(summary)));
}

}  // namespace coeval
