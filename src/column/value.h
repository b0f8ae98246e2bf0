// Value: one cell, apart from any column. For keys of requests, defaults, literals, test stories
// and JSON; never in a loop over a batch.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "column/type.h"

namespace coeval {

__extension__ using Int128 = __int128;

// A value without its type: int32, int64, timestamp (µs) and date (days) are integers; float32 is
// held as the double of the same value; string and bytes are strings. Floats are canonical (rule
// 1.5): MakeDouble turns every NaN into the one NaN and keeps the sign of -0.0.
class Value {
 public:
  using List = std::vector<Value>;
  using Map = std::vector<std::pair<Value, Value>>;  // in key order

  Value() = default;  // null
  static Value Bool(bool b);
  static Value Int(std::int64_t i);
  static Value Double(double d);
  static Value String(std::string s);
  static Value Decimal(Int128 unscaled);
  static Value MakeList(List elements);  // lists and vectors
  static Value MakeMap(Map entries);     // sorts by key order (rule 1.5)

  [[nodiscard]] bool is_null() const { return value_.index() == 0; }

  [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(value_); }

  [[nodiscard]] bool is_int() const { return std::holds_alternative<std::int64_t>(value_); }

  [[nodiscard]] bool is_double() const { return std::holds_alternative<double>(value_); }

  [[nodiscard]] bool is_string() const { return std::holds_alternative<std::string>(value_); }

  [[nodiscard]] bool is_decimal() const { return std::holds_alternative<Int128>(value_); }

  [[nodiscard]] bool is_list() const { return value_.index() == 6; }

  [[nodiscard]] bool is_map() const { return value_.index() == 7; }

  // REQUIRES: the value is of that kind.
  [[nodiscard]] bool AsBool() const { return std::get<bool>(value_); }

  [[nodiscard]] std::int64_t AsInt() const { return std::get<std::int64_t>(value_); }

  [[nodiscard]] double AsDouble() const { return std::get<double>(value_); }

  [[nodiscard]] const std::string& AsString() const { return std::get<std::string>(value_); }

  [[nodiscard]] Int128 AsDecimal() const { return std::get<Int128>(value_); }

  [[nodiscard]] const List& AsList() const { return *std::get<6>(value_); }

  [[nodiscard]] const Map& AsMap() const { return *std::get<7>(value_); }

  // Bit for bit (rule 7.8): 0.0 and -0.0 differ, NaN equals NaN, 1 and 1.0 differ.
  friend bool SameBits(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Int128,
               std::shared_ptr<const List>, std::shared_ptr<const Map>>
      value_;
};

bool SameBits(const Value& a, const Value& b);

// The order of rule 1.5 within one type: null lowest, -0.0 < 0.0, NaN last, strings by bytes, lists
// element by element then shorter first, maps as lists of pairs. Negative, zero, positive.
int CompareValues(const Value& a, const Value& b);

// The one NaN (rule 1.5): bits 0x7FF8000000000000 (0x7FC00000 as float32).
double CanonicalNan();
double Canonical(double d);
float Canonical(float f);

// Is it a value of that type (null always is)? Nested values are looked into; a float64 may become
// a float32 by rounding, but not an infinity. Errors: InvalidArgument that says what does not fit.
Status CheckValue(const Value& value, const DataType& type);

// "-12.50" for (-1250, 2).
std::string DecimalText(Int128 unscaled, int scale);

// "null", "3.5", "'text'", "[1, 2]": for messages and scenario files; floats in shortest form,
// times and dates in ISO 8601, bytes as x'00ff', maps as {'a': 1}.
std::string ToText(const Value& value, const DataType& type);

}  // namespace coeval
