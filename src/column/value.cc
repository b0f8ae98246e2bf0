#include "column/value.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "base/time.h"

namespace coeval {
namespace {

// The IEEE bits made monotonic (rule 1.5): -inf < ... < -0.0 < 0.0 < ... < +inf < NaN.
std::int64_t FloatOrder(double value) {
  const auto bits = std::bit_cast<std::int64_t>(Canonical(value));
  return bits >= 0 ? bits : -(bits & 0x7FFFFFFFFFFFFFFF) - 1;
}

template <typename T>
int Compare(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

int CompareLists(const Value::List& a, const Value::List& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const int order = CompareValues(a[i], b[i]); order != 0) return order;
  }
  return Compare(a.size(), b.size());
}

int CompareMaps(const Value::Map& a, const Value::Map& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const int order = CompareValues(a[i].first, b[i].first); order != 0) return order;
    if (const int order = CompareValues(a[i].second, b[i].second); order != 0) return order;
  }
  return Compare(a.size(), b.size());
}

// Which kind stands first where two values are of different kinds; only null is meaningful.
int KindOf(const Value& v) {
  if (v.is_null()) return 0;
  if (v.is_bool()) return 1;
  if (v.is_int()) return 2;
  if (v.is_double()) return 3;
  if (v.is_string()) return 4;
  if (v.is_decimal()) return 5;
  return v.is_list() ? 6 : 7;
}

std::string DecimalText(Int128 unscaled, int scale) {
  const bool negative = unscaled < 0;
  unsigned __int128 rest = negative ? 0 - static_cast<unsigned __int128>(unscaled)
                                    : static_cast<unsigned __int128>(unscaled);
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  while (digits.size() <= static_cast<std::size_t>(scale)) digits += '0';
  std::reverse(digits.begin(), digits.end());
  if (scale > 0) digits.insert(digits.size() - static_cast<std::size_t>(scale), ".");
  return (negative ? "-" : "") + digits;
}

std::string QuotedText(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c;
    if (c == '\'') quoted += '\'';
  }
  return quoted + "'";
}

std::string HexText(const std::string& bytes) {
  std::string text = "0x";
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string DoubleText(double value, const DataType& type) {
  if (std::isnan(value)) return "nan";
  if (type.id() == TypeId::kFloat32) return fmt::format("{}", static_cast<float>(value));
  return fmt::format("{}", value);
}

}  // namespace

Value Value::Bool(bool b) {
  Value v;
  v.value_ = b;
  return v;
}

Value Value::Int(std::int64_t i) {
  Value v;
  v.value_ = i;
  return v;
}

Value Value::Double(double d) {
  Value v;
  v.value_ = Canonical(d);
  return v;
}

Value Value::String(std::string s) {
  Value v;
  v.value_ = std::move(s);
  return v;
}

Value Value::Decimal(Int128 unscaled) {
  Value v;
  v.value_ = unscaled;
  return v;
}

Value Value::MakeList(List elements) {
  Value v;
  v.value_.emplace<6>(std::make_shared<const List>(std::move(elements)));
  return v;
}

Value Value::MakeMap(Map entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return CompareValues(a.first, b.first) < 0;
  });
  Value v;
  v.value_.emplace<7>(std::make_shared<const Map>(std::move(entries)));
  return v;
}

bool SameBits(const Value& a, const Value& b) {
  return KindOf(a) == KindOf(b) && CompareValues(a, b) == 0;
}

int CompareValues(const Value& a, const Value& b) {
  if (const int order = Compare(KindOf(a), KindOf(b)); order != 0) return order;
  switch (KindOf(a)) {
    case 1: return Compare(a.AsBool(), b.AsBool());
    case 2: return Compare(a.AsInt(), b.AsInt());
    case 3: return Compare(FloatOrder(a.AsDouble()), FloatOrder(b.AsDouble()));
    case 4: return Compare(a.AsString().compare(b.AsString()), 0);
    case 5: return Compare(a.AsDecimal(), b.AsDecimal());
    case 6: return CompareLists(a.AsList(), b.AsList());
    case 7: return CompareMaps(a.AsMap(), b.AsMap());
    default: return 0;
  }
}

double CanonicalNan() { return std::bit_cast<double>(std::uint64_t{0x7FF8000000000000}); }

double Canonical(double d) { return std::isnan(d) ? CanonicalNan() : d; }

float Canonical(float f) {
  return std::isnan(f) ? std::bit_cast<float>(std::uint32_t{0x7FC00000}) : f;
}

std::string ToText(const Value& value, const DataType& type) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.AsBool() ? "true" : "false";
  if (value.is_int()) {
    if (type.id() == TypeId::kTimestamp) return FormatTime(value.AsInt());
    if (type.id() == TypeId::kDate) {
      std::int64_t micros = 0;
      if (!__builtin_mul_overflow(value.AsInt(), kDay, &micros)) {
        const std::string text = FormatTime(micros);
        return text.substr(0, text.find('T'));
      }
    }
    return std::to_string(value.AsInt());
  }
  if (value.is_double()) return DoubleText(value.AsDouble(), type);
  if (value.is_decimal()) return DecimalText(value.AsDecimal(), type.scale());
  if (value.is_string()) {
    return type.id() == TypeId::kBytes ? HexText(value.AsString()) : QuotedText(value.AsString());
  }
  const bool typed = type.is_nested();
  std::string text;
  if (value.is_list()) {
    for (const Value& element : value.AsList()) {
      text += (text.empty() ? "" : ", ") + ToText(element, typed ? type.child(0) : DataType());
    }
    return "[" + text + "]";
  }
  for (const auto& [key, item] : value.AsMap()) {
    text += (text.empty() ? "" : ", ") + ToText(key, typed ? type.child(0) : DataType()) + ": " +
            ToText(item, typed ? type.child(1) : DataType());
  }
  return "{" + text + "}";
}

}  // namespace coeval
