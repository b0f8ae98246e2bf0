#include "column/testing.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "base/time.h"
#include "base/utf8.h"
#include "column/builder.h"

namespace coeval {

namespace {

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) CheckFailed("test", 0, result.status().ToString());
  return std::move(result).value();
}

double FloatOf(const Json& cell) {
  if (cell.is_number()) return cell.AsDouble();
  const std::string text = cell.GetString("f");
  if (text == "nan") return CanonicalNan();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  return std::strtod(text.c_str(), nullptr);  // hexadecimal, as Python's float.hex
}

std::string BytesOf(const Json& cell) {
  if (cell.is_string()) return cell.AsString();
  const std::string hex = cell.GetString("b");
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    int byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

// "12.5" with scale 2 is 1250.
Int128 DecimalOf(const Json& cell, int scale) {
  if (cell.is_int()) {
    Int128 unscaled = cell.AsInt();
    for (int i = 0; i < scale; ++i) unscaled *= 10;
    return unscaled;
  }
  Int128 unscaled = 0;
  int places = -1;
  for (const char c : cell.AsString()) {
    if (c == '.') places = 0;
    if (c < '0' || c > '9') continue;
    unscaled = unscaled * 10 + (c - '0');
    if (places >= 0) ++places;
  }
  for (int i = std::max(places, 0); i < scale; ++i) unscaled *= 10;
  return cell.AsString().starts_with('-') ? -unscaled : unscaled;
}

}  // namespace

DataType MakeType(std::string_view type) {
  return Must(ParseType(type));
}

Value MakeValue(const DataType& type, const Json& cell) {
  if (cell.is_null()) return {};
  switch (type.id()) {
    case TypeId::kNull:
      break;
    case TypeId::kBool:
      return Value::Bool(cell.AsBool());
    case TypeId::kInt32:
    case TypeId::kInt64:
      return Value::Int(cell.AsInt());
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return Value::Double(FloatOf(cell));
    case TypeId::kString:
      return Value::String(cell.AsString());
    case TypeId::kBytes:
      return Value::String(BytesOf(cell));
    case TypeId::kTimestamp:
      return Value::Int(cell.is_int() ? cell.AsInt() : Must(ParseTime(cell.AsString())));
    case TypeId::kDate:
      return Value::Int(cell.is_int() ? cell.AsInt() : Must(ParseDate(cell.AsString())));
    case TypeId::kDecimal128:
      return Value::Decimal(DecimalOf(cell, type.scale()));
    case TypeId::kList:
    case TypeId::kVector: {
      Value::List elements;
      for (const Json& element : cell.array())
        elements.push_back(MakeValue(type.child(0), element));
      return Value::MakeList(std::move(elements));
    }
    case TypeId::kMap: {
      Value::Map entries;
      for (const Json& entry : cell.Find("map")->array()) {
        entries.emplace_back(MakeValue(type.child(0), entry.array()[0]),
                             MakeValue(type.child(1), entry.array()[1]));
      }
      return Value::MakeMap(std::move(entries));
    }
  }
  return {};
}

Column MakeColumn(std::string_view type, std::string_view cells) {
  ColumnBuilder builder(MakeType(type));
  const Json json = Must(ParseJson(cells));
  for (const Json& cell : json.array()) {
    const Status status = builder.Append(MakeValue(builder.type(), cell));
    if (!status.ok()) CheckFailed("test", 0, status.ToString());
  }
  return builder.Finish();
}

Batch MakeBatch(std::initializer_list<ColumnText> columns) {
  Batch batch;
  for (const ColumnText& text : columns) {
    batch.columns.push_back(MakeColumn(text.type, text.cells));
    batch.schema.Add(text.name, batch.columns.back().type());
    batch.num_rows = batch.columns.back().length();
    COEVAL_CHECK(batch.columns.front().length() == batch.num_rows);
  }
  return batch;
}

std::string ColumnToText(const Column& column) {
  std::string text = "[";
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (row > 0) text += ", ";
    text += ToText(column.GetValue(row), column.type());
  }
  return text + "]";
}

std::int64_t Pick(Random& random, std::int64_t n) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(n));
}

DataType RandomType(Random& random, int depth) {
  const std::int64_t kinds = depth > 0 ? 14 : 11;
  const auto id = static_cast<TypeId>(Pick(random, kinds));
  switch (id) {
    case TypeId::kDecimal128: {
      const auto precision = static_cast<int>(1 + Pick(random, 38));
      return DataType::Decimal(precision, static_cast<int>(Pick(random, precision + 1)));
    }
    case TypeId::kList:
      return DataType::List(RandomType(random, depth - 1));
    case TypeId::kVector:
      return DataType::Vector(Pick(random, 2) == 0 ? TypeId::kFloat32 : TypeId::kFloat64,
                              static_cast<int>(1 + Pick(random, 4)));
    case TypeId::kMap: {
      const auto key = static_cast<TypeId>(1 + Pick(random, 9));
      return DataType::Map(key, RandomType(random, depth - 1));
    }
    default:
      return id;
  }
}

namespace {

std::int64_t RandomInt(std::int64_t low, std::int64_t high, Random& random) {
  switch (Pick(random, 6)) {
    case 0:
      return low;
    case 1:
      return high;
    case 2:
      return std::clamp<std::int64_t>(Pick(random, 3) - 1, low, high);
    case 3:
      return std::clamp<std::int64_t>(Pick(random, 2000) - 1000, low, high);
    default: {
      const auto any = static_cast<std::int64_t>(random());
      return low == std::numeric_limits<std::int64_t>::min() ? any >> Pick(random, 60)
                                                             : static_cast<std::int32_t>(any);
    }
  }
}

double RandomDouble(bool narrow, Random& random) {
  constexpr std::array<double, 12> kCorners = {0.0,
                                               -0.0,
                                               1.0,
                                               -1.0,
                                               0.5,
                                               std::numeric_limits<double>::infinity(),
                                               -std::numeric_limits<double>::infinity(),
                                               5e-324,
                                               1e-45,
                                               3.4028234663852886e38,
                                               1e300,
                                               1.1};
  double d = 0;
  if (Pick(random, 2) == 0) {
    d = kCorners[static_cast<std::size_t>(Pick(random, 12))];
  } else if (Pick(random, 4) == 0) {
    d = CanonicalNan();
  } else {
    d = static_cast<double>(Pick(random, 2'000'001) - 1'000'000) / 1000.0;
  }
  if (!narrow) return d;
  const auto f = static_cast<float>(d);
  return std::isinf(f) && !std::isinf(d) ? 2.5 : static_cast<double>(f);
}

std::string RandomBytes(bool text, Random& random) {
  constexpr std::array<std::string_view, 8> kText = {
      "a", "b", "\xC3\xBC", "\xE2\x82\xAC", "\xF0\x9F\x8C\xA6", "JFK", "\x01", "zz"};
  std::string bytes;
  for (std::int64_t n = Pick(random, Pick(random, 8) == 0 ? 40 : 6); n > 0; --n) {
    if (Pick(random, 5) == 0) {
      bytes += '\0';
    } else if (text) {
      bytes += kText[static_cast<std::size_t>(Pick(random, 8))];
    } else {
      bytes += static_cast<char>(Pick(random, 3) == 0 ? 0xFF : Pick(random, 256));
    }
  }
  return bytes;
}

Int128 RandomDecimal(int precision, Random& random) {
  Int128 value = 0;
  for (std::int64_t digits = Pick(random, precision + 1); digits > 0; --digits) {
    value = value * 10 + (Pick(random, 3) == 0 ? 9 : Pick(random, 10));
  }
  return Pick(random, 2) == 0 ? value : -value;
}

Value RandomMap(const DataType& type, Random& random) {
  Value::Map entries;
  for (std::int64_t n = Pick(random, 4); n > 0; --n) {
    Value key = RandomValue(type.child(0), random);
    const bool known = std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
      return CompareValues(entry.first, key) == 0;
    });
    if (!key.is_null() && !known) {
      entries.emplace_back(std::move(key), RandomValue(type.child(1), random));
    }
  }
  return Value::MakeMap(std::move(entries));
}

}  // namespace

Value RandomValue(const DataType& type, Random& random) {
  if (Pick(random, 6) == 0) return {};
  switch (type.id()) {
    case TypeId::kNull:
      return {};
    case TypeId::kBool:
      return Value::Bool(Pick(random, 2) == 0);
    case TypeId::kInt32:
    case TypeId::kDate:
      return Value::Int(RandomInt(INT32_MIN, INT32_MAX, random));
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return Value::Int(RandomInt(INT64_MIN, INT64_MAX, random));
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return Value::Double(RandomDouble(type.id() == TypeId::kFloat32, random));
    case TypeId::kString:
      return Value::String(RandomBytes(true, random));
    case TypeId::kBytes:
      return Value::String(RandomBytes(false, random));
    case TypeId::kDecimal128:
      return Value::Decimal(RandomDecimal(type.precision(), random));
    case TypeId::kMap:
      return RandomMap(type, random);
    case TypeId::kList:
    case TypeId::kVector: {
      const bool vector = type.id() == TypeId::kVector;
      Value::List elements;
      const std::int64_t size = vector ? type.size() : Pick(random, 4);
      while (std::ssize(elements) < size) {
        Value element = RandomValue(type.child(0), random);
        if (!vector || !element.is_null()) elements.push_back(std::move(element));
      }
      return Value::MakeList(std::move(elements));
    }
  }
  return {};
}

Column RandomColumn(const DataType& type, std::int64_t rows, std::uint64_t seed) {
  Random random(seed);
  const bool no_nulls = Pick(random, 3) == 0 && type.id() != TypeId::kNull;
  const std::int64_t before = Pick(random, 2) == 0 ? 0 : Pick(random, 12);
  const std::int64_t after = Pick(random, 2) == 0 ? 0 : Pick(random, 12);
  ColumnBuilder builder(type);
  while (builder.length() < before + rows + after) {
    const Value value = RandomValue(type, random);
    if (no_nulls && value.is_null()) continue;
    const Status status = builder.Append(value);
    if (!status.ok()) CheckFailed("test", 0, status.ToString());
  }
  const Column column = builder.Finish();
  return before + after == 0 ? column : column.Slice(before, rows);
}

}  // namespace coeval
