#include "offline/training_set.h"

#include <memory>
#include <optional>
#include <utility>

#include "offline/feature_assembly.h"
#include "offline/grid_facts.h"
#include "offline/grid_spine.h"
#include "offline/invalid_values.h"
#include "offline/memory_plan.h"
#include "offline/spine_facts.h"
#include "offline/training_set_manifest.h"
#include "offline/view_join.h"
#include "offline/why_nothing.h"
#include "source/writer.h"

namespace coeval {
namespace {

Status CheckOffline(const FeaturePlan& plan) {
  for (const PlannedView& view : plan.views) {
    if (view.version->view.offline) continue;
    return Status::InvalidArgument("view '" + view.shown_name +
                                   "' is declared with offline=False: it takes no part in "
                                   "training sets");
  }
  return Status::Ok();
}

// Makes one training set. Borrows all that it is given.
class Maker {
 public:
  Maker(const FeaturePlan& plan, const TrainingSetOptions& options, const OpenView& open,
        const Context& context)
      : plan_(plan), options_(options), open_(open), context_(context) {}

  Result<TrainingSet> Run(ArrowTable table, const SpineOrigin& origin) {
    COEVAL_RETURN_IF_ERROR(CheckOffline(plan_));
    set_.known = options_.known;
    COEVAL_ASSIGN_OR_RETURN(set_.spine, ReadSpine(std::move(table), plan_, options_.time_column));
    COEVAL_ASSIGN_OR_RETURN(const MemoryPlan memory, MemoryPlan::Make(plan_, set_.spine, context_));
    std::shared_ptr<ScratchFile> scratch;  // of this set, where something is spilled
    ViewJoin join(plan_, set_.spine, options_, open_, memory, &scratch, context_);
    std::vector<std::unique_ptr<AnswerRows>> answers;
    for (const PlannedView& view : plan_.views) {
      COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<AnswerRows> of_view,
                              join.Run(view, &set_.views.emplace_back()));
      answers.push_back(std::move(of_view));
    }
    for (const PlannedOutput& output : plan_.outputs) set_.schema.Add(output.name, output.type);
    COEVAL_ASSIGN_OR_RETURN(AssembledBlocks assembled,
                            AssembleBlocks(plan_, set_.spine, answers,
                                           {.run_rows = memory.run_rows(),
                                            .details = options_.details,
                                            .spill = memory.spills() ? scratch : nullptr},
                                           context_));
    answers.clear();
    COEVAL_RETURN_IF_ERROR(CheckInvalid(assembled.features.invalid_count(),
                                        assembled.features.first_errors(), options_.on_invalid));
    set_.features = std::make_shared<const FeatureBlocks>(std::move(assembled.features));
    set_.summary = std::move(assembled.summary);
    COEVAL_RETURN_IF_ERROR(Warn(&join));
    COEVAL_ASSIGN_OR_RETURN(set_.manifest,
                            MakeTrainingSetManifest(plan_, options_, set_, origin, context_));
    return std::move(set_);
  }

 private:
  // Why a stored feature has no value anywhere.
  Result<std::string> Reason(std::size_t view, ViewJoin* join) {
    const AsOfCounts& counts = set_.views[view].counts;
    if (counts.found > 0) {
      return "it is null in the source wherever a fact was found (" + std::to_string(counts.found) +
             " of " + std::to_string(set_.num_rows()) + " rows)";
    }
    if (counts.deleted > 0) return std::string("its facts were deleted");
    std::optional<std::string>& reason = reasons_[view];
    if (!reason.has_value()) {
      COEVAL_ASSIGN_OR_RETURN(const QuestionIndex* index, join->IndexFor(plan_.views[view]));
      COEVAL_ASSIGN_OR_RETURN(reason, WhyNothing(plan_, plan_.views[view], set_.spine, *index,
                                                 options_.known, open_, context_));
    }
    return *reason;
  }

  Status Warn(ViewJoin* join) {
    reasons_.resize(plan_.views.size());
    if (set_.num_rows() == 0) return Status::Ok();
    for (std::size_t i = 0; i < plan_.outputs.size(); ++i) {
      if (set_.summary[i].present > 0) continue;
      const PlannedOutput& output = plan_.outputs[i];
      std::string reason = "its expression gave no value in any row";
      if (!output.on_demand) {
        COEVAL_ASSIGN_OR_RETURN(reason, Reason(output.view, join));
      }
      set_.warnings.push_back("feature '" + output.name + "' has no value in any of " +
                              std::to_string(set_.num_rows()) + " rows: " + reason);
    }
    return Status::Ok();
  }

  const FeaturePlan& plan_;
  const TrainingSetOptions& options_;
  const OpenView& open_;
  const Context& context_;
  TrainingSet set_;
  std::vector<std::optional<std::string>> reasons_;  // per view, found once
};

// For a spine that was made from facts.
TrainingSetOptions OfFacts(TrainingSetOptions options) {
  options.time_column = kFactTimeColumn;
  return options;
}

}  // namespace

Result<ArrowArrayStream> TrainingSet::Export(std::int64_t batch_rows) const {
  return spine.table.ExportWith(schema, RowsOf(features), batch_rows, FeatureBlocks::kRows);
}

Result<WrittenFile> WriteTrainingSet(const TrainingSet& set, const std::string& path,
                                     const Context& context) {
  WriteOptions options;
  COEVAL_ASSIGN_OR_RETURN(options.format, FormatOfName(path));
  options.metadata = {{"coeval.training_set", set.manifest.Write()}};
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream rows, set.Export());
  return WriteTable(&rows, path, options, context);
}

Result<TrainingSet> MakeTrainingSet(const FeaturePlan& plan, ArrowTable spine,
                                    const TrainingSetOptions& options, const OpenView& open,
                                    const Context& context) {
  const OpenView all = WithGrids(open, options.known, context);
  return Maker(plan, options, all, context).Run(std::move(spine), {});
}

Result<TrainingSet> MakeTrainingSet(const FeaturePlan& plan, TimeRange range,
                                    const TrainingSetOptions& options, const OpenView& open,
                                    const Context& context) {
  const OpenView all = WithGrids(open, options.known, context);
  COEVAL_ASSIGN_OR_RETURN(ArrowTable spine,
                          MakeSpineFromFacts(plan, range, options.known, all, context));
  const TrainingSetOptions of_facts = OfFacts(options);
  return Maker(plan, of_facts, all, context).Run(std::move(spine), range);
}

Result<TrainingSet> MakeTrainingSet(const FeaturePlan& plan, const TimeGrid& grid,
                                    const TrainingSetOptions& options, const OpenView& open,
                                    const Context& context) {
  const OpenView all = WithGrids(open, options.known, context);
  COEVAL_ASSIGN_OR_RETURN(ArrowTable spine,
                          MakeSpineFromGrid(plan, grid, options.known, all, context));
  const TrainingSetOptions of_facts = OfFacts(options);
  return Maker(plan, of_facts, all, context).Run(std::move(spine), grid);
}

}  // namespace coeval
