// ColumnBuilder: appends values one by one and gives a Column.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column/column.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

// Threads: one. After Finish() the builder is empty and may be used again. REQUIRES: strings and
// elements stay within the 2^31 - 1 that offsets can count; more than that ends the process.
class ColumnBuilder {
 public:
  explicit ColumnBuilder(DataType type);

  [[nodiscard]] const DataType& type() const { return type_; }

  [[nodiscard]] std::int64_t length() const { return length_; }

  void Reserve(std::int64_t rows);

  void AppendNull();
  // REQUIRES: the type is of that kind. Ints: int32, int64, timestamp, date. Doubles: float32
  // (cast), float64; NaN is made canonical.
  void AppendBool(bool value);
  void AppendInt(std::int64_t value);
  void AppendDouble(double value);
  void AppendBytes(std::string_view value);  // string, bytes
  void AppendDecimal(Int128 unscaled);

  // Lists, maps and vectors from their parts: append the elements to child(0) (maps: keys, in key
  // order, and as many values to child(1)), then close the row. REQUIRES: a vector's row has
  // type().size() elements and no nulls, a map's keys no nulls.
  [[nodiscard]] ColumnBuilder& child(std::size_t i) { return children_[i]; }

  void AppendNested();
  // Any value of this type, nested ones too. Errors: InvalidArgument where it is of another kind or
  // does not fit (an int32 out of range, a vector of another size); the builder is unchanged then.
  Status Append(const Value& value);
  // Cell `row` of a column of the same type.
  void AppendFrom(const Column& column, std::int64_t row);
  // All cells of a column of the same type (or of type null). Cost: a copy of its buffers.
  void AppendColumn(const Column& column);

  Column Finish();

 private:
  void AppendValidity(bool valid);
  void AppendValidityOf(const Column& column);
  void AppendChecked(const Value& value);
  void CloseRow();  // ends a string, list or map
  void AppendOffsetsOf(const Column& column, std::int64_t start);
  [[nodiscard]] bool HasOffsets() const;

  DataType type_;
  std::int64_t length_ = 0;
  std::int64_t null_count_ = 0;
  std::vector<std::uint8_t> validity_;  // bits
  std::vector<std::uint8_t> values_;    // fixed-width values or string bytes
  std::vector<std::int32_t> offsets_;   // strings, lists, maps
  std::vector<ColumnBuilder> children_;
};

}  // namespace coeval
