#include "column/column.h"

#include <bit>
#include <utility>

#include "column/builder.h"

namespace coeval {

namespace {

// Offsets of a column without rows, where its maker gave none.
Buffer OrNoOffsets(Buffer offsets) {
  static constexpr std::int32_t kZero = 0;
  if (offsets.data != nullptr) return offsets;
  return {reinterpret_cast<const std::uint8_t*>(&kZero), sizeof(kZero), nullptr};
}

bool BitAt(const std::uint8_t* bits, std::int64_t i) {
  return ((bits[i >> 3] >> (i & 7)) & 1) != 0;
}

// `count` bits from `first` on, moved to the front of a new buffer.
Buffer CopyBits(const Buffer& bits, std::int64_t first, std::int64_t count) {
  std::vector<std::uint8_t> copy(static_cast<std::size_t>((count + 7) / 8));
  const std::uint8_t* from = bits.data + first / 8;
  const auto shift = static_cast<unsigned>(first % 8);
  const std::int64_t last = (first % 8 + count - 1) / 8;  // the last byte that holds a bit of ours
  for (std::size_t i = 0; i < copy.size(); ++i) {
    const unsigned low = from[i];
    const unsigned high = static_cast<std::int64_t>(i) < last ? from[i + 1] : 0U;
    copy[i] = static_cast<std::uint8_t>((low | (high << 8U)) >> shift);
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

// Elements (or bytes) that the rows of a column with offsets take.
Column::Extent ExtentOf(const Column& column) {
  if (column.length() == 0) return {0, 0};
  return {column.elements(0).first, column.elements(column.length() - 1).last};
}

bool IsBinary(const DataType& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kBytes;
}

}  // namespace

Column Column::FixedWidth(DataType type, std::int64_t length, Buffer values, Buffer validity) {
  COEVAL_CHECK(type.width() > 0);
  return {std::move(type), length, std::move(validity), std::move(values), {}};
}

Column Column::Binary(DataType type, std::int64_t length, Buffer offsets, Buffer bytes,
                      Buffer validity) {
  COEVAL_CHECK(type.id() == TypeId::kString || type.id() == TypeId::kBytes);
  COEVAL_CHECK(length == 0 || offsets.data != nullptr);
  return {std::move(type), length, std::move(validity), std::move(bytes),
          OrNoOffsets(std::move(offsets))};
}

Column Column::Nested(DataType type, std::int64_t length, Buffer offsets,
                      std::vector<Column> children, Buffer validity) {
  COEVAL_CHECK(type.is_nested());
  COEVAL_CHECK(children.size() == (type.id() == TypeId::kMap ? 2U : 1U));
  Column column;
  column.type_ = std::move(type);
  column.length_ = length;
  if (column.type_.id() != TypeId::kVector) {
    COEVAL_CHECK(length == 0 || offsets.data != nullptr);
    column.offsets_ = OrNoOffsets(std::move(offsets));
  }
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
  if (length == 0) return builder.Finish();
  builder.AppendNull();
  const std::vector<std::int64_t> rows(static_cast<std::size_t>(length), 0);
  return builder.Finish().Take(rows);
}

Result<Column> Column::Constant(DataType type, const Value& value, std::int64_t length) {
  ColumnBuilder one(std::move(type));
  COEVAL_RETURN_IF_ERROR(one.Append(value));
  const std::vector<std::int64_t> rows(static_cast<std::size_t>(length), 0);
  const Column column = one.Finish();
  COEVAL_RETURN_IF_ERROR(column.CheckTake(rows));
  return column.Take(rows);
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
    case TypeId::kNull:
      return {};
    case TypeId::kBool:
      return Value::Bool(values<std::uint8_t>()[i] != 0);
    case TypeId::kInt32:
    case TypeId::kDate:
      return Value::Int(values<std::int32_t>()[i]);
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return Value::Int(values<std::int64_t>()[i]);
    case TypeId::kFloat32:
      return Value::Double(static_cast<double>(values<float>()[i]));
    case TypeId::kFloat64:
      return Value::Double(values<double>()[i]);
    case TypeId::kString:
    case TypeId::kBytes:
      return Value::String(std::string(bytes(row)));
    case TypeId::kDecimal128:
      return Value::Decimal(values<Int128>()[i]);
    case TypeId::kList:
    case TypeId::kVector: {
      Value::List list;
      const Extent extent = elements(row);
      for (std::int64_t e = extent.first; e < extent.last; ++e)
        list.push_back(child(0).GetValue(e));
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

std::int64_t Column::SizeBytes() const {
  std::int64_t size = validity_.data == nullptr ? 0 : (length_ + 7) / 8;
  if (type_.id() == TypeId::kNull || length_ == 0) return size;
  if (const int width = type_.width(); width > 0) return size + length_ * width;
  if (type_.id() == TypeId::kVector) return size + child(0).SizeBytes();
  const Extent extent = ExtentOf(*this);
  size += (length_ + 1) * 4;
  if (IsBinary(type_)) return size + extent.last - extent.first;
  for (const Column& column : *children_) {
    size += column.Slice(extent.first, extent.last - extent.first).SizeBytes();
  }
  return size;
}

}  // namespace coeval
