// RowSpill: columns of numbered rows that do not fit into memory. They are added in any order, as
// they are found, and read back in order, a run of consecutive rows at a time.
//
//   runs of 4    Add({7, 2}, (x, y))   Add({0}, (z))      Read(0)   z, null, y, null
//                                                         Read(1)   null, null, null, x
//
// What is added is held until it is worth a write; then it goes to the file as one segment for each
// run. So a run is read from as many places as there were writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "column/column.h"
#include "io/scratch_file.h"
#include "offline/spilled_column.h"

namespace coeval {

struct RowSpillOptions {
  std::int64_t num_rows = 0;
  std::int64_t run_rows = 0;    // > 0, < 2^31
  std::int64_t held_bytes = 0;  // so many before they are written
};

class RowSpill {
 public:
  // `file` must outlive this.
  RowSpill(std::vector<ColumnSchema> schema, RowSpillOptions options, ScratchFile* file);

  // One column for each of the schema, each of rows.size(); a row is added once. Threads: any.
  // Errors: those of the file; Cancelled.
  Status Add(std::vector<std::uint32_t> rows, std::vector<Column> columns, const Context& context);
  // After all rows.
  Status Finish(const Context& context);

  // The rows of a run in order, null where none was added. After Finish(); threads: any.
  [[nodiscard]] Result<std::vector<Column>> Read(std::size_t run, const Context& context) const;

 private:
  struct Added {
    std::vector<std::uint32_t> rows;
    std::vector<Column> columns;
  };

  // Rows of one run; `rows` counts from its first one.
  struct Segment {
    SpilledColumn rows;
    std::vector<SpilledColumn> columns;
  };

  Status Write(const std::vector<Added>& added, const Context& context);

  std::vector<ColumnSchema> schema_;
  RowSpillOptions options_;
  ScratchFile* file_;
  std::mutex mutex_;
  std::vector<Added> held_;
  std::int64_t held_bytes_ = 0;
  std::vector<std::vector<Segment>> runs_;
};

}  // namespace coeval
