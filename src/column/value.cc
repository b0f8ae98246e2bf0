#include "column/value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "base/time.h"
#include "base/utf8.h"

namespace coeval {

namespace {

// IEEE bits made monotonic: -inf < ... < -0.0 < 0.0 < ... < inf < the one NaN.
std::int64_t FloatOrder(double d) {
  const auto bits = std::bit_cast<std::int64_t>(d);
  return bits >= 0 ? bits : std::int64_t{-1} - (bits & std::numeric_limits<std::int64_t>::max());
}

template <typename T>
int Order(const T& a, const T& b) {
  return a < b ? -1 : (b < a ? 1 : 0);
}

int OrderStrings(const std::string& a, const std::string& b) {
  const int order = std::memcmp(a.data(), b.data(), std::min(a.size(), b.size()));
  return order != 0 ? order : Order(a.size(), b.size());
}

int OrderLists(const Value::List& a, const Value::List& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const int order = CompareValues(a[i], b[i]); order != 0) return order;
  }
  return Order(a.size(), b.size());
}

int OrderMaps(const Value::Map& a, const Value::Map& b) {
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const int order = CompareValues(a[i].first, b[i].first); order != 0) return order;
    if (const int order = CompareValues(a[i].second, b[i].second); order != 0) return order;
  }
  return Order(a.size(), b.size());
}

// Which alternative of the variant a value of this type has.
int KindOf(const Value& value) {
  if (value.is_null()) return 0;
  if (value.is_bool()) return 1;
  if (value.is_int()) return 2;
  if (value.is_double()) return 3;
  if (value.is_string()) return 4;
  if (value.is_decimal()) return 5;
  return value.is_list() ? 6 : 7;
}

std::string FloatText(const Value& value, const DataType& type) {
  const double d = value.AsDouble();
  if (std::isnan(d)) return "nan";
  if (std::isinf(d)) return d > 0 ? "inf" : "-inf";
  std::string text = type.id() == TypeId::kFloat32 ? fmt::format("{}", static_cast<float>(d))
                                                   : fmt::format("{}", d);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string StringText(const std::string& bytes, const DataType& type) {
  if (type.id() == TypeId::kBytes) {
    std::string text = "x'";
    for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text + "'";
  }
  std::string text = "'";
  for (const char c : bytes) {
    if (c == '\'') text += '\'';
    text += c;
  }
  return text + "'";
}

std::string ListText(const Value::List& elements, const DataType& type) {
  std::string text = "[";
  for (const Value& element : elements) {
    if (text.size() > 1) text += ", ";
    text += ToText(element, type.is_nested() ? type.child(0) : DataType());
  }
  return text + "]";
}

std::string MapText(const Value::Map& entries, const DataType& type) {
  const bool typed = type.id() == TypeId::kMap;
  std::string text = "{";
  for (const auto& [key, value] : entries) {
    if (text.size() > 1) text += ", ";
    text += ToText(key, typed ? type.child(0) : DataType()) + ": " +
            ToText(value, typed ? type.child(1) : DataType());
  }
  return text + "}";
}

Status OfAnotherKind(const Value& value, const DataType& type) {
  return Status::InvalidArgument(ToText(value, DataType()) + " is not a value of type " +
                                 type.ToString());
}

Status CheckElements(const Value::List& elements, const DataType& type) {
  const bool vector = type.id() == TypeId::kVector;
  if (vector && elements.size() != static_cast<std::size_t>(type.size())) {
    return Status::InvalidArgument(fmt::format("a {} must have {} elements, not {}",
                                               type.ToString(), type.size(), elements.size()));
  }
  for (const Value& element : elements) {
    if (vector && element.is_null()) {
      return Status::InvalidArgument("a " + type.ToString() + " must have no null element");
    }
    COEVAL_RETURN_IF_ERROR(CheckValue(element, type.child(0)));
  }
  return {};
}

Status CheckEntries(const Value::Map& entries, const DataType& type) {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].first.is_null()) return Status::InvalidArgument("a map must have no null key");
    COEVAL_RETURN_IF_ERROR(CheckValue(entries[i].first, type.child(0)));
    COEVAL_RETURN_IF_ERROR(CheckValue(entries[i].second, type.child(1)));
    if (i > 0 && CompareValues(entries[i - 1].first, entries[i].first) == 0) {
      return Status::InvalidArgument("a map has the key " +
                                     ToText(entries[i].first, type.child(0)) + " twice");
    }
  }
  return {};
}

// 10^digits for 0 <= digits <= 38.
Int128 PowerOfTen(int digits) {
  Int128 power = 1;
  for (int i = 0; i < digits; ++i) power *= 10;
  return power;
}

Status CheckDecimal(const Value& value, const DataType& type) {
  const Int128 limit = PowerOfTen(type.precision());
  const Int128 unscaled = value.AsDecimal();
  if (unscaled < limit && unscaled > -limit) return {};
  return Status::InvalidArgument(ToText(value, type) + " has more digits than " + type.ToString());
}

}  // namespace

Value Value::Bool(bool b) {
  Value value;
  value.value_ = b;
  return value;
}

Value Value::Int(std::int64_t i) {
  Value value;
  value.value_ = i;
  return value;
}

Value Value::Double(double d) {
  Value value;
  value.value_ = Canonical(d);
  return value;
}

Value Value::String(std::string s) {
  Value value;
  value.value_ = std::move(s);
  return value;
}

Value Value::Decimal(Int128 unscaled) {
  Value value;
  value.value_ = unscaled;
  return value;
}

Value Value::MakeList(List elements) {
  Value value;
  value.value_ = std::make_shared<const List>(std::move(elements));
  return value;
}

Value Value::MakeMap(Map entries) {
  std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return CompareValues(a.first, b.first) < 0;
  });
  Value value;
  value.value_ = std::make_shared<const Map>(std::move(entries));
  return value;
}

bool SameBits(const Value& a, const Value& b) {
  return KindOf(a) == KindOf(b) && CompareValues(a, b) == 0;
}

int CompareValues(const Value& a, const Value& b) {
  const int kind = KindOf(a);
  if (kind != KindOf(b)) return Order(kind, KindOf(b));
  switch (kind) {
    case 0:
      return 0;
    case 1:
      return Order(a.AsBool(), b.AsBool());
    case 2:
      return Order(a.AsInt(), b.AsInt());
    case 3:
      return Order(FloatOrder(a.AsDouble()), FloatOrder(b.AsDouble()));
    case 4:
      return OrderStrings(a.AsString(), b.AsString());
    case 5:
      return Order(a.AsDecimal(), b.AsDecimal());
    case 6:
      return OrderLists(a.AsList(), b.AsList());
    default:
      return OrderMaps(a.AsMap(), b.AsMap());
  }
}

double CanonicalNan() {
  return std::bit_cast<double>(std::uint64_t{0x7FF8000000000000});
}

double Canonical(double d) {
  return std::isnan(d) ? CanonicalNan() : d;
}

float Canonical(float f) {
  return std::isnan(f) ? std::bit_cast<float>(std::uint32_t{0x7FC00000}) : f;
}

Status CheckValue(const Value& value, const DataType& type) {
  if (value.is_null()) return {};
  switch (type.id()) {
    case TypeId::kNull:
      break;
    case TypeId::kBool:
      if (value.is_bool()) return {};
      break;
    case TypeId::kInt32:
    case TypeId::kDate:
      if (!value.is_int()) break;
      if (value.AsInt() >= INT32_MIN && value.AsInt() <= INT32_MAX) return {};
      return Status::InvalidArgument(
          fmt::format("{} does not fit {}", value.AsInt(), type.ToString()));
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      if (value.is_int()) return {};
      break;
    case TypeId::kFloat32:
      if (!value.is_double()) break;
      if (!std::isfinite(value.AsDouble()) || std::isfinite(static_cast<float>(value.AsDouble()))) {
        return {};
      }
      return Status::InvalidArgument(fmt::format("{} does not fit float32", value.AsDouble()));
    case TypeId::kFloat64:
      if (value.is_double()) return {};
      break;
    case TypeId::kString:
      if (!value.is_string()) break;
      if (IsUtf8(value.AsString())) return {};
      return Status::InvalidArgument(StringText(value.AsString(), TypeId::kBytes) +
                                     " is not UTF-8: declare it as bytes");
    case TypeId::kBytes:
      if (value.is_string()) return {};
      break;
    case TypeId::kDecimal128:
      if (value.is_decimal()) return CheckDecimal(value, type);
      break;
    case TypeId::kList:
    case TypeId::kVector:
      if (value.is_list()) return CheckElements(value.AsList(), type);
      break;
    case TypeId::kMap:
      if (value.is_map()) return CheckEntries(value.AsMap(), type);
      break;
  }
  return OfAnotherKind(value, type);
}

std::string DecimalText(Int128 unscaled, int scale) {
  __extension__ using UInt128 = unsigned __int128;
  const bool negative = unscaled < 0;
  auto magnitude = static_cast<UInt128>(unscaled);
  if (negative) magnitude = UInt128{0} - magnitude;
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(magnitude % 10)));
    magnitude /= 10;
  } while (magnitude != 0);
  if (scale < 0 && digits != "0") digits.append(static_cast<std::size_t>(-scale), '0');
  if (scale > 0) {
    const auto places = static_cast<std::size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    digits.insert(digits.size() - places, 1, '.');
  }
  return negative ? "-" + digits : digits;
}

std::string ToText(const Value& value, const DataType& type) {
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.AsBool() ? "true" : "false";
  if (value.is_int()) {
    if (type.id() == TypeId::kTimestamp) return FormatTime(value.AsInt());
    if (type.id() == TypeId::kDate && CheckValue(value, type).ok()) {
      return FormatDate(static_cast<std::int32_t>(value.AsInt()));
    }
    return std::to_string(value.AsInt());
  }
  if (value.is_double()) return FloatText(value, type);
  if (value.is_string()) return StringText(value.AsString(), type);
  if (value.is_decimal()) return DecimalText(value.AsDecimal(), type.scale());
  if (value.is_list()) return ListText(value.AsList(), type);
  return MapText(value.AsMap(), type);
}

}  // namespace coeval
