#include "column/tie_encoding.h"

#include <bit>
#include <concepts>
#include <cstring>
#include <string_view>

namespace coeval {

namespace {

template <std::unsigned_integral T>
void AppendBigEndian(T value, std::string* out) {
  if constexpr (std::endian::native == std::endian::little) {
    value = sizeof(T) == 4 ? static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)))
                           : static_cast<T>(__builtin_bswap64(value));
  }
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out->append(bytes, sizeof(T));
}

void AppendInt32(std::int32_t value, std::string* out) {
  AppendBigEndian(static_cast<std::uint32_t>(value) ^ 0x8000'0000U, out);
}

void AppendInt64(std::int64_t value, std::string* out) {
  AppendBigEndian(static_cast<std::uint64_t>(value) ^ 0x8000'0000'0000'0000U, out);
}

void AppendFloat32(float value, std::string* out) {
  const auto bits = std::bit_cast<std::uint32_t>(Canonical(value));
  AppendBigEndian((bits >> 31) == 0 ? bits ^ 0x8000'0000U : ~bits, out);
}

void AppendFloat64(double value, std::string* out) {
  const auto bits = std::bit_cast<std::uint64_t>(Canonical(value));
  AppendBigEndian((bits >> 63) == 0 ? bits ^ 0x8000'0000'0000'0000U : ~bits, out);
}

void AppendDecimal(Int128 value, std::string* out) {
  __extension__ using UInt128 = unsigned __int128;
  const auto bits = static_cast<UInt128>(value);
  AppendInt64(static_cast<std::int64_t>(bits >> 64), out);
  AppendBigEndian(static_cast<std::uint64_t>(bits), out);
}

void AppendEscaped(std::string_view bytes, std::string* out) {
  std::size_t from = 0;
  for (std::size_t at = bytes.find('\0'); at != std::string_view::npos;
       at = bytes.find('\0', from)) {
    out->append(bytes.substr(from, at + 1 - from));
    *out += '\xFF';
    from = at + 1;
  }
  out->append(bytes.substr(from));
  out->append(2, '\0');
}

constexpr char kNullMark = '\x00';
constexpr char kValueMark = '\x01';
constexpr char kElementMark = '\x01';
constexpr char kEndMark = '\x00';

void AppendNested(const Column& column, std::int64_t row, std::string* out) {
  const Column::Extent extent = column.elements(row);
  for (std::int64_t e = extent.first; e < extent.last; ++e) {
    *out += kElementMark;
    AppendTieBytes(column.child(0), e, out);
    if (column.type().id() == TypeId::kMap) AppendTieBytes(column.child(1), e, out);
  }
  *out += kEndMark;
}

void AppendNested(const Value& value, const DataType& type, std::string* out) {
  if (type.id() == TypeId::kMap) {
    for (const auto& [key, item] : value.AsMap()) {
      *out += kElementMark;
      AppendTieBytes(key, type.child(0), out);
      AppendTieBytes(item, type.child(1), out);
    }
  } else {
    for (const Value& element : value.AsList()) {
      *out += kElementMark;
      AppendTieBytes(element, type.child(0), out);
    }
  }
  *out += kEndMark;
}

}  // namespace

void AppendTieBytes(const Column& column, std::int64_t row, std::string* out) {
  if (column.IsNull(row)) {
    *out += kNullMark;
    return;
  }
  *out += kValueMark;
  const auto i = static_cast<std::size_t>(row);
  switch (column.type().id()) {
    case TypeId::kNull:
      break;
    case TypeId::kBool:
      *out += column.values<std::uint8_t>()[i] != 0 ? '\x01' : '\x00';
      break;
    case TypeId::kInt32:
    case TypeId::kDate:
      AppendInt32(column.values<std::int32_t>()[i], out);
      break;
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      AppendInt64(column.values<std::int64_t>()[i], out);
      break;
    case TypeId::kFloat32:
      AppendFloat32(column.values<float>()[i], out);
      break;
    case TypeId::kFloat64:
      AppendFloat64(column.values<double>()[i], out);
      break;
    case TypeId::kString:
    case TypeId::kBytes:
      AppendEscaped(column.bytes(row), out);
      break;
    case TypeId::kDecimal128:
      AppendDecimal(column.values<Int128>()[i], out);
      break;
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      AppendNested(column, row, out);
      break;
  }
}

void AppendTieBytes(const Value& value, const DataType& type, std::string* out) {
  if (value.is_null()) {
    *out += kNullMark;
    return;
  }
  *out += kValueMark;
  switch (type.id()) {
    case TypeId::kNull:
      break;
    case TypeId::kBool:
      *out += value.AsBool() ? '\x01' : '\x00';
      break;
    case TypeId::kInt32:
    case TypeId::kDate:
      AppendInt32(static_cast<std::int32_t>(value.AsInt()), out);
      break;
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      AppendInt64(value.AsInt(), out);
      break;
    case TypeId::kFloat32:
      AppendFloat32(static_cast<float>(value.AsDouble()), out);
      break;
    case TypeId::kFloat64:
      AppendFloat64(value.AsDouble(), out);
      break;
    case TypeId::kString:
    case TypeId::kBytes:
      AppendEscaped(value.AsString(), out);
      break;
    case TypeId::kDecimal128:
      AppendDecimal(value.AsDecimal(), out);
      break;
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      AppendNested(value, type, out);
      break;
  }
}

std::string TieBytes(std::span<const Column> columns, std::int64_t row) {
  std::string bytes;
  for (const Column& column : columns) AppendTieBytes(column, row, &bytes);
  return bytes;
}

}  // namespace coeval
