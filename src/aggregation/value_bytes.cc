#include "aggregation/value_bytes.h"

#include <bit>
#include <utility>

#include "base/utf8.h"
#include "expression/decimal.h"

namespace coeval {

void WriteValue(const Value& value, const DataType& type, StateWriter* out) {
  out->Fixed(static_cast<std::uint8_t>(value.is_null() ? 0 : 1));
  if (value.is_null()) return;
  switch (type.id()) {
    case TypeId::kNull:
      return;
    case TypeId::kBool:
      return out->Fixed(static_cast<std::uint8_t>(value.AsBool() ? 1 : 0));
    case TypeId::kInt32:
    case TypeId::kDate:
      return out->Fixed(static_cast<std::int32_t>(value.AsInt()));
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return out->Fixed(value.AsInt());
    case TypeId::kFloat32:
      return out->Fixed(Canonical(static_cast<float>(value.AsDouble())));
    case TypeId::kFloat64:
      return out->Fixed(value.AsDouble());
    case TypeId::kString:
    case TypeId::kBytes:
      return out->Bytes(value.AsString());
    case TypeId::kDecimal128:
      return out->Fixed(value.AsDecimal());
    case TypeId::kList:
    case TypeId::kVector:
      out->Count(value.AsList().size());
      for (const Value& element : value.AsList()) WriteValue(element, type.child(0), out);
      return;
    case TypeId::kMap:
      out->Count(value.AsMap().size());
      for (const auto& [key, item] : value.AsMap()) {
        WriteValue(key, type.child(0), out);
        WriteValue(item, type.child(1), out);
      }
  }
}

namespace {

template <class T>
bool ReadInteger(StateReader* in, Value* value) {
  T number = 0;
  if (!in->Fixed(&number)) return false;
  *value = Value::Int(number);
  return true;
}

template <class T, class Bits>
bool ReadFloat(StateReader* in, Value* value) {
  T number = 0;
  if (!in->Fixed(&number) ||
      std::bit_cast<Bits>(number) != std::bit_cast<Bits>(Canonical(number))) {
    return false;
  }
  *value = Value::Double(static_cast<double>(number));
  return true;
}

bool ReadList(const DataType& type, StateReader* in, Value* value) {
  std::size_t count = 0;
  const bool vector = type.id() == TypeId::kVector;
  if (!in->Items(1, &count) || (vector && count != static_cast<std::size_t>(type.size()))) {
    return false;
  }
  Value::List elements(count);
  for (Value& element : elements) {
    if (!ReadValue(type.child(0), in, &element) || (vector && element.is_null())) return false;
  }
  *value = Value::MakeList(std::move(elements));
  return true;
}

bool ReadMap(const DataType& type, StateReader* in, Value* value) {
  std::size_t count = 0;
  if (!in->Items(2, &count)) return false;
  Value::Map entries(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& [key, item] = entries[i];
    if (!ReadValue(type.child(0), in, &key) || key.is_null()) return false;
    if (!ReadValue(type.child(1), in, &item)) return false;
    if (i > 0 && CompareValues(entries[i - 1].first, key) >= 0) return false;
  }
  *value = Value::MakeMap(std::move(entries));
  return true;
}

}  // namespace

bool ReadValue(const DataType& type, StateReader* in, Value* value) {
  std::uint8_t mark = 0;
  if (!in->Fixed(&mark) || mark > 1) return false;
  *value = Value();
  if (mark == 0) return true;
  switch (type.id()) {
    case TypeId::kNull:
      return false;
    case TypeId::kBool: {
      std::uint8_t truth = 0;
      if (!in->Fixed(&truth) || truth > 1) return false;
      *value = Value::Bool(truth == 1);
      return true;
    }
    case TypeId::kInt32:
    case TypeId::kDate:
      return ReadInteger<std::int32_t>(in, value);
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return ReadInteger<std::int64_t>(in, value);
    case TypeId::kFloat32:
      return ReadFloat<float, std::uint32_t>(in, value);
    case TypeId::kFloat64:
      return ReadFloat<double, std::uint64_t>(in, value);
    case TypeId::kString:
    case TypeId::kBytes: {
      std::string_view bytes;
      if (!in->Bytes(&bytes) || (type.id() == TypeId::kString && !IsUtf8(bytes))) return false;
      *value = Value::String(std::string(bytes));
      return true;
    }
    case TypeId::kDecimal128: {
      Int128 unscaled = 0;
      if (!in->Fixed(&unscaled) || !FitsDigits(unscaled, type.precision())) return false;
      *value = Value::Decimal(unscaled);
      return true;
    }
    case TypeId::kList:
    case TypeId::kVector:
      return ReadList(type, in, value);
    case TypeId::kMap:
      return ReadMap(type, in, value);
  }
  return false;
}

std::size_t ValueBytes(const Value& value) {
  std::size_t bytes = 0;
  if (value.is_string()) bytes += value.AsString().capacity();
  if (value.is_list()) {
    for (const Value& element : value.AsList()) bytes += sizeof(Value) + ValueBytes(element);
  }
  if (value.is_map()) {
    for (const auto& [key, item] : value.AsMap()) {
      bytes += 2 * sizeof(Value) + ValueBytes(key) + ValueBytes(item);
    }
  }
  return bytes;
}

}  // namespace coeval
