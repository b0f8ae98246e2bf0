#include "definition/value_json.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/time.h"
#include "base/utf8.h"

namespace coeval {
namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Times outside of years 0 to 9999 are written as numbers.
constexpr TimeMicros kYear0 = -62'167'219'200 * kSecond;
constexpr TimeMicros kYear10000 = 253'402'300'800 * kSecond;

std::string ToBase64(std::string_view bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += k <= count ? kBase64[group >> (18 - 6 * k) & 63U] : '=';
    }
  }
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::uint32_t group = 0;
    std::size_t padding = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const char c = text[i + k];
      if (c == '=' && k >= 2 && i + 4 == text.size()) {
        ++padding;
        group <<= 6;
        continue;
      }
      const std::size_t digit = kBase64.find(c);
      if (digit == std::string_view::npos || padding > 0) return std::nullopt;
      group = group << 6 | static_cast<std::uint32_t>(digit);
    }
    for (std::size_t k = 0; k < 3 - padding; ++k) {
      bytes += static_cast<char>(group >> (16 - 8 * k) & 0xFFU);
    }
  }
  if (ToBase64(bytes) != text) return std::nullopt;  // stray bits in the last group
  return bytes;
}

Status Wrong(const Json& json, const DataType& type, std::string_view hint = "") {
  std::string shown = json.Write();
  if (shown.size() > 60) shown = shown.substr(0, 57) + "...";
  std::string message = shown + " is no " + type.ToString();
  if (!hint.empty()) message.append("; ").append(hint);
  return Status::InvalidArgument(std::move(message));
}

Result<Value> FloatFromJson(const Json& json, const DataType& type) {
  double number = 0;
  if (json.is_number()) {
    number = json.AsDouble();
    if (json.is_int() && (std::abs(number) > 9007199254740992.0 ||
                          static_cast<std::int64_t>(number) != json.AsInt())) {
      return Wrong(json, type, "write it with a decimal point if the nearest float is meant");
    }
  } else if (json.is_string() && json.AsString() == "nan") {
    number = CanonicalNan();
  } else if (json.is_string() && (json.AsString() == "inf" || json.AsString() == "-inf")) {
    number = std::numeric_limits<double>::infinity() * (json.AsString()[0] == '-' ? -1 : 1);
  } else {
    return Wrong(json, type, R"(numbers, "nan", "inf" and "-inf" are)");
  }
  if (type.id() == TypeId::kFloat32) {
    if (std::isfinite(number) && std::abs(number) > std::numeric_limits<float>::max()) {
      return Wrong(json, type, "it is too large");
    }
    number = static_cast<double>(static_cast<float>(number));
  }
  return Value::Double(number);
}

Result<Value> TimeFromJson(const Json& json, const DataType& type) {
  const bool is_date = type.id() == TypeId::kDate;
  if (json.is_int() && !is_date) return Value::Int(json.AsInt());
  if (!json.is_string()) {
    return Wrong(json, type, is_date ? "write \"2013-01-31\"" : "write \"2013-01-31T00:00:00Z\"");
  }
  const Result<TimeMicros> time = ParseTime(json.AsString(), Rounding::kExact);
  if (!time.ok()) return Wrong(json, type, time.status().message());
  if (!is_date) return Value::Int(*time);
  std::int64_t days = *time / kDay;
  if (*time % kDay != 0) return Wrong(json, type, "a date has no time of day");
  return Value::Int(days);
}

// "-12.5" at scale 2 -> -1250. Digits beyond the scale must be zeros.
Result<Value> DecimalFromJson(const Json& json, const DataType& type) {
  std::string text;
  if (json.is_int()) {
    text = std::to_string(json.AsInt());
  } else if (json.is_string()) {
    text = json.AsString();
  } else {
    return Wrong(json, type, "write it as text, \"1.25\", so that no digit is lost");
  }
  std::size_t i = 0;
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) i = 1;
  Int128 unscaled = 0;
  int digits = 0;
  int fraction = -1;  // digits after the point; -1 = no point yet
  bool any = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (c < '0' || c > '9') return Wrong(json, type);
    any = true;
    if (fraction >= type.scale()) {
      if (c != '0') return Wrong(json, type, "it has more digits after the point");
      continue;
    }
    unscaled = unscaled * 10 + (c - '0');
    if (digits > 0 || c != '0') ++digits;
    if (fraction >= 0) ++fraction;
    if (digits > type.precision()) return Wrong(json, type, "it has more digits");
  }
  if (!any) return Wrong(json, type);
  for (int k = std::max(fraction, 0); k < type.scale(); ++k) {
    if (unscaled != 0 && ++digits > type.precision())
      return Wrong(json, type, "it has more digits");
    unscaled *= 10;
  }
  return Value::Decimal(negative ? -unscaled : unscaled);
}

Result<Value> ListFromJson(const Json& json, const DataType& type) {
  if (!json.is_array()) return Wrong(json, type);
  const bool is_vector = type.id() == TypeId::kVector;
  if (is_vector && json.array().size() != static_cast<std::size_t>(type.size())) {
    return Wrong(json, type, "it has " + std::to_string(json.array().size()) + " elements");
  }
  Value::List elements;
  for (const Json& item : json.array()) {
    if (item.is_null() && is_vector) return Wrong(json, type, "a vector has no nulls");
    COEVAL_ASSIGN_OR_RETURN(Value element, ValueFromJson(item, type.child(0)));
    elements.push_back(std::move(element));
  }
  return Value::MakeList(std::move(elements));
}

Result<Value> MapFromJson(const Json& json, const DataType& type) {
  Value::Map entries;
  if (json.is_object() && type.child(0).id() == TypeId::kString) {
    for (const auto& [key, item] : json.object()) {
      COEVAL_ASSIGN_OR_RETURN(Value value, ValueFromJson(item, type.child(1)));
      entries.emplace_back(Value::String(key), std::move(value));
    }
  } else if (json.is_array()) {
    for (const Json& pair : json.array()) {
      if (!pair.is_array() || pair.array().size() != 2 || pair.array()[0].is_null()) {
        return Wrong(json, type, "write [[key, value], ...]");
      }
      COEVAL_ASSIGN_OR_RETURN(Value key, ValueFromJson(pair.array()[0], type.child(0)));
      COEVAL_ASSIGN_OR_RETURN(Value value, ValueFromJson(pair.array()[1], type.child(1)));
      entries.emplace_back(std::move(key), std::move(value));
    }
  } else {
    return Wrong(json, type, "write {\"key\": value} or [[key, value], ...]");
  }
  Value map = Value::MakeMap(std::move(entries));
  for (std::size_t i = 1; i < map.AsMap().size(); ++i) {
    if (CompareValues(map.AsMap()[i - 1].first, map.AsMap()[i].first) == 0) {
      return Wrong(json, type, "a key is there twice");
    }
  }
  return map;
}

std::string DateText(std::int64_t days) {
  const std::string time = FormatTime(days * kDay);
  return time.substr(0, time.find('T'));
}

Json MapToJson(const Value& value, const DataType& type) {
  const bool plain = type.child(0).id() == TypeId::kString;
  Json json = plain ? Json::MakeObject() : Json::MakeArray();
  for (const auto& [key, item] : value.AsMap()) {
    if (plain) {
      json.Set(key.AsString(), ValueToJson(item, type.child(1)));
    } else {
      json.Append(
          Json(Json::Array{ValueToJson(key, type.child(0)), ValueToJson(item, type.child(1))}));
    }
  }
  return json;
}

}  // namespace

Result<Value> ValueFromJson(const Json& json, const DataType& type) {
  if (json.is_null()) return Value();
  switch (type.id()) {
    case TypeId::kNull:
      return Wrong(json, type);
    case TypeId::kBool:
      if (!json.is_bool()) return Wrong(json, type);
      return Value::Bool(json.AsBool());
    case TypeId::kInt32:
      if (json.is_int() && (json.AsInt() > std::numeric_limits<std::int32_t>::max() ||
                            json.AsInt() < std::numeric_limits<std::int32_t>::min())) {
        return Wrong(json, type, "it does not fit");
      }
      [[fallthrough]];
    case TypeId::kInt64:
      if (!json.is_int()) return Wrong(json, type);
      return Value::Int(json.AsInt());
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return FloatFromJson(json, type);
    case TypeId::kString:
      if (!json.is_string() || !IsUtf8(json.AsString())) return Wrong(json, type);
      return Value::String(json.AsString());
    case TypeId::kBytes: {
      if (!json.is_string()) return Wrong(json, type, "write the bytes in base64");
      std::optional<std::string> bytes = FromBase64(json.AsString());
      if (!bytes) return Wrong(json, type, "write the bytes in base64");
      return Value::String(*std::move(bytes));
    }
    case TypeId::kTimestamp:
    case TypeId::kDate:
      return TimeFromJson(json, type);
    case TypeId::kDecimal128:
      return DecimalFromJson(json, type);
    case TypeId::kList:
    case TypeId::kVector:
      return ListFromJson(json, type);
    case TypeId::kMap:
      return MapFromJson(json, type);
  }
  return Status::Internal("unknown type id in ValueFromJson");
}

Json ValueToJson(const Value& value, const DataType& type) {
  if (value.is_null()) return {};
  switch (type.id()) {
    case TypeId::kNull:
      return {};
    case TypeId::kBool:
      return value.AsBool();
    case TypeId::kInt32:
    case TypeId::kInt64:
      return value.AsInt();
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return value.AsDouble();
    case TypeId::kString:
      return value.AsString();
    case TypeId::kBytes:
      return ToBase64(value.AsString());
    case TypeId::kTimestamp:
      if (value.AsInt() < kYear0 || value.AsInt() >= kYear10000) return value.AsInt();
      return FormatTime(value.AsInt());
    case TypeId::kDate:
      return DateText(value.AsInt());
    case TypeId::kDecimal128:
      return DecimalText(value.AsDecimal(), type.scale());
    case TypeId::kList:
    case TypeId::kVector: {
      Json json = Json::MakeArray();
      for (const Value& element : value.AsList()) json.Append(ValueToJson(element, type.child(0)));
      return json;
    }
    case TypeId::kMap:
      return MapToJson(value, type);
  }
  return {};
}

}  // namespace coeval
