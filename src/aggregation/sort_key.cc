#include "aggregation/sort_key.h"

#include <cmath>
#include <limits>

#include "base/hash.h"
#include "base/utf8.h"
#include "expression/decimal.h"

namespace coeval {

void AppendKey(std::uint64_t key, ColumnBuilder* out) {
  switch (out->type().id()) {
    case TypeId::kBool:
      return out->AppendBool(IntegerOf(key) != 0);
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return out->AppendDouble(RealOf(key));
    default:
      return out->AppendInt(IntegerOf(key));
  }
}

void AppendKey(UInt128 key, ColumnBuilder* out) {
  out->AppendDecimal(DecimalOf(key));
}

void AppendKey(const std::string& key, ColumnBuilder* out) {
  out->AppendBytes(key);
}

void WriteKey(std::uint64_t key, const DataType& type, StateWriter* out) {
  switch (type.id()) {
    case TypeId::kBool:
      return out->Fixed(static_cast<std::uint8_t>(IntegerOf(key)));
    case TypeId::kInt32:
    case TypeId::kDate:
      return out->Fixed(static_cast<std::int32_t>(IntegerOf(key)));
    case TypeId::kFloat32:
      return out->Fixed(Canonical(static_cast<float>(RealOf(key))));
    case TypeId::kFloat64:
      return out->Fixed(RealOf(key));
    default:
      return out->Fixed(IntegerOf(key));
  }
}

void WriteKey(UInt128 key, const DataType& /*type*/, StateWriter* out) {
  out->Fixed(DecimalOf(key));
}

void WriteKey(const std::string& key, const DataType& /*type*/, StateWriter* out) {
  out->Bytes(key);
}

namespace {

bool IsCanonical(double value) {
  return std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(Canonical(value));
}

}  // namespace

bool ReadKey(const DataType& type, StateReader* in, std::uint64_t* key) {
  switch (type.id()) {
    case TypeId::kBool: {
      std::uint8_t value = 0;
      if (!in->Fixed(&value) || value > 1) return false;
      *key = SortKeyOf(std::int64_t{value});
      return true;
    }
    case TypeId::kInt32:
    case TypeId::kDate: {
      std::int32_t value = 0;
      if (!in->Fixed(&value)) return false;
      *key = SortKeyOf(std::int64_t{value});
      return true;
    }
    case TypeId::kFloat32: {
      float value = 0;
      if (!in->Fixed(&value) ||
          std::bit_cast<std::uint32_t>(value) != std::bit_cast<std::uint32_t>(Canonical(value))) {
        return false;
      }
      *key = SortKeyOf(Canonical(static_cast<double>(value)), Zeros::kTwo);
      return true;
    }
    case TypeId::kFloat64: {
      double value = 0;
      if (!in->Fixed(&value) || !IsCanonical(value)) return false;
      *key = SortKeyOf(value, Zeros::kTwo);
      return true;
    }
    default: {
      std::int64_t value = 0;
      if (!in->Fixed(&value)) return false;
      *key = SortKeyOf(value);
      return true;
    }
  }
}

bool ReadKey(const DataType& type, StateReader* in, UInt128* key) {
  Int128 value = 0;
  if (!in->Fixed(&value) || !FitsDigits(value, type.precision())) return false;
  *key = SortKeyOf(value);
  return true;
}

bool ReadKey(const DataType& type, StateReader* in, std::string* key) {
  std::string_view bytes;
  if (!in->Bytes(&bytes) || (type.id() == TypeId::kString && !IsUtf8(bytes))) return false;
  *key = std::string(bytes);
  return true;
}

std::uint64_t HashKey(std::uint64_t key) {
  return Hash64({reinterpret_cast<const char*>(&key), sizeof(key)});
}

std::uint64_t HashKey(UInt128 key) {
  return Hash64({reinterpret_cast<const char*>(&key), sizeof(key)});
}

std::uint64_t HashKey(std::string_view key) {
  return Hash64(key);
}

}  // namespace coeval
