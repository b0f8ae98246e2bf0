#include "column/key.h"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/time.h"
#include "column/builder.h"
#include "column/tie_encoding.h"

namespace coeval {
namespace {

bool IsInteger(TypeId id) { return id == TypeId::kInt32 || id == TypeId::kInt64; }

// A finite double without a fraction that int64 can hold.
std::optional<std::int64_t> WholeNumber(double d) {
  if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0) || d != std::trunc(d)) return {};
  return static_cast<std::int64_t>(d);
}

std::optional<std::int64_t> WholeNumber(Int128 unscaled, int scale) {
  for (; scale > 0; --scale) {
    if (unscaled % 10 != 0) return {};
    unscaled /= 10;
  }
  if (unscaled < kMinTime || unscaled > kMaxTime) return {};
  return static_cast<std::int64_t>(unscaled);
}

// The integer that stands for `value` as a key of type `to`, if nothing is lost.
std::optional<std::int64_t> AsKeyInteger(const Value& value, const DataType& from,
                                         const DataType& to) {
  const TypeId source = from.id();
  if (to.id() == TypeId::kTimestamp) {
    if (source == TypeId::kTimestamp) return value.AsInt();
    std::int64_t micros = 0;
    if (source != TypeId::kDate || __builtin_mul_overflow(value.AsInt(), kDay, &micros)) return {};
    return micros;
  }
  if (to.id() == TypeId::kDate) {
    if (source != TypeId::kDate) return {};
    return value.AsInt();
  }
  if (value.is_int() && IsInteger(source)) return value.AsInt();
  if (value.is_double()) return WholeNumber(value.AsDouble());
  if (value.is_decimal()) return WholeNumber(value.AsDecimal(), from.scale());
  return {};
}

Status NotAKey(const Value& value, const DataType& from, const DataType& to) {
  return Status::InvalidArgument(ToText(value, from) + " (" + from.ToString() + ") is not a " +
                                 to.ToString() + " key");
}

Status BadKeys(std::string_view name, const JoinKey& key, std::int64_t row, const Value& value,
               const DataType& from, std::int64_t count) {
  return Status::InvalidArgument(
      "column '" + std::string(name) + "', row " + std::to_string(row) + ": " +
      ToText(value, from) + " (" + from.ToString() + ") cannot become join key '" + key.name +
      "' of type " + key.type.ToString() + " without loss (" + std::to_string(count) +
      (count == 1 ? " such row)" : " such rows)"));
}

// Where the value does not change but in width: no look at single values is needed.
std::optional<Column> WidenColumn(const Column& column, const DataType& to) {
  if (column.type() == to) return column;
  if (column.type().id() != TypeId::kInt32 || to.id() != TypeId::kInt64) return {};
  const auto values = column.values<std::int32_t>();
  std::vector<std::int64_t> wide(values.begin(), values.end());
  return Column::FixedWidth(to, column.length(), MakeBuffer(std::move(wide)),
                            column.validity_buffer());
}

}  // namespace

Result<Value> ConvertKey(const Value& value, const DataType& from, const DataType& to) {
  if (value.is_null() || (value.is_double() && std::isnan(value.AsDouble()))) return Value();
  switch (to.id()) {
    case TypeId::kString:
    case TypeId::kBytes:
      if (value.is_string() && (from.id() == to.id() || from.id() == TypeId::kNull)) return value;
      break;
    case TypeId::kBool:
      if (value.is_bool()) return value;
      break;
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kTimestamp:
    case TypeId::kDate: {
      if (value.is_bool() || value.is_string()) break;
      const auto integer = AsKeyInteger(value, from, to);
      const bool narrow = to.width() == 4;
      if (!integer || (narrow && (*integer < std::numeric_limits<std::int32_t>::min() ||
                                  *integer > std::numeric_limits<std::int32_t>::max()))) {
        break;
      }
      return Value::Int(*integer);
    }
    default: return Status::InvalidArgument(to.ToString() + " cannot be a join key");
  }
  return NotAKey(value, from, to);
}

Result<Column> ConvertKeyColumn(const Column& column, const JoinKey& key, std::string_view name) {
  if (auto widened = WidenColumn(column, key.type)) return *std::move(widened);
  ColumnBuilder builder(key.type);
  builder.Reserve(column.length());
  std::int64_t bad_rows = 0;
  std::int64_t first_bad = 0;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    auto value = ConvertKey(column.GetValue(row), column.type(), key.type);
    if (!value.ok()) {
      if (bad_rows++ == 0) first_bad = row;
      builder.AppendNull();
    } else {
      COEVAL_RETURN_IF_ERROR(builder.Append(*value));
    }
  }
  if (bad_rows > 0) {
    return BadKeys(name, key, first_bad, column.GetValue(first_bad), column.type(), bad_rows);
  }
  return builder.Finish();
}

KeyColumn KeyColumn::Encode(std::span<const Column> columns, std::int64_t length) {
  KeyColumn keys;
  const auto n = static_cast<std::size_t>(length);
  keys.offsets_.reserve(n + 1);
  keys.null_.resize(n);
  keys.bytes_.reserve(n * 9 * columns.size());
  for (std::int64_t row = 0; row < length; ++row) {
    const std::size_t start = keys.bytes_.size();
    for (const Column& column : columns) {
      if (column.IsNull(row)) {
        keys.null_[static_cast<std::size_t>(row)] = 1;
        keys.bytes_.resize(start);
        break;
      }
      AppendTieBytes(column, row, &keys.bytes_);
    }
    keys.offsets_.push_back(keys.bytes_.size());
  }
  return keys;
}

std::string EncodeKey(std::span<const Value> values, std::span<const JoinKey> keys) {
  COEVAL_CHECK(values.size() == keys.size());
  std::string bytes;
  for (std::size_t i = 0; i < keys.size(); ++i) AppendTieBytes(values[i], keys[i].type, &bytes);
  return bytes;
}

namespace {

// Reads one encoded key from left to right.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  bool Read(const DataType& type, Value* value) {
    if (rest_.empty() || rest_.front() != '\x01') return false;
    rest_.remove_prefix(1);
    if (type.width() == 0) return ReadEscaped(value);
    const auto width = static_cast<std::size_t>(type.width());
    if (rest_.size() < width) return false;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < width; ++i) bits = bits << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(width);
    if (type.id() == TypeId::kBool) {
      *value = Value::Bool(bits != 0);
    } else if (width == 4) {
      *value = Value::Int(static_cast<std::int32_t>(static_cast<std::uint32_t>(bits) ^ 0x8000'0000U));
    } else {
      *value = Value::Int(static_cast<std::int64_t>(bits ^ 0x8000'0000'0000'0000U));
    }
    return true;
  }

 private:
  bool ReadEscaped(Value* value) {
    std::string bytes;
    while (true) {
      const std::size_t at = rest_.find('\0');
      if (at == std::string_view::npos || at + 1 == rest_.size()) return false;
      bytes.append(rest_.substr(0, at));
      const char next = rest_[at + 1];
      rest_.remove_prefix(at + 2);
      if (next == '\0') break;
      if (next != '\xFF') return false;
      bytes += '\0';
    }
    *value = Value::String(std::move(bytes));
    return true;
  }

  std::string_view rest_;
};

}  // namespace

Result<std::vector<Value>> DecodeKey(std::string_view bytes, std::span<const JoinKey> keys) {
  KeyReader reader(bytes);
  std::vector<Value> values(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i].type.is_key_type() || !reader.Read(keys[i].type, &values[i])) {
      return Status::Corruption("a stored key is damaged at join key '" + keys[i].name + "'");
    }
  }
  if (!reader.done()) return Status::Corruption("a stored key has bytes after its last join key");
  return values;
}

}  // namespace coeval
