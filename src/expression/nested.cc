#include "expression/nested.h"

#include <cstring>

namespace coeval {

namespace {

template <typename To, typename From>
void Widen(const Column& column, std::int64_t first, std::int64_t rows, Vec& out) {
  const From* const from = column.values<From>().data() + first;
  To* const to = out.as<To>();
  for (std::int64_t row = 0; row < rows; ++row) to[row] = from[row];
}

template <typename T>
void Point(const Column& column, std::int64_t first, Vec& out) {
  // Only read: kernels write to registers of their own.
  out.values = const_cast<T*>(column.values<T>().data() + first);
}

Int128 DecimalAt(const Column& column, std::int64_t row) {
  Int128 value = 0;
  // Foreign buffers may lie at 8 bytes, where a load of 16 would trap.
  std::memcpy(&value, column.values_buffer().data + row * std::int64_t{sizeof(Int128)},
              sizeof(Int128));
  return value;
}

void LoadStates(const Column& column, std::int64_t first, std::int64_t rows, Vec& out) {
  out.clean = true;
  if (!column.may_have_nulls()) return;
  for (std::int64_t row = 0; row < rows; ++row) {
    const bool null = column.IsNull(first + row);
    out.state[row] = null ? kNull : kValue;
    out.clean &= !null;
  }
}

}  // namespace

RowState ReadCell(const Column& column, std::int64_t source_row, Vec& out, std::int64_t row) {
  if (column.IsNull(source_row)) return kNull;
  const auto at = static_cast<std::size_t>(source_row);
  switch (column.type().id()) {
    case TypeId::kNull:
      return kNull;
    case TypeId::kBool:
      out.as<std::uint8_t>()[row] = column.values<std::uint8_t>()[at];
      break;
    case TypeId::kInt32:
    case TypeId::kDate:
      out.as<std::int64_t>()[row] = column.values<std::int32_t>()[at];
      break;
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      out.as<std::int64_t>()[row] = column.values<std::int64_t>()[at];
      break;
    case TypeId::kFloat32:
      out.as<double>()[row] = double{column.values<float>()[at]};
      break;
    case TypeId::kFloat64:
      out.as<double>()[row] = column.values<double>()[at];
      break;
    case TypeId::kString:
    case TypeId::kBytes:
      out.as<std::string_view>()[row] = column.bytes(source_row);
      break;
    case TypeId::kDecimal128:
      out.as<Int128>()[row] = DecimalAt(column, source_row);
      break;
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      out.as<NestedRef>()[row] = {&column, source_row};
      break;
  }
  return kValue;
}

void LoadColumn(const Column& column, std::int64_t first, std::int64_t rows, Vec& out) {
  LoadStates(column, first, rows, out);
  switch (column.type().id()) {
    case TypeId::kNull:
      return;
    case TypeId::kBool:
      return Point<std::uint8_t>(column, first, out);
    case TypeId::kInt32:
    case TypeId::kDate:
      return Widen<std::int64_t, std::int32_t>(column, first, rows, out);
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return Point<std::int64_t>(column, first, out);
    case TypeId::kFloat32:
      return Widen<double, float>(column, first, rows, out);
    case TypeId::kFloat64:
      return Point<double>(column, first, out);
    case TypeId::kString:
    case TypeId::kBytes:
      for (std::int64_t row = 0; row < rows; ++row) {
        if (out.StateOf(row) == kValue) out.as<std::string_view>()[row] = column.bytes(first + row);
      }
      return;
    case TypeId::kDecimal128:
      for (std::int64_t row = 0; row < rows; ++row) {
        out.as<Int128>()[row] = DecimalAt(column, first + row);
      }
      return;
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      for (std::int64_t row = 0; row < rows; ++row) {
        out.as<NestedRef>()[row] = {&column, first + row};
      }
      return;
  }
}

namespace {

template <typename T>
void ReadAs(const Column& column, std::int64_t first, std::int64_t count, double* out) {
  const T* const from = column.values<T>().data() + first;
  for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<double>(from[i]);
}

}  // namespace

void ReadNumbers(const Column& column, std::int64_t first, std::int64_t count, double* out) {
  switch (column.type().id()) {
    case TypeId::kInt32:
      return ReadAs<std::int32_t>(column, first, count, out);
    case TypeId::kInt64:
      return ReadAs<std::int64_t>(column, first, count, out);
    case TypeId::kFloat32:
      return ReadAs<float>(column, first, count, out);
    case TypeId::kFloat64:
      return ReadAs<double>(column, first, count, out);
    default:
      COEVAL_CHECK(false);
  }
}

bool NoNulls(const Column& column, std::int64_t first, std::int64_t last) {
  if (!column.may_have_nulls()) return true;
  for (std::int64_t i = first; i < last; ++i) {
    if (column.IsNull(i)) return false;
  }
  return true;
}

}  // namespace coeval
