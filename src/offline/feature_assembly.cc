#include "offline/feature_assembly.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "offline/work_items.h"
#include "retrieval/per_row.h"

namespace coeval {
namespace {

struct StatusCounts {
  std::int64_t expired = 0;
  std::int64_t not_found = 0;
  std::int64_t invalid = 0;
  std::int64_t present = 0;
};

StatusCounts Count(const PerRow<FeatureStatus>& statuses) {
  StatusCounts counts;
  for (const FeatureStatus status : statuses) {
    counts.expired += status == FeatureStatus::kOutsideMaxAge ? 1 : 0;
    counts.not_found += status == FeatureStatus::kNotFound ? 1 : 0;
    counts.invalid += status == FeatureStatus::kInvalid ? 1 : 0;
    counts.present += status == FeatureStatus::kPresent ? 1 : 0;
  }
  return counts;
}

// Of each feature; neighbours that share their statuses are counted once.
std::vector<StatusCounts> CountsOf(const FeatureTable& table) {
  std::vector<StatusCounts> counts;
  counts.reserve(table.statuses.size());
  for (std::size_t i = 0; i < table.statuses.size(); ++i) {
    const bool shared = i > 0 && table.statuses[i].Shares(table.statuses[i - 1]);
    counts.push_back(shared ? counts.back() : Count(table.statuses[i]));
  }
  return counts;
}

void Add(const Column& column, const StatusCounts& counts, FeatureSummary* summary) {
  summary->nulls += column.CountNulls();
  summary->expired += counts.expired;
  summary->not_found += counts.not_found;
  summary->invalid += counts.invalid;
  summary->present += counts.present;
}

// Borrows all; one use.
class Assembly {
 public:
  Assembly(const FeaturePlan& plan, const Spine& spine, const AssemblyOptions& options,
           const Context& context)
      : plan_(plan), spine_(spine), context_(context) {
    Schema schema;
    for (const PlannedOutput& output : plan.outputs) {
      schema.Add(output.name, output.type);
      out_.summary.push_back(
          {.name = output.name, .reference = output.reference, .type = output.type});
    }
    out_.features =
        FeatureBlocks(std::move(schema), std::ssize(spine.times), options.details, options.spill);
  }

  Result<AssembledBlocks> Run(std::span<const std::unique_ptr<AnswerRows>> answers,
                              std::int64_t run_rows) {
    const auto blocks_of_run = static_cast<std::size_t>(run_rows / FeatureBlocks::kRows);
    const std::size_t blocks = out_.features.size();
    for (std::size_t run = 0; run * blocks_of_run < blocks; ++run) {
      std::vector<AnswerRun> of_run;
      for (const auto& view : answers) {
        COEVAL_ASSIGN_OR_RETURN(AnswerRun read, view->Read(run, run_rows, context_));
        of_run.push_back(std::move(read));
      }
      const std::size_t first = run * blocks_of_run;
      COEVAL_RETURN_IF_ERROR(RunItems(context_.threads, std::min(blocks_of_run, blocks - first),
                                      *context_.cancel,
                                      [&](std::size_t /*worker*/, std::size_t item) {
                                        return MakeBlock(of_run, item, first + item);
                                      }));
    }
    return std::move(out_);
  }

 private:
  // The block `number`, the `in_run`th of its run.
  Status MakeBlock(std::span<const AnswerRun> run, std::size_t in_run, std::size_t number) {
    const std::int64_t rows = out_.features.rows(number);
    const std::int64_t first = static_cast<std::int64_t>(number) * FeatureBlocks::kRows;
    std::vector<ViewAnswers> answers;
    for (const AnswerRun& view : run) {
      answers.push_back(SliceAnswers(
          *view.answers, view.first + static_cast<std::int64_t>(in_run) * FeatureBlocks::kRows,
          rows));
    }
    std::vector<Column> request;
    for (const Column& column : spine_.request) request.push_back(column.Slice(first, rows));
    const auto times =
        std::span(spine_.times)
            .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(rows));
    COEVAL_ASSIGN_OR_RETURN(FeatureTable table,
                            AssembleFeatures(plan_, answers, request, rows, times, first));
    const std::vector<StatusCounts> counts = CountsOf(table);
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < out_.summary.size(); ++i) {
        Add(table.columns[i], counts[i], &out_.summary[i]);
      }
    }
    return out_.features.Put(number, std::move(table));
  }

  const FeaturePlan& plan_;
  const Spine& spine_;
  const Context& context_;
  std::mutex mutex_;
  AssembledBlocks out_;  // its summary is guarded by mutex_
};

}  // namespace

Result<AssembledBlocks> AssembleBlocks(const FeaturePlan& plan, const Spine& spine,
                                       std::span<const std::unique_ptr<AnswerRows>> answers,
                                       const AssemblyOptions& options, const Context& context) {
  return Assembly(plan, spine, options, context).Run(answers, options.run_rows);
}

}  // namespace coeval
