// FixedColumns: several columns of fixed-width values and of one length, filled row by row, in one
// allocation. An answer to one key has a column for every feature; with a ColumnBuilder for each
// the memory manager would take longer than all else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "column/column.h"
#include "column/type.h"

namespace coeval {

// Threads: one. Rows that are not set are null.
class FixedColumns {
 public:
  // REQUIRES: all have a width; it outlives this.
  FixedColumns(std::span<const DataType> types, std::int64_t rows);

  [[nodiscard]] std::size_t width(std::size_t column) const { return places_[column].width; }

  // A value as it lies in memory, of the column's width; NaN is made canonical (rule 1.5).
  void Set(std::size_t column, std::int64_t row, std::string_view value);

  // Call once for each column.
  Column Finish(std::size_t column);

 private:
  struct alignas(16) Cell {
    std::uint8_t bytes[16];
  };

  struct Place {
    std::size_t values = 0;  // offsets in the block
    std::size_t validity = 0;
    std::size_t width = 0;
    std::int64_t present = 0;  // values that were set
  };

  const std::span<const DataType> types_;
  const std::int64_t rows_;
  std::vector<Place> places_;
  std::shared_ptr<Cell[]> block_;
  std::uint8_t* bytes_ = nullptr;
};

}  // namespace coeval
