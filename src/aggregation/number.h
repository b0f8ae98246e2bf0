// A number of any kind as a double, once rounded: for weights and ratios, which are not exact.
#pragma once

#include "column/column.h"
#include "expression/decimal.h"

namespace coeval {

// REQUIRES: a bool, integer, float or decimal that is not null.
inline double NumberAt(const Column& column, std::int64_t row) {
  const auto i = static_cast<std::size_t>(row);
  switch (column.type().id()) {
    case TypeId::kBool:
      return column.values<std::uint8_t>()[i];
    case TypeId::kInt32:
      return column.values<std::int32_t>()[i];
    case TypeId::kInt64:
      return static_cast<double>(column.values<std::int64_t>()[i]);
    case TypeId::kFloat32:
      return static_cast<double>(column.values<float>()[i]);
    case TypeId::kDecimal128:
      return DecimalToDouble(column.values<Int128>()[i], column.type().scale());
    default:
      return column.values<double>()[i];
  }
}

}  // namespace coeval
