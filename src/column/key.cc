#include "column/key.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/time.h"
#include "base/utf8.h"
#include "column/builder.h"
#include "column/tie_encoding.h"

namespace coeval {

namespace {

// A finite double without a fraction that int64 can hold.
std::optional<std::int64_t> WholeNumber(double d) {
  if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0) || d != std::trunc(d)) return {};
  return static_cast<std::int64_t>(d);
}

std::optional<std::int64_t> WholeNumber(Int128 unscaled, int scale) {
  for (; scale > 0 && unscaled != 0; --scale) {
    if (unscaled % 10 != 0) return {};
    unscaled /= 10;
  }
  for (; scale < 0 && unscaled != 0; ++scale) {
    if (unscaled < kMinTime || unscaled > kMaxTime) return {};
    unscaled *= 10;
  }
  if (unscaled < kMinTime || unscaled > kMaxTime) return {};
  return static_cast<std::int64_t>(unscaled);
}

// What an integer of type `from` is as a key of type `to`: a date becomes a timestamp, a timestamp
// no date, neither a plain number; a plain number (or one of unknown type) may be any of them.
std::optional<std::int64_t> ConvertInteger(std::int64_t value, TypeId from, TypeId to) {
  const bool plain = from != TypeId::kTimestamp && from != TypeId::kDate;
  if (from == TypeId::kDate && to == TypeId::kTimestamp) {
    std::int64_t micros = 0;
    if (__builtin_mul_overflow(value, kDay, &micros)) return {};
    return micros;
  }
  if (!plain && from != to) return {};
  const bool narrow = to == TypeId::kInt32 || to == TypeId::kDate;
  if (narrow && (value < std::numeric_limits<std::int32_t>::min() ||
                 value > std::numeric_limits<std::int32_t>::max())) {
    return {};
  }
  return value;
}

bool IsIntegerKey(TypeId id) {
  return id == TypeId::kInt32 || id == TypeId::kInt64 || id == TypeId::kTimestamp ||
         id == TypeId::kDate;
}

// The integer that stands for `value` as a key of type `to`, if nothing is lost.
std::optional<std::int64_t> AsKeyInteger(const Value& value, const DataType& from, TypeId to) {
  std::optional<std::int64_t> number;
  if (value.is_int()) return ConvertInteger(value.AsInt(), from.id(), to);
  if (value.is_double()) number = WholeNumber(value.AsDouble());
  if (value.is_decimal()) number = WholeNumber(value.AsDecimal(), from.scale());
  return number ? ConvertInteger(*number, TypeId::kInt64, to) : std::nullopt;
}

Status NotAKey(const Value& value, const DataType& from, const DataType& to) {
  return Status::InvalidArgument(ToText(value, from) + " (" + from.ToString() + ") is no " +
                                 to.ToString() + " key");
}

Status BadKeys(std::string_view name, const JoinKey& key, std::int64_t row, const Value& value,
               const DataType& from, std::int64_t count) {
  return Status::InvalidArgument("column '" + std::string(name) + "', row " + std::to_string(row) +
                                 ": " + ToText(value, from) + " (" + from.ToString() +
                                 ") cannot become join key '" + key.name + "' of type " +
                                 key.type.ToString() + " without loss (" + std::to_string(count) +
                                 (count == 1 ? " such row)" : " such rows)"));
}

// Rows that cannot be converted.
struct BadRows {
  std::int64_t first = -1;
  std::int64_t count = 0;

  void Add(std::int64_t row) {
    if (count++ == 0) first = row;
  }
};

// Cell `row` of a column of numbers as ConvertKey would have it; null for NaN.
template <typename T>
std::optional<std::int64_t> NumberAt(T value, TypeId from, TypeId to, bool* null) {
  if constexpr (std::is_floating_point_v<T>) {
    *null = std::isnan(value);
    if (*null) return 0;
    const auto number = WholeNumber(static_cast<double>(value));
    return number ? ConvertInteger(*number, TypeId::kInt64, to) : std::nullopt;
  } else {
    return ConvertInteger(value, from, to);
  }
}

template <typename From>
Column ConvertNumbers(const Column& column, const DataType& to, BadRows* bad) {
  ColumnBuilder builder(to);
  builder.Reserve(column.length());
  const auto values = column.values<From>();
  for (std::int64_t row = 0; row < column.length(); ++row) {
    bool null = column.IsNull(row);
    std::optional<std::int64_t> number = 0;
    if (!null) {
      number = NumberAt(values[static_cast<std::size_t>(row)], column.type().id(), to.id(), &null);
    }
    if (!number) bad->Add(row);
    if (null || !number) {
      builder.AppendNull();
    } else {
      builder.AppendInt(*number);
    }
  }
  return builder.Finish();
}

Column ConvertValues(const Column& column, const DataType& to, BadRows* bad) {
  ColumnBuilder builder(to);
  for (std::int64_t row = 0; row < column.length(); ++row) {
    const auto value = ConvertKey(column.GetValue(row), column.type(), to);
    if (!value.ok() || !builder.Append(*value).ok()) {
      bad->Add(row);
      builder.AppendNull();
    }
  }
  return builder.Finish();
}

Column ConvertCells(const Column& column, const DataType& to, BadRows* bad) {
  if (!IsIntegerKey(to.id())) return ConvertValues(column, to, bad);
  switch (column.type().id()) {
    case TypeId::kInt32:
    case TypeId::kDate:
      return ConvertNumbers<std::int32_t>(column, to, bad);
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return ConvertNumbers<std::int64_t>(column, to, bad);
    case TypeId::kFloat32:
      return ConvertNumbers<float>(column, to, bad);
    case TypeId::kFloat64:
      return ConvertNumbers<double>(column, to, bad);
    default:
      return ConvertValues(column, to, bad);
  }
}

// --- encoding -----------------------------------------------------------------------------------

constexpr char kValueMark = '\x01';  // of tie encoding 1

std::size_t WidthOfKey(TypeId id) {
  switch (id) {
    case TypeId::kBool:
      return 1;
    case TypeId::kInt32:
    case TypeId::kDate:
      return 4;
    case TypeId::kInt64:
    case TypeId::kTimestamp:
      return 8;
    default:
      return 0;
  }
}

// Tie bytes of a fixed-width key with its mark, written to a place that has room.
inline char* PutInt64(std::int64_t value, char* to) {
  const std::uint64_t bits =
      __builtin_bswap64(static_cast<std::uint64_t>(value) ^ 0x8000'0000'0000'0000U);
  *to = kValueMark;
  std::memcpy(to + 1, &bits, sizeof(bits));
  return to + 9;
}

inline char* PutInt32(std::int32_t value, char* to) {
  const std::uint32_t bits = __builtin_bswap32(static_cast<std::uint32_t>(value) ^ 0x8000'0000U);
  *to = kValueMark;
  std::memcpy(to + 1, &bits, sizeof(bits));
  return to + 5;
}

char* PutFixed(const Column& column, std::size_t row, char* to) {
  switch (WidthOfKey(column.type().id())) {
    case 8:
      return PutInt64(column.values<std::int64_t>()[row], to);
    case 4:
      return PutInt32(column.values<std::int32_t>()[row], to);
    default:
      to[0] = kValueMark;
      to[1] = static_cast<char>(column.values<std::uint8_t>()[row] != 0 ? 1 : 0);
      return to + 2;
  }
}

// Bytes with their mark, escapes and end.
char* PutBytes(std::string_view bytes, char* to) {
  *to++ = kValueMark;
  while (!bytes.empty()) {
    const auto* zero = static_cast<const char*>(std::memchr(bytes.data(), 0, bytes.size()));
    const std::size_t plain =
        zero == nullptr ? bytes.size() : static_cast<std::size_t>(zero - bytes.data());
    std::memcpy(to, bytes.data(), plain);
    to += plain;
    if (zero == nullptr) break;
    *to++ = '\0';
    *to++ = '\xFF';
    bytes.remove_prefix(plain + 1);
  }
  *to++ = '\0';
  *to++ = '\0';
  return to;
}

std::size_t CountZeros(const Column& column, std::int64_t length) {
  if (length == 0) return 0;
  const auto first = column.elements(0).first;
  const auto last = column.elements(length - 1).last;
  const std::uint8_t* bytes = column.values_buffer().data;
  return first == last ? 0 : static_cast<std::size_t>(std::count(bytes + first, bytes + last, 0));
}

// The most bytes that the rows of a column take.
std::size_t RoomFor(const Column& column, std::int64_t length) {
  const auto rows = static_cast<std::size_t>(length);
  if (const std::size_t width = WidthOfKey(column.type().id()); width > 0) {
    return rows * (width + 1);
  }
  if (column.type().id() == TypeId::kNull || length == 0) return 0;
  const auto bytes =
      static_cast<std::size_t>(column.elements(length - 1).last - column.elements(0).first);
  return bytes + CountZeros(column, length) + rows * 3;
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
    case TypeId::kDate:
      if (const auto integer = AsKeyInteger(value, from, to.id())) return Value::Int(*integer);
      break;
    default:
      return Status::InvalidArgument(to.ToString() + " cannot be a join key");
  }
  return NotAKey(value, from, to);
}

Result<Column> ConvertKeyColumn(const Column& column, const JoinKey& key, std::string_view name) {
  if (!key.type.is_key_type()) {
    return Status::InvalidArgument("join key '" + key.name + "' of type " + key.type.ToString() +
                                   ": this type cannot be a join key");
  }
  if (column.type() == key.type) return column;
  BadRows bad;
  Column converted = ConvertCells(column, key.type, &bad);
  if (bad.count > 0) {
    return BadKeys(name, key, bad.first, column.GetValue(bad.first), column.type(), bad.count);
  }
  return converted;
}

KeyColumn KeyColumn::Encode(std::span<const Column> columns, std::int64_t length) {
  KeyColumn keys;
  const auto rows = static_cast<std::size_t>(length);
  std::size_t room = 0;
  keys.null_.assign(rows, 0);
  for (const Column& column : columns) {
    COEVAL_CHECK(column.length() == length &&
                 (column.type().is_key_type() || column.type().id() == TypeId::kNull));
    room += RoomFor(column, length);
    if (!column.may_have_nulls()) continue;
    for (std::size_t row = 0; row < rows; ++row) {
      keys.null_[row] |= static_cast<std::uint8_t>(column.IsNull(static_cast<std::int64_t>(row)));
    }
  }
  keys.bytes_.resize(room);
  keys.offsets_.resize(rows + 1);
  char* const start = keys.bytes_.data();
  char* to = start;
  if (columns.size() == 1 && WidthOfKey(columns[0].type().id()) == 8) {
    const auto values = columns[0].values<std::int64_t>();
    for (std::size_t row = 0; row < rows; ++row) {
      // A null key takes no bytes: what is written here is written over by the next row.
      char* const end = PutInt64(values[row], to);
      to = keys.null_[row] == 0 ? end : to;
      keys.offsets_[row + 1] = static_cast<std::size_t>(to - start);
    }
  } else {
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = 0; i < columns.size() && keys.null_[row] == 0; ++i) {
        to = WidthOfKey(columns[i].type().id()) > 0
                 ? PutFixed(columns[i], row, to)
                 : PutBytes(columns[i].bytes(static_cast<std::int64_t>(row)), to);
      }
      keys.offsets_[row + 1] = static_cast<std::size_t>(to - start);
    }
  }
  keys.bytes_.resize(static_cast<std::size_t>(to - start));
  return keys;
}

std::string EncodeKey(std::span<const Value> values, std::span<const JoinKey> keys) {
  COEVAL_CHECK(values.size() == keys.size());
  std::string bytes;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    COEVAL_CHECK(!values[i].is_null());
    AppendTieBytes(values[i], keys[i].type, &bytes);
  }
  return bytes;
}

namespace {

// Reads one encoded key from left to right.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  bool Read(const DataType& type, Value* value) {
    if (rest_.empty() || rest_.front() != '\x01') return false;
    rest_.remove_prefix(1);
    if (type.width() == 0) {
      return ReadEscaped(value) && (type.id() != TypeId::kString || IsUtf8(value->AsString()));
    }
    const auto width = static_cast<std::size_t>(type.width());
    if (rest_.size() < width) return false;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < width; ++i) bits = bits << 8 | static_cast<unsigned char>(rest_[i]);
    rest_.remove_prefix(width);
    if (type.id() == TypeId::kBool) {
      if (bits > 1) return false;
      *value = Value::Bool(bits != 0);
    } else if (width == 4) {
      *value =
          Value::Int(static_cast<std::int32_t>(static_cast<std::uint32_t>(bits) ^ 0x8000'0000U));
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

Status ReadKey(std::span<const JoinKey> keys, KeyReader* reader, std::vector<Value>* values) {
  values->resize(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i].type.is_key_type() || !reader->Read(keys[i].type, &(*values)[i])) {
      return Status::Corruption("a stored key is damaged at join key '" + keys[i].name + "'");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Value>> DecodeKey(std::string_view bytes, std::span<const JoinKey> keys) {
  KeyReader reader(bytes);
  std::vector<Value> values;
  COEVAL_RETURN_IF_ERROR(ReadKey(keys, &reader, &values));
  if (reader.left() > 0)
    return Status::Corruption("a stored key has bytes after its last join key");
  return values;
}

Result<std::size_t> KeySize(std::string_view bytes, std::span<const JoinKey> keys) {
  KeyReader reader(bytes);
  std::vector<Value> values;
  COEVAL_RETURN_IF_ERROR(ReadKey(keys, &reader, &values));
  return bytes.size() - reader.left();
}

}  // namespace coeval
