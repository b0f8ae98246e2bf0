// Rows of columns chosen anew: Take, and Concatenate.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <utility>

#include "column/builder.h"
#include "column/column.h"

namespace coeval {

namespace {

constexpr std::int64_t kMostElements = std::numeric_limits<std::int32_t>::max();

bool IsBinary(const DataType& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kBytes;
}

Status TooMany(const DataType& type) {
  return Status::InvalidArgument("a column of " + type.ToString() +
                                 " would pass 2 GiB; ask for fewer rows at a time");
}

bool AnyNegative(std::span<const std::int64_t> rows) {
  std::int64_t signs = 0;
  for (const std::int64_t row : rows) signs |= row;
  return signs < 0;
}

// Validity of the rows taken; no buffer where all are valid.
Buffer TakeValidity(const Column& column, std::span<const std::int64_t> rows) {
  if (!column.may_have_nulls() && !AnyNegative(rows)) return {};
  std::vector<std::uint8_t> bits((rows.size() + 7) / 8);
  bool any_null = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || column.IsNull(rows[i])) {
      any_null = true;
    } else {
      bits[i >> 3] |= static_cast<std::uint8_t>(1U << (i & 7));
    }
  }
  return any_null ? MakeBuffer(std::move(bits)) : Buffer{};
}

template <typename T>
Buffer TakeFixed(const Column& column, std::span<const std::int64_t> rows) {
  const auto values = column.values<T>();
  std::vector<T> taken(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0) taken[i] = values[static_cast<std::size_t>(rows[i])];
  }
  return MakeBuffer(std::move(taken));
}

Buffer TakeFixedWidth(const Column& column, std::span<const std::int64_t> rows) {
  switch (column.type().width()) {
    case 1:
      return TakeFixed<std::uint8_t>(column, rows);
    case 4:
      return TakeFixed<std::uint32_t>(column, rows);
    case 8:
      return TakeFixed<std::uint64_t>(column, rows);
    default:
      return TakeFixed<Int128>(column, rows);
  }
}

Column TakeBinary(const Column& column, std::span<const std::int64_t> rows) {
  Buffer validity = TakeValidity(column, rows);
  std::vector<std::int32_t> offsets(rows.size() + 1);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0) total += static_cast<std::int64_t>(column.bytes(rows[i]).size());
    COEVAL_CHECK(total <= kMostElements);
    offsets[i + 1] = static_cast<std::int32_t>(total);
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(total));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0) continue;
    const std::string_view value = column.bytes(rows[i]);
    if (!value.empty()) std::memcpy(bytes.data() + offsets[i], value.data(), value.size());
  }
  return Column::Binary(column.type(), static_cast<std::int64_t>(rows.size()),
                        MakeBuffer(std::move(offsets)), MakeBuffer(std::move(bytes)),
                        std::move(validity));
}

// A vector's elements have no validity, so that a row is a run of bytes.
Column TakeVectors(const Column& column, std::span<const std::int64_t> rows) {
  const DataType& element = column.type().child(0);
  const auto size = static_cast<std::size_t>(column.type().size());
  const std::size_t row_bytes = size * static_cast<std::size_t>(element.width());
  const std::uint8_t* from = column.child(0).values_buffer().data;
  std::vector<std::uint8_t> values(rows.size() * row_bytes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0) continue;
    std::memcpy(values.data() + i * row_bytes, from + static_cast<std::size_t>(rows[i]) * row_bytes,
                row_bytes);
  }
  Column elements = Column::FixedWidth(element, static_cast<std::int64_t>(rows.size() * size),
                                       MakeBuffer(std::move(values)));
  return Column::Nested(column.type(), static_cast<std::int64_t>(rows.size()), {},
                        {std::move(elements)}, TakeValidity(column, rows));
}

Column TakeLists(const Column& column, std::span<const std::int64_t> rows) {
  std::vector<std::int64_t> elements;
  std::vector<std::int32_t> offsets{0};
  offsets.reserve(rows.size() + 1);
  for (const std::int64_t row : rows) {
    if (row >= 0) {
      const Column::Extent extent = column.elements(row);
      for (std::int64_t e = extent.first; e < extent.last; ++e) elements.push_back(e);
    }
    COEVAL_CHECK(elements.size() <= static_cast<std::size_t>(kMostElements));
    offsets.push_back(static_cast<std::int32_t>(elements.size()));
  }
  std::vector<Column> children{column.child(0).Take(elements)};
  if (column.type().id() == TypeId::kMap) children.push_back(column.child(1).Take(elements));
  return Column::Nested(column.type(), static_cast<std::int64_t>(rows.size()),
                        MakeBuffer(std::move(offsets)), std::move(children),
                        TakeValidity(column, rows));
}

// Elements (or bytes) that the rows of a column with offsets take.
Column::Extent ExtentOf(const Column& column) {
  if (column.length() == 0) return {0, 0};
  return {column.elements(0).first, column.elements(column.length() - 1).last};
}

// Would the columns, one after the other, pass what offsets can count, at any depth?
Status CheckConcatenation(std::span<const Column> columns, const DataType& type) {
  if (type.width() > 0 || type.id() == TypeId::kNull) return {};
  std::int64_t total = 0;
  std::vector<std::vector<Column>> children(type.is_nested() ? 2 : 0);
  for (const Column& column : columns) {
    if (column.type().id() == TypeId::kNull) continue;
    const Column::Extent extent = ExtentOf(column);
    total += extent.last - extent.first;
    if (!type.is_nested()) continue;
    children[0].push_back(column.child(0).Slice(extent.first, extent.last - extent.first));
    if (type.id() != TypeId::kMap) continue;
    children[1].push_back(column.child(1).Slice(extent.first, extent.last - extent.first));
  }
  if (total > kMostElements) return TooMany(type);
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (!children[i].empty()) {
      COEVAL_RETURN_IF_ERROR(CheckConcatenation(children[i], type.child(i)));
    }
  }
  return {};
}

}  // namespace

Column Column::Take(std::span<const std::int64_t> rows) const {
  const auto length = static_cast<std::int64_t>(rows.size());
  if (type_.id() == TypeId::kNull) return Nulls(type_, length);
  if (IsBinary(type_)) return TakeBinary(*this, rows);
  if (type_.id() == TypeId::kVector) return TakeVectors(*this, rows);
  if (type_.is_nested()) return TakeLists(*this, rows);
  return FixedWidth(type_, length, TakeFixedWidth(*this, rows), TakeValidity(*this, rows));
}

Status Column::CheckTake(std::span<const std::int64_t> rows) const {
  if (type_.width() > 0 || type_.id() == TypeId::kNull) return {};
  if (type_.id() == TypeId::kVector) {
    return std::ssize(rows) <= kMostElements / type_.size() ? Status() : TooMany(type_);
  }
  std::int64_t total = 0;
  std::vector<std::int64_t> elements;
  for (const std::int64_t row : rows) {
    if (row < 0) continue;
    const Extent extent = this->elements(row);
    total += extent.last - extent.first;
    if (total > kMostElements) return TooMany(type_);
    if (!type_.is_nested()) continue;
    for (std::int64_t e = extent.first; e < extent.last; ++e) elements.push_back(e);
  }
  if (!type_.is_nested()) return {};
  COEVAL_RETURN_IF_ERROR(child(0).CheckTake(elements));
  return type_.id() == TypeId::kMap ? child(1).CheckTake(elements) : Status();
}

Result<Column> Concatenate(std::span<const Column> columns) {
  if (columns.empty()) return Column();
  DataType type;
  std::int64_t rows = 0;
  for (const Column& column : columns) {
    rows += column.length();
    if (column.type().id() == TypeId::kNull) continue;
    if (type.id() == TypeId::kNull) type = column.type();
    if (!(column.type() == type)) {
      return Status::InvalidArgument("cannot put columns of different types end to end: " +
                                     type.ToString() + " and " + column.type().ToString());
    }
  }
  if (columns.size() == 1) return columns[0];
  COEVAL_RETURN_IF_ERROR(CheckConcatenation(columns, type));
  ColumnBuilder builder(type);
  builder.Reserve(rows);
  for (const Column& column : columns) builder.AppendColumn(column);
  return builder.Finish();
}

}  // namespace coeval
