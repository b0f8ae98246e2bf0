// The order and the identity of cells (rules 1.5 and 7.8), column by column.
#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "column/column.h"

namespace coeval {

namespace {

template <typename T>
int OrderOf(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

// IEEE bits made monotonic, as in CompareValues.
template <typename Bits, typename Float>
Bits FloatOrder(Float value) {
  const auto bits = std::bit_cast<Bits>(value);
  return bits >= 0 ? bits : static_cast<Bits>(~(bits & std::numeric_limits<Bits>::max()));
}

int CompareElements(const Column& a, std::int64_t row_a, const Column& b, std::int64_t row_b) {
  const Column::Extent x = a.elements(row_a);
  const Column::Extent y = b.elements(row_b);
  const bool map = a.type().id() == TypeId::kMap;
  const std::int64_t common = std::min(x.last - x.first, y.last - y.first);
  for (std::int64_t i = 0; i < common; ++i) {
    int order = CompareCells(a.child(0), x.first + i, b.child(0), y.first + i);
    if (order == 0 && map) {
      order = CompareCells(a.child(1), x.first + i, b.child(1), y.first + i);
    }
    if (order != 0) return order;
  }
  return OrderOf(x.last - x.first, y.last - y.first);
}

}  // namespace

int CompareCells(const Column& a, std::int64_t row_a, const Column& b, std::int64_t row_b) {
  if (a.IsNull(row_a) || b.IsNull(row_b)) return OrderOf(!a.IsNull(row_a), !b.IsNull(row_b));
  const auto i = static_cast<std::size_t>(row_a);
  const auto j = static_cast<std::size_t>(row_b);
  switch (a.type().id()) {
    case TypeId::kNull:
      return 0;
    case TypeId::kBool:
      return OrderOf(a.values<std::uint8_t>()[i], b.values<std::uint8_t>()[j]);
    case TypeId::kInt32:
    case TypeId::kDate:
      return OrderOf(a.values<std::int32_t>()[i], b.values<std::int32_t>()[j]);
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return OrderOf(a.values<std::int64_t>()[i], b.values<std::int64_t>()[j]);
    case TypeId::kFloat32:
      return OrderOf(FloatOrder<std::int32_t>(a.values<float>()[i]),
                     FloatOrder<std::int32_t>(b.values<float>()[j]));
    case TypeId::kFloat64:
      return OrderOf(FloatOrder<std::int64_t>(a.values<double>()[i]),
                     FloatOrder<std::int64_t>(b.values<double>()[j]));
    case TypeId::kString:
    case TypeId::kBytes:
      return OrderOf(a.bytes(row_a), b.bytes(row_b));
    case TypeId::kDecimal128:
      return OrderOf(a.values<Int128>()[i], b.values<Int128>()[j]);
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      return CompareElements(a, row_a, b, row_b);
  }
  return 0;
}

bool SameBits(const Column& a, const Column& b) {
  if (!(a.type() == b.type()) || a.length() != b.length()) return false;
  const int width = a.type().width();
  if (width > 0 && !a.may_have_nulls() && !b.may_have_nulls()) {
    return a.length() == 0 || std::memcmp(a.values_buffer().data, b.values_buffer().data,
                                          static_cast<std::size_t>(a.length() * width)) == 0;
  }
  // Within one type, cells compare equal only where all bits are equal.
  for (std::int64_t row = 0; row < a.length(); ++row) {
    if (CompareCells(a, row, b, row) != 0) return false;
  }
  return true;
}

}  // namespace coeval
