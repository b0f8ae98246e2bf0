// MemoryPlan: what a training set, or a join of files, may take of the process's memory, estimated
// before it is made: whether its features are held or spilled, and in how many parts the keys of a
// view are joined.
//
//   1 M rows, 10 doubles, budget 2 GiB     held, each view joined at once
//   20 M rows, 10 doubles, budget 2 GiB    spilled, joined in 2 parts of the keys
//
// Estimates err on the side of too much; the answers are the same whatever is decided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/memory_ledger.h"
#include "base/status.h"
#include "column/batch.h"
#include "column/type.h"
#include "offline/feature_blocks.h"
#include "offline/row_spill.h"
#include "offline/spine.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// What the join of one view takes, as far as its types tell.
struct JoinSize {
  std::vector<DataType> keys;
  std::vector<ColumnSchema> features;  // of the answers
  std::vector<ColumnSchema> inputs;    // of an aggregated view: the columns of an event
  bool aggregated = false;
  bool in_pieces =
      false;  // values are read at the end, and spilled as they are read (parts_join.h)
};

JoinSize SizeOf(const PlannedView& view);

// All that is joined to a spine.
struct SetSize {
  std::int64_t rows = 0;
  std::int64_t spine_bytes = 0;     // what is held of a row of the spine
  std::int64_t computed_bytes = 0;  // features that no view answers, of a row
  std::vector<JoinSize> joins;
};

// Immutable; threads: any. Its share of the budget is taken as long as it lives.
class MemoryPlan {
 public:
  // Errors: InvalidArgument from 2^31 rows on.
  static Result<MemoryPlan> Make(const FeaturePlan& plan, const Spine& spine,
                                 const Context& context);
  static Result<MemoryPlan> Make(const SetSize& size, const Context& context);
  // For what is held whatever it takes.
  static MemoryPlan Unbounded();

  // Are answers and features spilled?
  [[nodiscard]] bool spills() const { return spills_; }

  // Into so many parts is a view that is not aggregated cut.
  [[nodiscard]] std::size_t PartsOf(const JoinSize& join) const;
  // The same of an aggregated view, of whose source so many events are of keys of the spine.
  [[nodiscard]] std::size_t PartsOf(const JoinSize& join, std::int64_t events) const;

  // How many rows are assembled at a time: a multiple of FeatureBlocks::kRows.
  [[nodiscard]] std::int64_t run_rows() const { return run_rows_; }

  [[nodiscard]] RowSpillOptions spill_options() const;

 private:
  MemoryPlan() = default;

  std::int64_t rows_ = 0;
  std::int64_t working_bytes_ = 0;  // for the join of one view
  std::int64_t run_rows_ = FeatureBlocks::kRows;
  bool spills_ = false;
  MemoryLedger::Share share_;
};

// What a row of these columns takes, about.
std::int64_t RowBytes(std::span<const ColumnSchema> columns);

}  // namespace coeval
