// Row encoding 1: how the values of one fact lie in the online store
// (docs/formats/row_encoding.md). Versioned, unlike tie encoding 1: it may change, readers keep
// reading older ones.
//
//   OFFSET  SIZE      MEANING
//   0       1         format, 1
//   1       1         flags: bit 0 tombstone (a delete, rule 3.7), bit 1 encrypted (reserved)
//   2       2         number of columns n, little-endian
//   4       4         key id for erasure, reserved, 0
//   8       ceil(n/8) validity bits, least significant first
//   ...     w each    fixed-width values of non-null columns, in column order, little-endian
//   ...     4+len     strings and bytes: length uint32, bytes; nested values likewise (count,
//   items) end     4         checksum: low 32 bits of XXH3 over all before
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column/builder.h"
#include "column/column.h"

namespace coeval {

// Appends the encoded row.
void EncodeRow(std::span<const Column> columns, std::int64_t row, std::string* out);
void EncodeTombstone(std::string* out);

// A checked look into an encoded row. Borrows `bytes`.
class RowView {
 public:
  // Errors: Corruption (short, bad checksum, unknown format, other number of columns than `types`).
  static Result<RowView> Parse(std::string_view bytes, std::span<const DataType> types);

  [[nodiscard]] bool tombstone() const { return tombstone_; }

  // Appends the value of column i to a builder of its type; null for a tombstone. Needs one pass
  // from the first column: cost O(i) at worst, O(1) amortized when asked in order.
  Status AppendTo(std::size_t i, ColumnBuilder* builder) const;
  // All columns as values.
  [[nodiscard]] Result<std::vector<Value>> Values() const;

 private:
  std::string_view bytes_;
  std::span<const DataType> types_;
  std::vector<std::uint32_t> offsets_;  // of each column's value; 0 where null
  bool tombstone_ = false;
};

}  // namespace coeval
