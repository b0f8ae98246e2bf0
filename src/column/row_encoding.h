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
//   ...     varies    the other non-null columns, in column order:
//                     string, bytes  length uint32, then the bytes
//                     vector         its elements, w each
//                     list           count uint32, then elements
//                     map            count uint32, then keys, then values, as elements
//                     elements       ceil(count/8) validity bits, then each valid one, in the same
//                                    forms
//   end     4         checksum: low 32 bits of XXH3 over all before
//
// A tombstone has n = 0 and nothing between header and checksum.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column/builder.h"
#include "column/column.h"
#include "column/row_layout.h"

namespace coeval {

// Appends the encoded row.
void EncodeRow(std::span<const Column> columns, std::int64_t row, std::string* out);
void EncodeTombstone(std::string* out);

// A checked look into an encoded row. Borrows `bytes`.
class RowView {
 public:
  // The whole row is walked through, so that no later read can leave it. Errors: Corruption (short,
  // bad checksum, unknown format, other columns than `types`). Cost: O(columns), and elements of
  // nested values. REQUIRES: `bytes` and `types` outlive the view.
  static Result<RowView> Parse(std::string_view bytes, std::span<const DataType> types);
  // The same into this one, whose memory is used again; on an error it is left without a row.
  // `layout` is that of the types, which outlive the view; it need not.
  Status Reset(std::string_view bytes, const RowLayout& layout);

  [[nodiscard]] bool tombstone() const { return tombstone_; }

  // What its nulls take in columns: for readers of bytes that nobody vouches for, since a null
  // takes one bit here and the whole of a vector there.
  [[nodiscard]] std::int64_t null_bytes() const { return null_bytes_; }

  // Appends the value of column i to a builder of its type; null for a tombstone.
  Status AppendTo(std::size_t i, ColumnBuilder* builder) const;
  // What is told to who wants column i as another type.
  [[nodiscard]] Status WrongType(std::size_t i, const DataType& type) const;

  // The value of column i as it lies in memory, of its type's width; nullptr where it is null.
  [[nodiscard]] const char* FixedBytes(std::size_t i) const {
    return tombstone_ || offsets_[i] == 0 ? nullptr : bytes_.data() + offsets_[i];
  }

  // All columns as values.
  [[nodiscard]] Result<std::vector<Value>> Values() const;

 private:
  Status Walk(const RowLayout& layout);

  std::string_view bytes_;
  std::span<const DataType> types_;
  std::vector<std::uint32_t> offsets_;  // of each column's value; 0 where null
  std::int64_t null_bytes_ = 0;
  bool tombstone_ = false;
};

}  // namespace coeval
