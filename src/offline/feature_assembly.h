// FeatureAssembly: from what the views answered to the features of a training set (retrieval's
// AssembleFeatures), a run of rows at a time, the blocks of a run by all threads.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "io/scratch_file.h"
#include "offline/answer_rows.h"
#include "offline/feature_blocks.h"
#include "offline/spine.h"
#include "offline/training_set.h"
#include "retrieval/feature_plan.h"

namespace coeval {

struct AssemblyOptions {
  std::int64_t run_rows = FeatureBlocks::kRows;  // a multiple of that
  bool details = false;                          // keep statuses and times
  std::shared_ptr<ScratchFile> spill;            // null: the features stay in memory
};

struct AssembledBlocks {
  FeatureBlocks features;
  std::vector<FeatureSummary> summary;  // one for each feature
};

// `answers`: one for each view of the plan. Errors: those of the answers and of the file;
// Cancelled. Cost: O(outputs x rows); memory for a run.
Result<AssembledBlocks> AssembleBlocks(const FeaturePlan& plan, const Spine& spine,
                                       std::span<const std::unique_ptr<AnswerRows>> answers,
                                       const AssemblyOptions& options, const Context& context);

}  // namespace coeval
