// Column: an immutable, typed run of values in Arrow's physical layout, but bool: one byte a value.
//
//   float64 [1.5, null, -0.0]   validity 0b101, values {1.5, ?, -0.0}
//   string  ["ab", "", null]    validity 0b011, offsets {0, 2, 2, 2}, bytes "ab"
//   list<int32> [[7], null]     validity 0b01,  offsets {0, 1, 1}, child int32 [7]
//
// Copies are cheap (buffers are shared); threads: any, since nothing changes after Finish().
// All floats in a column are canonical (rule 1.5): whoever makes one sees to it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

// A run of bytes and whoever keeps it alive (an own vector, or a foreign Arrow array).
struct Buffer {
  const std::uint8_t* data = nullptr;
  std::int64_t size_bytes = 0;
  std::shared_ptr<const void> owner;
};

// Takes over a vector's memory.
template <typename T>
Buffer MakeBuffer(std::vector<T> values) {
  auto owner = std::make_shared<const std::vector<T>>(std::move(values));
  return {reinterpret_cast<const std::uint8_t*>(owner->data()),
          static_cast<std::int64_t>(owner->size() * sizeof(T)), owner};
}

class Column {
 public:
  Column() = default;  // type null, length 0

  // The parts as described at the top. `validity` without data means no nulls; bit i of byte i / 8,
  // least significant first, tells that row i has a value. Offsets are int32, length + 1 of them,
  // and need not start at 0. REQUIRES: buffers are large enough and aligned for their values;
  // strings, lists and maps at null rows are empty; strings are UTF-8; maps are in key order.
  static Column FixedWidth(DataType type, std::int64_t length, Buffer values, Buffer validity = {});
  static Column Binary(DataType type, std::int64_t length, Buffer offsets, Buffer bytes,
                       Buffer validity = {});
  static Column Nested(DataType type, std::int64_t length, Buffer offsets,
                       std::vector<Column> children, Buffer validity = {});  // vectors: no offsets
  static Column Nulls(DataType type, std::int64_t length);
  // `length` times the same value. Errors: InvalidArgument where it is not of that type.
  static Result<Column> Constant(DataType type, const Value& value, std::int64_t length);

  [[nodiscard]] const DataType& type() const { return type_; }

  [[nodiscard]] std::int64_t length() const { return length_; }

  [[nodiscard]] bool may_have_nulls() const {
    return validity_.data != nullptr || type_.id() == TypeId::kNull;
  }

  [[nodiscard]] bool IsNull(std::int64_t row) const {
    if (validity_.data == nullptr) return type_.id() == TypeId::kNull;
    return ((validity_.data[row >> 3] >> (row & 7)) & 1) == 0;
  }

  [[nodiscard]] std::int64_t CountNulls() const;

  // Values of a fixed-width column (bool: std::uint8_t 0 or 1; timestamp: int64; date: int32;
  // decimal: Int128). What lies at a null row is unspecified. REQUIRES: sizeof(T) ==
  // type().width().
  template <typename T>
  [[nodiscard]] std::span<const T> values() const {
    return {reinterpret_cast<const T*>(values_.data), static_cast<std::size_t>(length_)};
  }

  // The bytes of row `row` of a string or bytes column; "" at a null.
  [[nodiscard]] std::string_view bytes(std::int64_t row) const {
    const auto* offsets = reinterpret_cast<const std::int32_t*>(offsets_.data);
    return {reinterpret_cast<const char*>(values_.data) + offsets[row],
            static_cast<std::size_t>(offsets[row + 1] - offsets[row])};
  }

  // Lists and maps: elements [first, last) of the children. Vectors: row x size.
  struct Extent {
    std::int64_t first, last;
  };

  [[nodiscard]] Extent elements(std::int64_t row) const;

  [[nodiscard]] const Column& child(std::size_t i) const { return (*children_)[i]; }

  [[nodiscard]] const Buffer& validity_buffer() const { return validity_; }

  [[nodiscard]] const Buffer& values_buffer() const { return values_; }

  [[nodiscard]] const Buffer& offsets_buffer() const { return offsets_; }

  // One cell. REQUIRES: 0 <= row < length().
  [[nodiscard]] Value GetValue(std::int64_t row) const;

  // Rows [first, first + count). Shares the values; copies validity bits if first % 8 != 0.
  [[nodiscard]] Column Slice(std::int64_t first, std::int64_t count) const;
  // Row rows[i] of this column for each i; rows[i] < 0 gives null. Cost: O(rows), for fixed-width
  // values about one read each. REQUIRES: what is taken fits (CheckTake).
  [[nodiscard]] Column Take(std::span<const std::int64_t> rows) const;
  // Errors: InvalidArgument where strings or elements would pass the 2^31 - 1 that offsets can
  // count.
  [[nodiscard]] Status CheckTake(std::span<const std::int64_t> rows) const;
  // What the rows themselves take, without the rest of shared buffers.
  [[nodiscard]] std::int64_t SizeBytes() const;

 private:
  // The parts moved into place: a request makes a column for every value, and clearing it first
  // would cost as much as filling it.
  Column(DataType type, std::int64_t length, Buffer validity, Buffer values, Buffer offsets)
      : type_(std::move(type)),
        length_(length),
        validity_(std::move(validity)),
        values_(std::move(values)),
        offsets_(std::move(offsets)) {}

  DataType type_;
  std::int64_t length_ = 0;
  Buffer validity_;
  Buffer values_;   // fixed-width values, or the bytes of strings
  Buffer offsets_;  // strings, lists, maps
  std::shared_ptr<const std::vector<Column>> children_;
};

// Puts columns of one type end to end; columns of type null take the type of the others. Errors:
// InvalidArgument where types differ or a string column would pass 2 GiB.
Result<Column> Concatenate(std::span<const Column> columns);

// The order of rule 1.5 between cells of columns of one type, as CompareValues.
int CompareCells(const Column& a, std::int64_t row_a, const Column& b, std::int64_t row_b);

// Same type, length and bits of every value, null where null.
bool SameBits(const Column& a, const Column& b);

}  // namespace coeval
