// FeatureBlocks: the features of a training set, in blocks of consecutive rows, in memory or, where
// they are too large for that, in a scratch file. What is written or shown is read a block at a
// time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "column/column.h"
#include "io/scratch_file.h"
#include "offline/spilled_column.h"
#include "retrieval/assemble.h"

namespace coeval {

// Filled once, block by block; then immutable, threads: any.
class FeatureBlocks {
 public:
  static constexpr std::int64_t kRows = 1 << 16;  // of every block but the last

  FeatureBlocks() = default;
  // `details`: keep statuses and times as well. `spill`: where the columns go; null = in memory.
  FeatureBlocks(Schema schema, std::int64_t num_rows, bool details,
                std::shared_ptr<ScratchFile> spill);

  [[nodiscard]] const Schema& schema() const { return schema_; }

  [[nodiscard]] std::int64_t num_rows() const { return num_rows_; }

  [[nodiscard]] std::size_t size() const { return blocks_.size(); }

  [[nodiscard]] std::int64_t rows(std::size_t block) const;

  // Each block once, by any number of threads. Errors: those of the file.
  Status Put(std::size_t block, FeatureTable table);

  // One column for each feature, or one of them. Errors: those of the file.
  [[nodiscard]] Result<std::vector<Column>> Columns(std::size_t block) const;
  [[nodiscard]] Result<Column> ReadColumn(std::size_t block, std::size_t feature) const;
  // A feature in one piece. Errors also: InvalidArgument where strings would pass 2 GiB.
  [[nodiscard]] Result<Column> Whole(std::size_t feature) const;
  // All in one piece, with what is invalid; statuses and times where they were kept.
  [[nodiscard]] Result<FeatureTable> Whole() const;

  // INVALID values (rule 6.2): the count of all, and the first 10.
  [[nodiscard]] std::int64_t invalid_count() const;
  [[nodiscard]] std::vector<std::string> first_errors() const;

 private:
  struct Block {
    FeatureTable table;  // its columns are empty where they were spilled
    std::vector<SpilledColumn> spilled;
  };

  Schema schema_;
  std::int64_t num_rows_ = 0;
  bool details_ = false;
  std::shared_ptr<ScratchFile> spill_;
  std::vector<Block> blocks_;
};

// For ArrowTable::ExportWith, with FeatureBlocks::kRows: the rows of a block at a time.
ArrowTable::AddedRows RowsOf(std::shared_ptr<const FeatureBlocks> blocks);

}  // namespace coeval
