// AddedColumns: the columns that a join adds to its left table, in the order of their schema: held
// in memory, or spilled where they are too large for that, and then read a run of rows at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "column/column.h"
#include "offline/answer_rows.h"

namespace coeval {

// Filled, then immutable; threads: any.
class AddedColumns {
 public:
  // Rows may not be asked for across a multiple of that.
  static constexpr std::int64_t kBlockRows = 1 << 16;

  // Behind those that are there, and of as many rows.
  void Add(std::vector<Column> columns);
  // The features of answers that were spilled in runs of `run_rows`.
  void Add(std::shared_ptr<const AnswerRows> answers, std::vector<ColumnSchema> schema,
           std::int64_t run_rows, const Context& context);

  // For ArrowTable::ExportWith, with kBlockRows; may be called again. Memory: a run of those that
  // are spilled. Its errors are those of the file; Cancelled.
  [[nodiscard]] ArrowTable::AddedRows Rows() const;

  // Each in one piece, of `num_rows`, which is that of all; shared where it is held. Errors also:
  // InvalidArgument where strings would pass 2 GiB.
  [[nodiscard]] Result<std::vector<Column>> Whole(std::int64_t num_rows) const;

 private:
  // What one join added.
  struct Part {
    std::vector<Column> held;
    std::shared_ptr<const AnswerRows> spilled;  // null: held
    std::vector<ColumnSchema> schema;           // of what is spilled
    std::int64_t run_rows = 0;
    Context context;
  };

  class Reader;

  std::vector<Part> parts_;
};

}  // namespace coeval
