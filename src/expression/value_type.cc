#include "expression/value_type.h"

#include <algorithm>

namespace coeval {

ValueType ValueType::Interval() {
  ValueType type(TypeId::kInt64);
  type.interval_ = true;
  return type;
}

Physical ValueType::physical() const {
  switch (data_.id()) {
    case TypeId::kNull:
    case TypeId::kBool:
      return Physical::kBool;
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kTimestamp:
    case TypeId::kDate:
      return Physical::kInt;
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return Physical::kFloat;
    case TypeId::kString:
    case TypeId::kBytes:
      return Physical::kText;
    case TypeId::kDecimal128:
      return Physical::kDecimal;
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      return Physical::kNested;
  }
  return Physical::kBool;
}

std::string ValueType::ToString() const {
  return interval_ ? "interval" : data_.ToString();
}

DataType DecimalOfInt(const ValueType& type) {
  return DataType::Decimal(type.Is(TypeId::kInt32) ? 10 : 19, 0);
}

namespace {

std::optional<ValueType> CommonDecimal(const ValueType& a, const ValueType& b) {
  const DataType x = a.is_int() ? DecimalOfInt(a) : a.data();
  const DataType y = b.is_int() ? DecimalOfInt(b) : b.data();
  const int scale = std::max(x.scale(), y.scale());
  const int whole = std::max(x.precision() - x.scale(), y.precision() - y.scale());
  if (whole + scale <= 38) return ValueType(DataType::Decimal(whole + scale, scale));
  // An int64 beside a very fine decimal: keep the scale; what does not fit is an error of its row.
  if (a.is_int() || b.is_int()) return ValueType(DataType::Decimal(38, scale));
  return std::nullopt;
}

bool IsNumber(const ValueType& type) {
  return type.is_int() || type.is_float() || type.is_decimal();
}

}  // namespace

std::optional<ValueType> CommonType(const ValueType& a, const ValueType& b) {
  if (a == b || b.is_null()) return a;
  if (a.is_null()) return b;
  if (a.is_int() && b.is_int()) return ValueType(TypeId::kInt64);
  if (IsNumber(a) && IsNumber(b)) {
    if (a.is_float() || b.is_float()) return ValueType(TypeId::kFloat64);
    return CommonDecimal(a, b);
  }
  const auto is_time = [](const ValueType& t) {
    return t.Is(TypeId::kDate) || t.Is(TypeId::kTimestamp);
  };
  if (is_time(a) && is_time(b)) return ValueType(TypeId::kTimestamp);
  return std::nullopt;
}

std::optional<int> ImplicitCost(const ValueType& from, const ValueType& to) {
  if (from == to) return 0;
  if (from.is_null()) return 1;
  if (from.Is(TypeId::kInt32) && to.Is(TypeId::kInt64)) return 1;
  if (from.Is(TypeId::kFloat32) && to.Is(TypeId::kFloat64)) return 1;
  if (from.Is(TypeId::kFloat64) && to.Is(TypeId::kFloat32)) return 3;
  if (from.is_int() && to.Is(TypeId::kFloat64)) return 4;
  if (from.is_int() && to.Is(TypeId::kFloat32)) return 5;
  if (from.is_int() && to.is_decimal()) return 3;
  if (from.is_decimal() && to.is_float()) return 6;
  if (from.is_decimal() && to.is_decimal()) {
    const bool fits =
        to.data().scale() >= from.data().scale() &&
        to.data().precision() - to.data().scale() >= from.data().precision() - from.data().scale();
    if (fits) return 1;
    return std::nullopt;
  }
  if (from.Is(TypeId::kDate) && to.Is(TypeId::kTimestamp)) return 2;
  return std::nullopt;
}

}  // namespace coeval
