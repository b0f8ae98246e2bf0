#include "column/builder.h"

#include <cstring>
#include <limits>
#include <utility>

namespace coeval {
namespace {

template <typename T>
void AppendRaw(std::vector<std::uint8_t>* bytes, T value) {
  const std::size_t at = bytes->size();
  bytes->resize(at + sizeof(T));
  std::memcpy(bytes->data() + at, &value, sizeof(T));
}

}  // namespace

ColumnBuilder::ColumnBuilder(DataType type) : type_(std::move(type)) {
  if (type_.is_nested()) {
    children_.emplace_back(type_.child(0));
    if (type_.id() == TypeId::kMap) children_.emplace_back(type_.child(1));
  }
  if (HasOffsets()) offsets_.push_back(0);
}

bool ColumnBuilder::HasOffsets() const {
  return type_.width() == 0 && type_.id() != TypeId::kNull && type_.id() != TypeId::kVector;
}

void ColumnBuilder::Reserve(std::int64_t rows) {
  const auto n = static_cast<std::size_t>(rows);
  validity_.reserve((n + 7) / 8);
  values_.reserve(n * static_cast<std::size_t>(type_.width()));
  if (HasOffsets()) offsets_.reserve(n + 1);
}

void ColumnBuilder::AppendValidity(bool valid) {
  if ((length_ & 7) == 0) validity_.push_back(0);
  if (valid) {
    validity_.back() |= static_cast<std::uint8_t>(1U << (length_ & 7));
  } else {
    ++null_count_;
  }
  ++length_;
}

void ColumnBuilder::CloseRow() {
  const std::size_t end =
      children_.empty() ? values_.size() : static_cast<std::size_t>(children_[0].length());
  COEVAL_CHECK(end <= static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max()));
  offsets_.push_back(static_cast<std::int32_t>(end));
}

void ColumnBuilder::AppendNull() {
  AppendValidity(false);
  if (type_.width() > 0) {
    values_.resize(values_.size() + static_cast<std::size_t>(type_.width()));
  } else if (type_.id() == TypeId::kVector) {
    for (int i = 0; i < type_.size(); ++i) children_[0].AppendDouble(0);
  } else if (HasOffsets()) {
    CloseRow();
  }
}

void ColumnBuilder::AppendBool(bool value) {
  AppendValidity(true);
  values_.push_back(value ? 1 : 0);
}

void ColumnBuilder::AppendInt(std::int64_t value) {
  AppendValidity(true);
  if (type_.width() == 4) {
    AppendRaw(&values_, static_cast<std::int32_t>(value));
  } else {
    AppendRaw(&values_, value);
  }
}

void ColumnBuilder::AppendDouble(double value) {
  AppendValidity(true);
  if (type_.width() == 4) {
    AppendRaw(&values_, Canonical(static_cast<float>(value)));
  } else {
    AppendRaw(&values_, Canonical(value));
  }
}

void ColumnBuilder::AppendBytes(std::string_view value) {
  AppendValidity(true);
  values_.insert(values_.end(), value.begin(), value.end());
  CloseRow();
}

void ColumnBuilder::AppendDecimal(Int128 unscaled) {
  AppendValidity(true);
  AppendRaw(&values_, unscaled);
}

Status ColumnBuilder::Append(const Value& value) {
  COEVAL_RETURN_IF_ERROR(CheckValue(value, type_));
  AppendChecked(value);
  return {};
}

void ColumnBuilder::AppendChecked(const Value& value) {
  if (value.is_null()) return AppendNull();
  if (value.is_bool()) return AppendBool(value.AsBool());
  if (value.is_int()) return AppendInt(value.AsInt());
  if (value.is_double()) return AppendDouble(value.AsDouble());
  if (value.is_string()) return AppendBytes(value.AsString());
  if (value.is_decimal()) return AppendDecimal(value.AsDecimal());
  if (value.is_list()) {
    for (const Value& element : value.AsList()) children_[0].AppendChecked(element);
  } else {
    for (const auto& [key, item] : value.AsMap()) {
      children_[0].AppendChecked(key);
      children_[1].AppendChecked(item);
    }
  }
  AppendNested();
}

void ColumnBuilder::AppendNested() {
  AppendValidity(true);
  if (HasOffsets()) {
    CloseRow();
  } else {
    COEVAL_CHECK(children_[0].length() == length_ * type_.size());
  }
}

void ColumnBuilder::AppendFrom(const Column& column, std::int64_t row) {
  if (column.IsNull(row)) return AppendNull();
  if (type_.is_nested()) {
    const Column::Extent extent = column.elements(row);
    for (std::size_t i = 0; i < children_.size(); ++i) {
      for (std::int64_t e = extent.first; e < extent.last; ++e) {
        children_[i].AppendFrom(column.child(i), e);
      }
    }
    return AppendNested();
  }
  AppendValidity(true);
  if (const int width = type_.width(); width > 0) {
    const std::uint8_t* value = column.values_buffer().data + row * width;
    values_.insert(values_.end(), value, value + width);
  } else {
    const std::string_view value = column.bytes(row);
    values_.insert(values_.end(), value.begin(), value.end());
    CloseRow();
  }
}

void ColumnBuilder::AppendValidityOf(const Column& column) {
  const std::int64_t rows = column.length();
  if (column.may_have_nulls()) {
    for (std::int64_t row = 0; row < rows; ++row) AppendValidity(!column.IsNull(row));
    return;
  }
  std::int64_t row = 0;
  for (; row < rows && (length_ & 7) != 0; ++row) AppendValidity(true);
  const std::int64_t whole = (rows - row) / 8;
  validity_.resize(validity_.size() + static_cast<std::size_t>(whole), 0xFF);
  length_ += whole * 8;
  for (row += whole * 8; row < rows; ++row) AppendValidity(true);
}

// The column's offsets, moved so that `start` lies where this builder's own elements end.
void ColumnBuilder::AppendOffsetsOf(const Column& column, std::int64_t start) {
  const auto* offsets = reinterpret_cast<const std::int32_t*>(column.offsets_buffer().data);
  const std::int64_t shift = offsets_.back() - start;
  const std::int64_t end = offsets[column.length()] + shift;
  COEVAL_CHECK(end <= std::numeric_limits<std::int32_t>::max());
  offsets_.reserve(offsets_.size() + static_cast<std::size_t>(column.length()));
  for (std::int64_t row = 1; row <= column.length(); ++row) {
    offsets_.push_back(static_cast<std::int32_t>(offsets[row] + shift));
  }
}

void ColumnBuilder::AppendColumn(const Column& column) {
  if (column.type().id() != type_.id()) {  // a column of nulls takes part as any type
    for (std::int64_t row = 0; row < column.length(); ++row) AppendNull();
    return;
  }
  if (column.length() == 0) return;
  AppendValidityOf(column);
  if (const int width = type_.width(); width > 0) {
    const std::uint8_t* first = column.values_buffer().data;
    values_.insert(values_.end(), first, first + column.length() * width);
    return;
  }
  if (type_.id() == TypeId::kNull) return;
  if (type_.id() == TypeId::kVector) return children_[0].AppendColumn(column.child(0));
  const std::int64_t start = column.elements(0).first;
  const std::int64_t end = column.elements(column.length() - 1).last;
  if (type_.is_nested()) {
    for (std::size_t i = 0; i < children_.size(); ++i) {
      children_[i].AppendColumn(column.child(i).Slice(start, end - start));
    }
  } else {
    const std::uint8_t* bytes = column.values_buffer().data;
    if (end > start) values_.insert(values_.end(), bytes + start, bytes + end);
  }
  AppendOffsetsOf(column, start);
}

Column ColumnBuilder::Finish() {
  ColumnBuilder done(type_);
  std::swap(done, *this);
  Buffer validity = done.null_count_ > 0 ? MakeBuffer(std::move(done.validity_)) : Buffer{};
  if (type_.id() == TypeId::kNull) return Column::Nulls(type_, done.length_);
  if (type_.width() > 0) {
    return Column::FixedWidth(type_, done.length_, MakeBuffer(std::move(done.values_)),
                              std::move(validity));
  }
  Buffer offsets = HasOffsets() ? MakeBuffer(std::move(done.offsets_)) : Buffer{};
  if (!type_.is_nested()) {
    return Column::Binary(type_, done.length_, std::move(offsets),
                          MakeBuffer(std::move(done.values_)), std::move(validity));
  }
  std::vector<Column> children;
  for (ColumnBuilder& child : done.children_) children.push_back(child.Finish());
  return Column::Nested(type_, done.length_, std::move(offsets), std::move(children),
                        std::move(validity));
}

}  // namespace coeval
