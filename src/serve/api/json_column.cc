#include "serve/api/json_column.h"

#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "base/json.h"
#include "base/time.h"
#include "column/builder.h"
#include "serve/api/base64.h"

namespace coeval {
namespace {

using simdjson::dom::element;

Status NotOfType(const DataType& type) {
  return Status::InvalidArgument("it is no " + type.ToString());
}

// All of the text, as digits with an optional sign.
std::optional<std::int64_t> IntegerOf(std::string_view text) {
  std::int64_t integer = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, integer);
  if (error != std::errc() || stop != end) return {};
  return integer;
}

// An integer, or a double without a fraction.
std::optional<std::int64_t> WholeNumber(const element& json) {
  std::int64_t integer = 0;
  if (json.get(integer) == simdjson::SUCCESS) return integer;
  double number = 0;
  if (!json.is_double() || json.get(number) != simdjson::SUCCESS) return {};
  if (!(number >= -9223372036854775808.0 && number < 9223372036854775808.0)) return {};
  if (number != std::trunc(number)) return {};
  return static_cast<std::int64_t>(number);
}

Result<Value> IntegerFromJson(const element& json, const DataType& type) {
  // Feast's clients send ids as text too (rule 2.1).
  std::string_view text;
  const auto integer = json.get(text) == simdjson::SUCCESS ? IntegerOf(text) : WholeNumber(json);
  if (!integer) return NotOfType(type);
  return Value::Int(*integer);
}

Result<Value> DoubleFromJson(const element& json, const DataType& type) {
  double number = 0;
  std::string_view text;
  if (json.get(text) == simdjson::SUCCESS) {
    if (text == "NaN" || text == "nan") return Value::Double(CanonicalNan());
    if (text == "Infinity" || text == "inf") {
      return Value::Double(std::numeric_limits<double>::infinity());
    }
    if (text == "-Infinity" || text == "-inf") {
      return Value::Double(-std::numeric_limits<double>::infinity());
    }
    return NotOfType(type);
  }
  if (!json.is_number() || json.get(number) != simdjson::SUCCESS) return NotOfType(type);
  if (type.id() == TypeId::kFloat32)
    return Value::Double(static_cast<double>(static_cast<float>(number)));
  return Value::Double(number);
}

Result<Value> TimeFromJson(const element& json, const DataType& type) {
  std::string_view text;
  if (json.get(text) == simdjson::SUCCESS) {
    COEVAL_ASSIGN_OR_RETURN(TimeMicros time, ParseTime(text, Rounding::kExact));
    if (type.id() == TypeId::kTimestamp) return Value::Int(time);
    if (time % kDay != 0) return NotOfType(type);
    return Value::Int(time / kDay);
  }
  const auto seconds = WholeNumber(json);
  if (!seconds || type.id() != TypeId::kTimestamp) return NotOfType(type);
  COEVAL_ASSIGN_OR_RETURN(TimeMicros time, ToMicros(*seconds, TimeUnit::kSecond, Rounding::kExact));
  return Value::Int(time);
}

Result<Value> TextFromJson(const element& json, const DataType& type) {
  std::string_view text;
  if (json.get(text) != simdjson::SUCCESS) return NotOfType(type);
  if (type.id() == TypeId::kString) return Value::String(std::string(text));
  auto bytes = DecodeBase64(text);
  if (!bytes) return Status::InvalidArgument("it is not base 64, as bytes must be");
  return Value::String(*std::move(bytes));
}

// Digits with at most one point, scaled; nothing is rounded.
Result<Value> DecimalFromJson(const element& json, const DataType& type) {
  std::string_view text;
  std::string digits;
  if (json.get(text) != simdjson::SUCCESS) {
    const auto integer = WholeNumber(json);
    if (!integer)
      return Status::InvalidArgument("it is not a decimal; write it as text: \"12.50\"");
    digits = std::to_string(*integer);
    text = digits;
  }
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  Int128 unscaled = 0;
  int places = -1;
  int count = 0;
  for (const char c : text) {
    if (c == '.' && places < 0) {
      places = 0;
      continue;
    }
    if (c < '0' || c > '9' || ++count > 38) return NotOfType(type);
    unscaled = unscaled * 10 + (c - '0');
    if (places >= 0) ++places;
  }
  places = places < 0 ? 0 : places;
  if (count == 0 || places > type.scale()) return NotOfType(type);
  for (; places < type.scale(); ++places) {
    if (++count > 38) return NotOfType(type);
    unscaled *= 10;
  }
  return Value::Decimal(negative ? -unscaled : unscaled);
}

Result<Value> ValueFromJson(const element& json, const DataType& type);

Result<Value> ListFromJson(const element& json, const DataType& type) {
  simdjson::dom::array array;
  if (json.get(array) != simdjson::SUCCESS) return NotOfType(type);
  Value::List list;
  for (const element item : array) {
    COEVAL_ASSIGN_OR_RETURN(Value value, ValueFromJson(item, type.child(0)));
    list.push_back(std::move(value));
  }
  return Value::MakeList(std::move(list));
}

Result<Value> MapFromJson(const element& json, const DataType& type) {
  simdjson::dom::object object;
  if (type.child(0).id() != TypeId::kString || json.get(object) != simdjson::SUCCESS) {
    return NotOfType(type);
  }
  Value::Map map;
  for (const auto& [key, item] : object) {
    COEVAL_ASSIGN_OR_RETURN(Value value, ValueFromJson(item, type.child(1)));
    map.emplace_back(Value::String(std::string(key)), std::move(value));
  }
  return Value::MakeMap(std::move(map));
}

Result<Value> ValueFromJson(const element& json, const DataType& type) {
  if (json.is_null()) return Value();
  switch (type.id()) {
    case TypeId::kNull:
      return NotOfType(type);
    case TypeId::kBool: {
      bool flag = false;
      if (json.get(flag) != simdjson::SUCCESS) return NotOfType(type);
      return Value::Bool(flag);
    }
    case TypeId::kInt32:
    case TypeId::kInt64:
      return IntegerFromJson(json, type);
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return DoubleFromJson(json, type);
    case TypeId::kString:
    case TypeId::kBytes:
      return TextFromJson(json, type);
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
  return NotOfType(type);
}

void AppendDouble(double value, std::string* out) {
  if (std::isnan(value)) {
    out->append("null");
    return;
  }
  if (std::isinf(value)) {
    out->append(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    return;
  }
  const std::size_t start = out->size();
  fmt::format_to(std::back_inserter(*out), FMT_COMPILE("{}"), value);
  // A whole number stays a float for typed readers: 5.0, not 5.
  if (out->find_first_of(".e", start) == std::string::npos) out->append(".0");
}

void AppendMapKey(const Column& keys, std::int64_t row, std::string* out) {
  if (keys.type().id() == TypeId::kString) {
    AppendJsonString(keys.bytes(row), out);
    return;
  }
  std::string text;
  AppendFeastValue(keys, row, &text);
  if (text.starts_with('"')) {
    out->append(text);
  } else {
    AppendJsonString(text, out);
  }
}

void AppendNested(const Column& column, std::int64_t row, std::string* out) {
  const bool map = column.type().id() == TypeId::kMap;
  const Column::Extent extent = column.elements(row);
  out->push_back(map ? '{' : '[');
  for (std::int64_t e = extent.first; e < extent.last; ++e) {
    if (e > extent.first) out->push_back(',');
    if (map) {
      AppendMapKey(column.child(0), e, out);
      out->push_back(':');
    }
    AppendFeastValue(column.child(map ? 1 : 0), e, out);
  }
  out->push_back(map ? '}' : ']');
}

// Whole seconds, downwards: Feast's times have no fraction (rule 7.8).
std::int64_t EpochSeconds(std::int64_t micros) {
  const std::int64_t seconds = micros / kSecond;
  return micros % kSecond < 0 ? seconds - 1 : seconds;
}

}  // namespace

Result<Column> ColumnFromJson(const simdjson::dom::array& values, const DataType& type,
                              std::string_view name) {
  ColumnBuilder builder(type);
  for (const element json : values) {
    auto value = ValueFromJson(json, type);
    Status appended = value.ok() ? builder.Append(*value) : value.status();
    if (!appended.ok()) {
      return Status::InvalidArgument(
          "column '" + std::string(name) + "', row " + std::to_string(builder.length()) + ": " +
          simdjson::minify(json).substr(0, 100) + ": " + appended.message());
    }
  }
  return builder.Finish();
}

void AppendFeastValue(const Column& column, std::int64_t row, std::string* out) {
  if (column.IsNull(row)) {
    out->append("null");
    return;
  }
  const auto i = static_cast<std::size_t>(row);
  const auto append_integer = [out](std::int64_t value) {
    fmt::format_to(std::back_inserter(*out), FMT_COMPILE("{}"), value);
  };
  switch (column.type().id()) {
    case TypeId::kNull:
      out->append("null");
      return;
    case TypeId::kBool:
      out->append(column.values<std::uint8_t>()[i] != 0 ? "true" : "false");
      return;
    case TypeId::kInt32:
      append_integer(column.values<std::int32_t>()[i]);
      return;
    case TypeId::kInt64:
      append_integer(column.values<std::int64_t>()[i]);
      return;
    case TypeId::kFloat32:
      AppendDouble(static_cast<double>(column.values<float>()[i]), out);
      return;
    case TypeId::kFloat64:
      AppendDouble(column.values<double>()[i], out);
      return;
    case TypeId::kString:
      AppendJsonString(column.bytes(row), out);
      return;
    case TypeId::kBytes:
      out->push_back('"');
      AppendBase64(column.bytes(row), out);
      out->push_back('"');
      return;
    case TypeId::kTimestamp:
      append_integer(EpochSeconds(column.values<std::int64_t>()[i]));
      return;
    case TypeId::kDate:
    case TypeId::kDecimal128:
      AppendJsonString(ToText(column.GetValue(row), column.type()), out);
      return;
    case TypeId::kList:
    case TypeId::kVector:
    case TypeId::kMap:
      AppendNested(column, row, out);
      return;
  }
}

void AppendFeastTime(std::int64_t micros, std::string* out) {
  out->push_back('"');
  out->append(micros == kMinTime ? "1970-01-01T00:00:00Z" : FormatTime(micros));
  out->push_back('"');
}

}  // namespace coeval
