// RowLayout: what the types of a view's columns alone say about its encoded rows
// (column/row_encoding.h), worked out once for many rows. In a row without nulls every value of
// fixed width lies where it lies in all such rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "column/type.h"

namespace coeval {

// Threads: immutable between calls of Reset.
class RowLayout {
 public:
  static constexpr std::size_t kHeaderSize = 8;  // then the validity bits, then values

  RowLayout() = default;

  // REQUIRES: the types outlive it.
  explicit RowLayout(std::span<const DataType> types) { Reset(types); }

  // For other types; the memory is used again.
  void Reset(std::span<const DataType> types);

  [[nodiscard]] std::span<const DataType> types() const { return types_; }

  // Bytes of a value of column i, 0 where they vary.
  [[nodiscard]] std::uint32_t width(std::size_t i) const { return widths_[i]; }

  // Where the values begin.
  [[nodiscard]] std::size_t values_begin() const { return values_begin_; }

  // Is `body`, an encoded row of these columns without its checksum, one that has a value of fixed
  // width in each? Then they lie at full_offsets(). Says no to what is damaged.
  [[nodiscard]] bool IsFull(std::string_view body) const;

  [[nodiscard]] std::span<const std::uint32_t> full_offsets() const { return full_offsets_; }

 private:
  std::span<const DataType> types_;
  std::vector<std::uint32_t> widths_;
  std::vector<std::uint32_t> full_offsets_;
  std::vector<std::uint32_t> bools_;  // offsets of what must be 0 or 1
  std::string full_validity_;
  std::size_t values_begin_ = 0;
  std::size_t full_size_ = 0;  // 0: not all columns have a width
};

}  // namespace coeval
