#include "column/column.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "column/builder.h"

namespace coeval {
namespace {

bool BitAt(const std::uint8_t* bits, std::int64_t i) { return ((bits[i >> 3] >> (i & 7)) & 1) != 0; }

// `count` bits from `first` on, moved to the front of a new buffer.
Buffer CopyBits(const Buffer& bits, std::int64_t first, std::int64_t count) {
  std::vector<std::uint8_t> copy(static_cast<std::size_t>((count + 7) / 8));
  for (std::int64_t i = 0; i < count; ++i) {
    if (BitAt(bits.data, first + i)) {
      copy[static_cast<std::size_t>(i >> 3)] |= static_cast<std::uint8_t>(1U << (i & 7));
    }
  }
  return MakeBuffer(std::move(copy));
}

Buffer SliceBits(const Buffer& bits, std::int64_t first, std::int64_t count) {
  if (bits.data == nullptr) return {};
  if (first % 8 != 0) return CopyBits(bits, first, count);
  return {bits.data + first / 8, (count + 7) / 8, bits.owner};
}

Buffer SliceBytes(const Buffer& buffer, std::int64_t first, std::int64_t size) {
  return {buffer.data == nullptr ? nullptr : buffer.data + first, size, buffer.owner};
}

// Validity of the rows taken; no buffer where all are valid.
Buffer TakeValidity(const Column& column, std::span<const std::int64_t> rows) {
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
    case 1: return TakeFixed<std::uint8_t>(column, rows);
    case 4: return TakeFixed<std::uint32_t>(column, rows);
    case 8: return TakeFixed<std::uint64_t>(column, rows);
    default: return TakeFixed<Int128>(column, rows);
  }
}

Column TakeOneByOne(const Column& column, std::span<const std::int64_t> rows) {
  ColumnBuilder builder(column.type());
  builder.Reserve(static_cast<std::int64_t>(rows.size()));
  for (const std::int64_t row : rows) {
    if (row < 0) {
      builder.AppendNull();
    } else {
      builder.AppendFrom(column, row);
    }
  }
  return builder.Finish();
}

std::int64_t SizeOfParts(const Column& column) {
  return column.validity_buffer().size_bytes + column.values_buffer().size_bytes +
         column.offsets_buffer().size_bytes;
}

template <typename T>
bool SameFixed(const Column& a, const Column& b) {
  const auto x = a.values<T>();
  const auto y = b.values<T>();
  for (std::int64_t row = 0; row < a.length(); ++row) {
    if (a.IsNull(row)) continue;
    const auto i = static_cast<std::size_t>(row);
    if (std::memcmp(&x[i], &y[i], sizeof(T)) != 0) return false;
  }
  return true;
}

}  // namespace

Column Column::FixedWidth(DataType type, std::int64_t length, Buffer values, Buffer validity) {
  COEVAL_CHECK(type.width() > 0);
  Column column;
  column.type_ = std::move(type);
  column.length_ = length;
  column.values_ = std::move(values);
  column.validity_ = std::move(validity);
  return column;
}

Column Column::Binary(DataType type, std::int64_t length, Buffer offsets, Buffer bytes,
                      Buffer validity) {
  COEVAL_CHECK(type.id() == TypeId::kString || type.id() == TypeId::kBytes);
  Column column;
  column.type_ = std::move(type);
  column.length_ = length;
  column.offsets_ = std::move(offsets);
  column.values_ = std::move(bytes);
  column.validity_ = std::move(validity);
  return column;
}

Column Column::Nested(DataType type, std::int64_t length, Buffer offsets,
                      std::vector<Column> children, Buffer validity) {
  COEVAL_CHECK(type.is_nested());
  COEVAL_CHECK(children.size() == (type.id() == TypeId::kMap ? 2U : 1U));
  Column column;
  column.type_ = std::move(type);
  column.length_ = length;
  column.offsets_ = std::move(offsets);
  column.children_ = std::make_shared<const std::vector<Column>>(std::move(children));
  column.validity_ = std::move(validity);
  return column;
}

Column Column::Nulls(DataType type, std::int64_t length) {
  if (type.id() == TypeId::kNull) {
    Column column;
    column.length_ = length;
    return column;
  }
  ColumnBuilder builder(std::move(type));
  builder.Reserve(length);
  for (std::int64_t i = 0; i < length; ++i) builder.AppendNull();
  return builder.Finish();
}

Result<Column> Column::Constant(DataType type, const Value& value, std::int64_t length) {
  ColumnBuilder one(type);
  COEVAL_RETURN_IF_ERROR(one.Append(value));
  const std::vector<std::int64_t> rows(static_cast<std::size_t>(length), 0);
  return one.Finish().Take(rows);
}

std::int64_t Column::CountNulls() const {
  if (type_.id() == TypeId::kNull) return length_;
  if (validity_.data == nullptr) return 0;
  std::int64_t valid = 0;
  for (std::int64_t byte = 0; byte < length_ / 8; ++byte) {
    valid += std::popcount(validity_.data[byte]);
  }
  for (std::int64_t i = length_ / 8 * 8; i < length_; ++i) {
    valid += BitAt(validity_.data, i) ? 1 : 0;
  }
  return length_ - valid;
}

Column::Extent Column::elements(std::int64_t row) const {
  if (type_.id() == TypeId::kVector) {
    return {row * type_.size(), (row + 1) * type_.size()};
  }
  const auto* offsets = reinterpret_cast<const std::int32_t*>(offsets_.data);
  return {offsets[row], offsets[row + 1]};
}

Value Column::GetValue(std::int64_t row) const {
  if (IsNull(row)) return {};
  const auto i = static_cast<std::size_t>(row);
  switch (type_.id()) {
    case TypeId::kNull: return {};
    case TypeId::kBool: return Value::Bool(values<std::uint8_t>()[i] != 0);
    case TypeId::kInt32:
    case TypeId::kDate: return Value::Int(values<std::int32_t>()[i]);
    case TypeId::kInt64:
    case TypeId::kTimestamp: return Value::Int(values<std::int64_t>()[i]);
    case TypeId::kFloat32: return Value::Double(static_cast<double>(values<float>()[i]));
    case TypeId::kFloat64: return Value::Double(values<double>()[i]);
    case TypeId::kString:
    case TypeId::kBytes: return Value::String(std::string(bytes(row)));
    case TypeId::kDecimal128: return Value::Decimal(values<Int128>()[i]);
    case TypeId::kList:
    case TypeId::kVector: {
      Value::List list;
      const Extent extent = elements(row);
      for (std::int64_t e = extent.first; e < extent.last; ++e) list.push_back(child(0).GetValue(e));
      return Value::MakeList(std::move(list));
    }
    case TypeId::kMap: {
      Value::Map map;
      const Extent extent = elements(row);
      for (std::int64_t e = extent.first; e < extent.last; ++e) {
        map.emplace_back(child(0).GetValue(e), child(1).GetValue(e));
      }
      return Value::MakeMap(std::move(map));
    }
  }
  return {};
}

Column Column::Slice(std::int64_t first, std::int64_t count) const {
  Column slice = *this;
  slice.length_ = count;
  slice.validity_ = SliceBits(validity_, first, count);
  if (type_.id() == TypeId::kNull) return slice;
  if (const int width = type_.width(); width > 0) {
    slice.values_ = SliceBytes(values_, first * width, count * width);
  } else if (type_.id() == TypeId::kVector) {
    slice.children_ = std::make_shared<const std::vector<Column>>(
        1, child(0).Slice(first * type_.size(), count * type_.size()));
  } else {
    slice.offsets_ = SliceBytes(offsets_, first * 4, (count + 1) * 4);
  }
  return slice;
}

Column Column::Take(std::span<const std::int64_t> rows) const {
  const auto length = static_cast<std::int64_t>(rows.size());
  if (type_.id() == TypeId::kNull) return Nulls(type_, length);
  if (type_.width() == 0) return TakeOneByOne(*this, rows);
  return FixedWidth(type_, length, TakeFixedWidth(*this, rows), TakeValidity(*this, rows));
}

std::int64_t Column::SizeBytes() const {
  std::int64_t size = SizeOfParts(*this);
  if (children_) {
    for (const Column& column : *children_) size += column.SizeBytes();
  }
  return size;
}

Result<Column> Concatenate(std::span<const Column> columns) {
  if (columns.empty()) return Column();
  if (columns.size() == 1) return columns[0];
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  for (const Column& column : columns) {
    if (!(column.type() == columns[0].type())) {
      return Status::InvalidArgument("cannot put columns of different types end to end: " +
                                     columns[0].type().ToString() + " and " +
                                     column.type().ToString());
    }
    rows += column.length();
    bytes += column.SizeBytes();
  }
  const bool has_offsets = columns[0].type().width() == 0 &&
                           columns[0].type().id() != TypeId::kNull;
  if (has_offsets && bytes > std::numeric_limits<std::int32_t>::max()) {
    return Status::InvalidArgument("a column of " + columns[0].type().ToString() +
                                   " would pass 2 GiB; ask for fewer rows at a time");
  }
  ColumnBuilder builder(columns[0].type());
  builder.Reserve(rows);
  for (const Column& column : columns) builder.AppendColumn(column);
  return builder.Finish();
}

bool SameBits(const Column& a, const Column& b) {
  if (!(a.type() == b.type()) || a.length() != b.length()) return false;
  for (std::int64_t row = 0; row < a.length(); ++row) {
    if (a.IsNull(row) != b.IsNull(row)) return false;
  }
  switch (a.type().width()) {
    case 1: return SameFixed<std::uint8_t>(a, b);
    case 4: return SameFixed<std::uint32_t>(a, b);
    case 8: return SameFixed<std::uint64_t>(a, b);
    case 16: return SameFixed<Int128>(a, b);
    default: break;
  }
  const bool binary = a.type().id() == TypeId::kString || a.type().id() == TypeId::kBytes;
  for (std::int64_t row = 0; row < a.length(); ++row) {
    if (a.IsNull(row)) continue;
    const bool same = binary ? a.bytes(row) == b.bytes(row)
                             : SameBits(a.GetValue(row), b.GetValue(row));
    if (!same) return false;
  }
  return true;
}

}  // namespace coeval
