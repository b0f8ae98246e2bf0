#include "offline/feature_blocks.h"

#include <algorithm>
#include <string>
#include <utility>

namespace coeval {

FeatureBlocks::FeatureBlocks(Schema schema, std::int64_t num_rows, bool details,
                             std::shared_ptr<ScratchFile> spill)
    : schema_(std::move(schema)),
      num_rows_(num_rows),
      details_(details),
      spill_(std::move(spill)),
      blocks_(static_cast<std::size_t>((num_rows + kRows - 1) / kRows)) {}

std::int64_t FeatureBlocks::rows(std::size_t block) const {
  return std::min(kRows, num_rows_ - static_cast<std::int64_t>(block) * kRows);
}

Status FeatureBlocks::Put(std::size_t block, FeatureTable table) {
  Block& into = blocks_[block];
  into.table = std::move(table);
  if (!details_) {
    into.table.statuses = {};
    into.table.times = {};
  }
  if (spill_ == nullptr) return Status::Ok();
  for (const Column& column : std::exchange(into.table.columns, {})) {
    COEVAL_ASSIGN_OR_RETURN(SpilledColumn spilled, SpilledColumn::Write(column, spill_.get()));
    into.spilled.push_back(std::move(spilled));
  }
  return Status::Ok();
}

Result<std::vector<Column>> FeatureBlocks::Columns(std::size_t block) const {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(Column column, ReadColumn(block, i));
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<Column> FeatureBlocks::ReadColumn(std::size_t block, std::size_t feature) const {
  const Block& from = blocks_[block];
  if (spill_ == nullptr) return from.table.columns[feature];
  return from.spilled[feature].Read(*spill_);
}

Result<Column> FeatureBlocks::Whole(std::size_t feature) const {
  if (blocks_.empty()) return Column::Nulls(schema_[feature].type, 0);
  std::vector<Column> parts;
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    COEVAL_ASSIGN_OR_RETURN(Column part, ReadColumn(block, feature));
    parts.push_back(std::move(part));
  }
  return parts.size() == 1 ? Result<Column>(std::move(parts[0])) : Concatenate(parts);
}

Result<FeatureTable> FeatureBlocks::Whole() const {
  FeatureTable whole;
  whole.num_rows = num_rows_;
  whole.invalid_count = invalid_count();
  whole.first_errors = first_errors();
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(Column column, Whole(i));
    whole.columns.push_back(std::move(column));
    if (!details_) continue;
    std::vector<FeatureStatus> statuses;
    std::vector<TimeMicros> times;
    for (const Block& block : blocks_) {
      const FeatureTable& table = block.table;
      statuses.insert(statuses.end(), table.statuses[i].begin(), table.statuses[i].end());
      times.insert(times.end(), table.times[i].begin(), table.times[i].end());
    }
    whole.statuses.emplace_back(std::move(statuses));
    whole.times.emplace_back(std::move(times));
  }
  return whole;
}

std::int64_t FeatureBlocks::invalid_count() const {
  std::int64_t sum = 0;
  for (const Block& block : blocks_) sum += block.table.invalid_count;
  return sum;
}

std::vector<std::string> FeatureBlocks::first_errors() const {
  std::vector<std::string> errors;
  for (const Block& block : blocks_) {
    for (const std::string& error : block.table.first_errors) {
      if (errors.size() < 10) errors.push_back(error);
    }
  }
  return errors;
}

ArrowTable::AddedRows RowsOf(std::shared_ptr<const FeatureBlocks> blocks) {
  // The block that was read last is kept: its batches follow one another.
  struct Reader {
    std::shared_ptr<const FeatureBlocks> blocks;
    std::size_t block = static_cast<std::size_t>(-1);
    std::vector<Column> columns;
  };

  const auto reader = std::make_shared<Reader>(Reader{.blocks = std::move(blocks), .columns = {}});
  return [reader](std::int64_t first, std::int64_t count) -> Result<std::vector<Column>> {
    if (count == 0) {
      std::vector<Column> none;
      for (const ColumnSchema& column : reader->blocks->schema().columns()) {
        none.push_back(Column::Nulls(column.type, 0));
      }
      return none;
    }
    const auto block = static_cast<std::size_t>(first / FeatureBlocks::kRows);
    if (block != reader->block) {
      COEVAL_ASSIGN_OR_RETURN(reader->columns, reader->blocks->Columns(block));
      reader->block = block;
    }
    std::vector<Column> slices;
    for (const Column& column : reader->columns) {
      slices.push_back(column.Slice(first % FeatureBlocks::kRows, count));
    }
    return slices;
  };
}

}  // namespace coeval
