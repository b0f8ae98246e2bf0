// FixedColumns: several columns of fixed-width values and of one length, filled row by row, in one
// allocation. An answer to one key has a column for every feature; with a ColumnBuilder for each
// the memory manager would take longer than all else.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "column/column.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

// Threads: one.
class FixedColumns {
 public:
  FixedColumns() = default;

  // Begins new columns; what it needs itself uses its memory again. REQUIRES: all have a width;
  // `types` outlives this.
  void Begin(std::span<const DataType> types, std::int64_t rows);

  // Each cell is told once. A value as it lies in memory, of its column's width; NaN is made
  // canonical (rule 1.5).
  void Set(std::size_t column, std::int64_t row, const char* value) {
    Place& place = places_[column];
    ++place.told;
    std::uint8_t* const values = bytes_ + place.values;
    const auto at = static_cast<std::size_t>(row);
    switch (place.kind) {
      case Kind::kFloat64:
        return CopyCanonical<double>(value, values + at * sizeof(double));
      case Kind::kFloat32:
        return CopyCanonical<float>(value, values + at * sizeof(float));
      case Kind::kEight:
        std::memcpy(values + at * 8, value, 8);
        return;
      case Kind::kOther:
        std::memcpy(values + at * place.width, value, place.width);
    }
  }

  void SetNull(std::size_t column, std::int64_t row);

  // Call once for each column. REQUIRES: all of its cells were told.
  Column Finish(std::size_t column);

 private:
  enum class Kind : std::uint8_t { kFloat64, kFloat32, kEight, kOther };

  struct alignas(16) Cell {
    std::uint8_t bytes[16];
  };

  struct Place {
    std::size_t values = 0;  // offsets in the block
    std::size_t nulls = 0;   // bits, 1 for null until it is finished
    std::size_t width = 0;
    Kind kind = Kind::kOther;
    std::int64_t told = 0;
    std::int64_t null_count = 0;
  };

  template <typename Float>
  static void CopyCanonical(const char* value, std::uint8_t* place) {
    Float number;
    std::memcpy(&number, value, sizeof number);
    if (std::isnan(number)) number = Canonical(number);
    std::memcpy(place, &number, sizeof number);
  }

  std::span<const DataType> types_;
  std::int64_t rows_ = 0;
  std::vector<Place> places_;
  std::shared_ptr<Cell[]> block_;
  std::uint8_t* bytes_ = nullptr;
};

}  // namespace coeval
