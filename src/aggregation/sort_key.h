// Sort keys: the values of a scalar type as keys whose plain order is that of rule 1.5.
//
//   std::uint64_t   bool, int32, int64, date, timestamp, float32, float64 (widened)
//   UInt128         decimal
//   std::string     string, bytes
//
//   int64  -1 -> 0x7FFF...   0 -> 0x8000...        float64  -0.0 < 0.0, NaN the greatest
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "aggregation/events.h"
#include "aggregation/exact_sum.h"
#include "aggregation/state_bytes.h"
#include "column/builder.h"

namespace coeval {

// Are 0.0 and -0.0 two values (order, min, quantile) or one, 0.0 (rule 1.5: distinct, mode)?
enum class Zeros : std::uint8_t { kTwo, kOne };

inline std::uint64_t SortKeyOf(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (1ULL << 63);
}

inline std::uint64_t SortKeyOf(double value, Zeros zeros) {
  if (zeros == Zeros::kOne && value == 0.0) value = 0.0;
  const auto bits = std::bit_cast<std::uint64_t>(value);
  return (bits >> 63) != 0 ? ~bits : bits ^ (1ULL << 63);
}

inline UInt128 SortKeyOf(Int128 value) {
  return static_cast<UInt128>(value) ^ (UInt128{1} << 127);
}

inline std::int64_t IntegerOf(std::uint64_t key) {
  return static_cast<std::int64_t>(key ^ (1ULL << 63));
}

inline double RealOf(std::uint64_t key) {
  return std::bit_cast<double>((key >> 63) != 0 ? key ^ (1ULL << 63) : ~key);
}

inline Int128 DecimalOf(UInt128 key) {
  return static_cast<Int128>(key ^ (UInt128{1} << 127));
}

inline bool IsFloat(const DataType& type) {
  return type.id() == TypeId::kFloat32 || type.id() == TypeId::kFloat64;
}

// The key of a cell that is not null. K as above; strings are borrowed views.
template <class K>
auto SortKeyAt(const Column& column, std::int64_t row, Zeros zeros) {
  const auto i = static_cast<std::size_t>(row);
  if constexpr (std::is_same_v<K, std::string>) {
    return column.bytes(row);
  } else if constexpr (std::is_same_v<K, UInt128>) {
    return SortKeyOf(column.values<Int128>()[i]);
  } else {
    switch (column.type().id()) {
      case TypeId::kBool:
        return SortKeyOf(std::int64_t{column.values<std::uint8_t>()[i]});
      case TypeId::kInt32:
      case TypeId::kDate:
        return SortKeyOf(std::int64_t{column.values<std::int32_t>()[i]});
      case TypeId::kFloat32:
        return SortKeyOf(static_cast<double>(column.values<float>()[i]), zeros);
      case TypeId::kFloat64:
        return SortKeyOf(column.values<double>()[i], zeros);
      default:
        return SortKeyOf(column.values<std::int64_t>()[i]);
    }
  }
}

// f(key) for the events in [first, last) whose argument has a value. The common columns are chosen
// once per call.
template <class K, class F>
void ForEachKey(const Events& events, std::int64_t first, std::int64_t last, Zeros zeros, F&& f) {
  const Column& column = events.arguments[0];
  if constexpr (std::is_same_v<K, std::uint64_t>) {
    if (column.type().id() == TypeId::kFloat64) {
      return ForEachFixed<double>(events, column, first, last,
                                  [&](double value) { f(SortKeyOf(value, zeros)); });
    }
    if (column.type().id() == TypeId::kInt64) {
      return ForEachFixed<std::int64_t>(events, column, first, last,
                                        [&](std::int64_t value) { f(SortKeyOf(value)); });
    }
  }
  for (std::int64_t position = first; position < last; ++position) {
    const std::int64_t row = events.Row(position);
    if (!column.IsNull(row)) f(SortKeyAt<K>(column, row, zeros));
  }
}

// Appends the value of a key to a builder of its type.
void AppendKey(std::uint64_t key, ColumnBuilder* out);
void AppendKey(UInt128 key, ColumnBuilder* out);
void AppendKey(const std::string& key, ColumnBuilder* out);

// Its bytes in a state: numbers in the width of the type, strings with their length.
void WriteKey(std::uint64_t key, const DataType& type, StateWriter* out);
void WriteKey(UInt128 key, const DataType& type, StateWriter* out);
void WriteKey(const std::string& key, const DataType& type, StateWriter* out);

// False where the bytes are no value of the type.
bool ReadKey(const DataType& type, StateReader* in, std::uint64_t* key);
bool ReadKey(const DataType& type, StateReader* in, UInt128* key);
bool ReadKey(const DataType& type, StateReader* in, std::string* key);

// What a hash is made of: the same for equal keys of any width.
std::uint64_t HashKey(std::uint64_t key);
std::uint64_t HashKey(UInt128 key);
std::uint64_t HashKey(std::string_view key);

// What a key holds beside itself.
inline std::size_t KeyBytes(std::uint64_t /*key*/) {
  return 0;
}

inline std::size_t KeyBytes(UInt128 /*key*/) {
  return 0;
}

inline std::size_t KeyBytes(std::string_view key) {
  return key.size();
}

// f.template operator()<K>() with the K of a type. REQUIRES: a scalar type.
template <class F>
auto WithSortKey(const DataType& type, F&& f) {
  switch (type.id()) {
    case TypeId::kString:
    case TypeId::kBytes:
      return f.template operator()<std::string>();
    case TypeId::kDecimal128:
      return f.template operator()<UInt128>();
    default:
      return f.template operator()<std::uint64_t>();
  }
}

}  // namespace coeval
