// ValueType: what a part of an expression gives: a type of column/type.h, or an interval.
//
//   dep_delay            int32        -> held as int64 while it is computed (rule 6.3)
//   dep_delay / 60       float64
//   now() - last_seen    interval     an exact number of microseconds; never the type of a result
//
// Which types may stand for which others without an explicit cast is decided here, once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "column/type.h"

namespace coeval {

// How values lie in a register while they are computed.
enum class Physical : std::uint8_t {
  kBool,     // std::uint8_t, 0 or 1; also the type null
  kInt,      // std::int64_t: int32, int64, timestamp (µs), date (days), interval (µs)
  kFloat,    // double: float32, float64
  kText,     // std::string_view: string, bytes
  kDecimal,  // Int128
  kNested,   // NestedRef (vector.h): list, vector, map
};

inline constexpr int kPhysicalKinds = 6;

// Immutable; copies are cheap. Threads: any.
class ValueType {
 public:
  ValueType() = default;  // null

  ValueType(DataType data) : data_(std::move(data)) {}  // NOLINT(google-explicit-constructor)

  ValueType(TypeId id) : data_(id) {}  // NOLINT(google-explicit-constructor)

  static ValueType Interval();

  [[nodiscard]] bool is_interval() const { return interval_; }

  // REQUIRES for meaning: not an interval (an interval's data type is int64).
  [[nodiscard]] const DataType& data() const { return data_; }

  [[nodiscard]] bool Is(TypeId id) const { return !interval_ && data_.id() == id; }

  [[nodiscard]] bool is_null() const { return Is(TypeId::kNull); }

  [[nodiscard]] bool is_int() const { return Is(TypeId::kInt32) || Is(TypeId::kInt64); }

  [[nodiscard]] bool is_float() const { return Is(TypeId::kFloat32) || Is(TypeId::kFloat64); }

  [[nodiscard]] bool is_decimal() const { return Is(TypeId::kDecimal128); }

  [[nodiscard]] bool is_nested() const { return !interval_ && data_.is_nested(); }

  [[nodiscard]] Physical physical() const;
  // The spelling of DataType::ToString, or "interval".
  [[nodiscard]] std::string ToString() const;

  friend bool operator==(const ValueType&, const ValueType&) = default;

 private:
  DataType data_;
  bool interval_ = false;
};

// The least type that both can become without an explicit cast: null gives the other, int32 < int64
// < float64, int < decimal < float64, float32 < float64, int32 and float32 give float64, date <
// timestamp; decimals of two shapes give one that holds both, if 38 digits do.
std::optional<ValueType> CommonType(const ValueType& a, const ValueType& b);

// How far `from` is from `to` for an implicit conversion: 0 the same, more where it changes more;
// nothing where only an explicit cast, or none, leads there.
std::optional<int> ImplicitCost(const ValueType& from, const ValueType& to);

// The decimal that holds every value of an int32 or int64: decimal(10, 0), decimal(19, 0).
DataType DecimalOfInt(const ValueType& type);

}  // namespace coeval
