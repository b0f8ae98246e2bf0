#include "source/lossless_cast.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "base/utf8.h"
#include "column/column.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

namespace {

using Int = std::int64_t;

bool IsInt(TypeId id) {
  return id == TypeId::kInt32 || id == TypeId::kInt64;
}

bool IsFloat(TypeId id) {
  return id == TypeId::kFloat32 || id == TypeId::kFloat64;
}

bool IsSequence(TypeId id) {
  return id == TypeId::kList || id == TypeId::kVector;
}

bool PlainCastable(TypeId from, TypeId to) {
  if (from == to || from == TypeId::kNull) return true;
  if (IsInt(from)) return IsInt(to) || IsFloat(to) || to == TypeId::kDecimal128;
  if (IsFloat(from)) return IsInt(to) || IsFloat(to);
  if (from == TypeId::kDecimal128) return IsInt(to);
  if (from == TypeId::kDate) return to == TypeId::kTimestamp;
  return (from == TypeId::kString && to == TypeId::kBytes) ||
         (from == TypeId::kBytes && to == TypeId::kString);
}

bool Castable(const DataType& from, const DataType& to) {
  if (from.id() == TypeId::kNull) return true;
  if (IsSequence(from.id()) && IsSequence(to.id())) {
    const bool sizes =
        from.id() == TypeId::kList || to.id() == TypeId::kList || from.size() == to.size();
    return sizes && Castable(from.child(0), to.child(0));
  }
  if (from.id() == TypeId::kMap && to.id() == TypeId::kMap) {
    return Castable(from.child(0), to.child(0)) && Castable(from.child(1), to.child(1));
  }
  return !from.is_nested() && !to.is_nested() && PlainCastable(from.id(), to.id());
}

// -- single values: nothing where the value would change ------------------------------------------

template <typename To>
std::optional<To> Narrow(Int value) {
  if constexpr (std::is_floating_point_v<To>) {
    const To real = static_cast<To>(value);
    // 2^63 is no int64; every other float that an int64 rounds to is one.
    if (real >= static_cast<To>(9223372036854775808.0)) return std::nullopt;
    return static_cast<Int>(real) == value ? std::optional<To>(real) : std::nullopt;
  } else {
    const To narrow = static_cast<To>(value);
    return narrow == value ? std::optional<To>(narrow) : std::nullopt;
  }
}

template <typename To>
std::optional<To> Narrow(double value) {
  if constexpr (std::is_floating_point_v<To>) {
    if (std::isnan(value)) {
      if constexpr (sizeof(To) == 4) {
        return Canonical(std::numeric_limits<float>::quiet_NaN());
      } else {
        return CanonicalNan();
      }
    }
    const To narrow = static_cast<To>(value);
    return static_cast<double>(narrow) == value ? std::optional<To>(narrow) : std::nullopt;
  } else {
    if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0)) return std::nullopt;
    const Int integer = static_cast<Int>(value);
    if (static_cast<double>(integer) != value) return std::nullopt;
    return Narrow<To>(integer);
  }
}

Int128 PowerOfTen(int exponent) {
  Int128 power = 1;
  for (int i = 0; i < exponent; ++i) power *= 10;
  return power;
}

// An unscaled decimal of one scale as one of another, where it is exact and has room.
std::optional<Int128> Rescale(Int128 value, int from_scale, const DataType& to) {
  if (to.scale() >= from_scale) {
    const int digits = to.scale() - from_scale;
    if (digits > 38 && value != 0) return std::nullopt;
    Int128 result = 0;
    if (value != 0 && __builtin_mul_overflow(value, PowerOfTen(digits), &result)) {
      return std::nullopt;
    }
    value = result;
  } else {
    const Int128 power = PowerOfTen(std::min(38, from_scale - to.scale()));
    if (value % power != 0) return std::nullopt;
    value /= power;
  }
  const Int128 limit = PowerOfTen(to.precision());
  return value < limit && value > -limit ? std::optional<Int128>(value) : std::nullopt;
}

std::optional<TimeMicros> MidnightOf(std::int32_t days) {
  TimeMicros micros = 0;
  if (__builtin_mul_overflow(Int{days}, kDay, &micros)) return std::nullopt;
  return micros;
}

// -- columns --------------------------------------------------------------------------------------

// Fixed-width values one by one through `convert`, which gives nothing where a value does not fit.
template <typename From, typename To, typename Convert>
std::optional<Column> EachValue(const Column& column, const DataType& to, std::int64_t* bad_row,
                                Convert convert) {
  const auto values = column.values<From>();
  std::vector<To> result(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::optional<To> value = convert(values[i]);
    if (value) {
      result[i] = *value;
    } else if (!column.IsNull(static_cast<Int>(i))) {
      *bad_row = static_cast<Int>(i);
      return std::nullopt;
    }
  }
  return Column::FixedWidth(to, column.length(), MakeBuffer(std::move(result)),
                            column.validity_buffer());
}

template <typename From>
std::optional<Column> FromNumber(const Column& column, const DataType& to, std::int64_t* bad_row) {
  using Wide = std::conditional_t<std::is_floating_point_v<From>, double, Int>;
  const auto narrow = [](auto target) {
    using To = decltype(target);
    return [](From value) { return Narrow<To>(static_cast<Wide>(value)); };
  };
  switch (to.id()) {
    case TypeId::kInt32:
      return EachValue<From, std::int32_t>(column, to, bad_row, narrow(std::int32_t{}));
    case TypeId::kInt64:
      return EachValue<From, Int>(column, to, bad_row, narrow(Int{}));
    case TypeId::kFloat32:
      return EachValue<From, float>(column, to, bad_row, narrow(float{}));
    case TypeId::kFloat64:
      return EachValue<From, double>(column, to, bad_row, narrow(double{}));
    default:
      return EachValue<From, Int128>(column, to, bad_row, [&to](From value) {
        return Rescale(static_cast<Int128>(value), 0, to);
      });
  }
}

std::optional<Column> FromDecimal(const Column& column, const DataType& to, std::int64_t* bad_row) {
  const int scale = column.type().scale();
  if (to.id() == TypeId::kDecimal128) {
    return EachValue<Int128, Int128>(column, to, bad_row,
                                     [&](Int128 value) { return Rescale(value, scale, to); });
  }
  const auto integer = [scale](Int128 value) -> std::optional<Int> {
    const auto whole = Rescale(value, scale, DataType::Decimal(38, 0));
    if (!whole || *whole > std::numeric_limits<Int>::max() ||
        *whole < std::numeric_limits<Int>::min()) {
      return std::nullopt;
    }
    return static_cast<Int>(*whole);
  };
  if (to.id() == TypeId::kInt64) return EachValue<Int128, Int>(column, to, bad_row, integer);
  return EachValue<Int128, std::int32_t>(column, to, bad_row, [&integer](Int128 value) {
    const auto whole = integer(value);
    return whole ? Narrow<std::int32_t>(*whole) : std::nullopt;
  });
}

std::optional<Column> FromBytes(const Column& column, const DataType& to, std::int64_t* bad_row) {
  if (to.id() == TypeId::kString) {
    for (Int row = 0; row < column.length(); ++row) {
      if (!column.IsNull(row) && !IsUtf8(column.bytes(row))) {
        *bad_row = row;
        return std::nullopt;
      }
    }
  }
  return Column::Binary(to, column.length(), column.offsets_buffer(), column.values_buffer(),
                        column.validity_buffer());
}

std::optional<Column> Cast(const Column& column, const DataType& to, std::int64_t* bad_row);

// The elements of the rows that are not null, end to end, and where each row's begin. What a null
// row spans is nobody's value and must not decide whether a cast succeeds.
struct Flat {
  std::vector<std::int32_t> offsets;
  std::vector<Column> children;
};

Flat Flatten(const Column& column, std::size_t child_count) {
  Flat flat;
  flat.offsets.resize(static_cast<std::size_t>(column.length()) + 1);
  std::vector<Int> taken;
  bool contiguous = true;
  for (Int row = 0; row < column.length(); ++row) {
    const auto [first, last] = column.elements(row);
    if (!column.IsNull(row)) {
      if (first < last && !taken.empty() && taken.back() + 1 != first) contiguous = false;
      for (Int i = first; i < last; ++i) taken.push_back(i);
    }
    flat.offsets[static_cast<std::size_t>(row) + 1] = static_cast<std::int32_t>(taken.size());
  }
  const auto count = static_cast<Int>(taken.size());
  for (std::size_t i = 0; i < child_count; ++i) {
    flat.children.push_back(contiguous
                                ? column.child(i).Slice(taken.empty() ? 0 : taken.front(), count)
                                : column.child(i).Take(taken));
  }
  return flat;
}

Int RowOfElement(const Flat& flat, Int element) {
  const auto after = std::upper_bound(flat.offsets.begin(), flat.offsets.end(),
                                      static_cast<std::int32_t>(element));
  return after - flat.offsets.begin() - 1;
}

// Lists to vectors: each list must have exactly `size` elements, none of them null. At a null row
// the vector's elements are zeros.
template <typename T>
std::optional<Column> Pack(const Column& column, const Flat& flat, const Column& elements,
                           const DataType& to, std::int64_t* bad_row) {
  const Int size = to.size();
  std::vector<T> packed(static_cast<std::size_t>(column.length() * size));
  const auto values = elements.values<T>();
  for (Int row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) continue;
    const Int begin = flat.offsets[static_cast<std::size_t>(row)];
    const Int end = flat.offsets[static_cast<std::size_t>(row) + 1];
    bool whole = end - begin == size;
    for (Int i = begin; whole && i < end; ++i) whole = !elements.IsNull(i);
    if (!whole) {
      *bad_row = row;
      return std::nullopt;
    }
    std::memcpy(packed.data() + row * size, values.data() + begin,
                static_cast<std::size_t>(size) * sizeof(T));
  }
  Column child =
      Column::FixedWidth(to.child(0), column.length() * size, MakeBuffer(std::move(packed)));
  return Column::Nested(to, column.length(), {}, {std::move(child)}, column.validity_buffer());
}

std::optional<Column> CastNested(const Column& column, const DataType& to, std::int64_t* bad_row) {
  Flat flat = Flatten(column, to.id() == TypeId::kMap ? 2 : 1);
  std::vector<Column> children;
  for (std::size_t i = 0; i < flat.children.size(); ++i) {
    std::int64_t bad_element = -1;
    auto child = Cast(flat.children[i], to.child(i), &bad_element);
    if (!child) {
      *bad_row = RowOfElement(flat, bad_element);
      return std::nullopt;
    }
    children.push_back(*std::move(child));
  }
  if (to.id() == TypeId::kVector) {
    return to.child(0).id() == TypeId::kFloat32
               ? Pack<float>(column, flat, children.front(), to, bad_row)
               : Pack<double>(column, flat, children.front(), to, bad_row);
  }
  return Column::Nested(to, column.length(), MakeBuffer(std::move(flat.offsets)),
                        std::move(children), column.validity_buffer());
}

// REQUIRES: Castable.
std::optional<Column> Cast(const Column& column, const DataType& to, std::int64_t* bad_row) {
  if (column.type() == to) return column;
  switch (column.type().id()) {
    case TypeId::kNull:
      return Column::Nulls(to, column.length());
    case TypeId::kInt32:
      return FromNumber<std::int32_t>(column, to, bad_row);
    case TypeId::kInt64:
      return FromNumber<Int>(column, to, bad_row);
    case TypeId::kFloat32:
      return FromNumber<float>(column, to, bad_row);
    case TypeId::kFloat64:
      return FromNumber<double>(column, to, bad_row);
    case TypeId::kDecimal128:
      return FromDecimal(column, to, bad_row);
    case TypeId::kDate:
      return EachValue<std::int32_t, Int>(column, to, bad_row, MidnightOf);
    case TypeId::kString:
    case TypeId::kBytes:
      return FromBytes(column, to, bad_row);
    default:
      return CastNested(column, to, bad_row);
  }
}

}  // namespace

Status CheckCastable(const DataType& from, const DataType& to) {
  if (Castable(from, to)) return {};
  std::string text = from.ToString() + " cannot become " + to.ToString();
  if (from.id() == TypeId::kTimestamp && IsInt(to.id())) {
    return Status::InvalidArgument(text + "; declare timestamp");
  }
  return Status::InvalidArgument(text + "; declare " + from.ToString() +
                                 ", or convert the data before it is stored");
}

Result<Column> CastLossless(const Column& column, const DataType& to, std::int64_t* bad_row) {
  *bad_row = -1;
  COEVAL_RETURN_IF_ERROR(CheckCastable(column.type(), to));
  auto result = Cast(column, to, bad_row);
  if (result) return *std::move(result);
  return Status::InvalidArgument(ToText(column.GetValue(*bad_row), column.type()) +
                                 " does not fit " + to.ToString() + " without loss");
}

}  // namespace coeval
