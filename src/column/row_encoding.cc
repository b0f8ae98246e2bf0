#include "column/row_encoding.h"

#include <cstring>
#include <utility>

#include "base/hash.h"

namespace coeval {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kTombstoneFlag = 1;
constexpr std::size_t kHeaderSize = 8;
constexpr std::size_t kChecksumSize = 4;

template <typename T>
void AppendLittleEndian(T value, std::string* out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));  // x86-64 is little-endian
  out->append(bytes, sizeof(T));
}

template <typename T>
T ReadLittleEndian(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

void AppendHeader(std::uint8_t flags, std::size_t columns, std::string* out) {
  *out += static_cast<char>(kFormat);
  *out += static_cast<char>(flags);
  AppendLittleEndian(static_cast<std::uint16_t>(columns), out);
  AppendLittleEndian(std::uint32_t{0}, out);
}

void AppendChecksum(std::size_t start, std::string* out) {
  AppendLittleEndian(Checksum32(std::string_view(*out).substr(start)), out);
}

void AppendValue(const Column& column, std::int64_t row, std::string* out);

// Elements of a nested value: validity byte, then the value where there is one. Vectors and map keys
// have no nulls, but one form for all is simpler to read.
void AppendElements(const Column& child, Column::Extent extent, std::string* out) {
  for (std::int64_t e = extent.first; e < extent.last; ++e) {
    const bool valid = !child.IsNull(e);
    *out += valid ? '\x01' : '\x00';
    if (valid) AppendValue(child, e, out);
  }
}

void AppendValue(const Column& column, std::int64_t row, std::string* out) {
  const DataType& type = column.type();
  if (const int width = type.width(); width > 0) {
    out->append(reinterpret_cast<const char*>(column.values_buffer().data) + row * width,
                static_cast<std::size_t>(width));
    return;
  }
  if (!type.is_nested()) {
    const std::string_view bytes = column.bytes(row);
    AppendLittleEndian(static_cast<std::uint32_t>(bytes.size()), out);
    out->append(bytes);
    return;
  }
  const Column::Extent extent = column.elements(row);
  AppendLittleEndian(static_cast<std::uint32_t>(extent.last - extent.first), out);
  AppendElements(column.child(0), extent, out);
  if (type.id() == TypeId::kMap) AppendElements(column.child(1), extent, out);
}

// Reads values from left to right; every step is checked against the end.
class RowReader {
 public:
  explicit RowReader(std::string_view rest) : rest_(rest) {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  bool Read(const DataType& type, Value* value) {
    if (type.width() > 0) return ReadFixed(type, value);
    std::uint32_t count = 0;
    if (!ReadNumber(&count)) return false;
    if (!type.is_nested()) {
      std::string_view bytes;
      if (!TakeBytes(count, &bytes)) return false;
      *value = Value::String(std::string(bytes));
      return true;
    }
    if (count > rest_.size()) return false;  // each element takes at least a byte
    Value::List first;
    if (!ReadElements(type.child(0), count, &first)) return false;
    if (type.id() != TypeId::kMap) {
      *value = Value::MakeList(std::move(first));
      return true;
    }
    Value::List second;
    if (!ReadElements(type.child(1), count, &second)) return false;
    Value::Map map;
    for (std::uint32_t i = 0; i < count; ++i) {
      map.emplace_back(std::move(first[i]), std::move(second[i]));
    }
    *value = Value::MakeMap(std::move(map));
    return true;
  }

  // Moves past a value without making it.
  bool Skip(const DataType& type) {
    std::string_view bytes;
    if (const int width = type.width(); width > 0) {
      return TakeBytes(static_cast<std::size_t>(width), &bytes);
    }
    std::uint32_t count = 0;
    if (!type.is_nested()) return ReadNumber(&count) && TakeBytes(count, &bytes);
    Value ignored;
    return Read(type, &ignored);
  }

 private:
  bool TakeBytes(std::size_t count, std::string_view* bytes) {
    if (rest_.size() < count) return false;
    *bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  bool ReadNumber(std::uint32_t* number) {
    std::string_view bytes;
    if (!TakeBytes(4, &bytes)) return false;
    *number = ReadLittleEndian<std::uint32_t>(bytes);
    return true;
  }

  bool ReadElements(const DataType& type, std::uint32_t count, Value::List* elements) {
    for (std::uint32_t i = 0; i < count; ++i) {
      std::string_view valid;
      Value element;
      if (!TakeBytes(1, &valid) || (valid[0] != 0 && !Read(type, &element))) return false;
      elements->push_back(std::move(element));
    }
    return true;
  }

  bool ReadFixed(const DataType& type, Value* value) {
    std::string_view bytes;
    if (!TakeBytes(static_cast<std::size_t>(type.width()), &bytes)) return false;
    switch (type.id()) {
      case TypeId::kBool: *value = Value::Bool(bytes[0] != 0); return true;
      case TypeId::kInt32:
      case TypeId::kDate: *value = Value::Int(ReadLittleEndian<std::int32_t>(bytes)); return true;
      case TypeId::kFloat32:
        *value = Value::Double(static_cast<double>(ReadLittleEndian<float>(bytes)));
        return true;
      case TypeId::kFloat64: *value = Value::Double(ReadLittleEndian<double>(bytes)); return true;
      case TypeId::kDecimal128:
        *value = Value::Decimal(ReadLittleEndian<Int128>(bytes));
        return true;
      default: *value = Value::Int(ReadLittleEndian<std::int64_t>(bytes)); return true;
    }
  }

  std::string_view rest_;
};

Status Corrupt(std::string_view what) {
  return Status::Corruption("a stored row is damaged (" + std::string(what) +
                            "); run `coeval online verify`, or rebuild the store");
}

}  // namespace

void EncodeRow(std::span<const Column> columns, std::int64_t row, std::string* out) {
  const std::size_t start = out->size();
  AppendHeader(0, columns.size(), out);
  const std::size_t validity = out->size();
  out->append((columns.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].IsNull(row)) continue;
    (*out)[validity + i / 8] =
        static_cast<char>(static_cast<unsigned char>((*out)[validity + i / 8]) | (1U << (i % 8)));
    AppendValue(columns[i], row, out);
  }
  AppendChecksum(start, out);
}

void EncodeTombstone(std::string* out) {
  const std::size_t start = out->size();
  AppendHeader(kTombstoneFlag, 0, out);
  AppendChecksum(start, out);
}

Result<RowView> RowView::Parse(std::string_view bytes, std::span<const DataType> types) {
  if (bytes.size() < kHeaderSize + kChecksumSize) return Corrupt("it is too short");
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumSize);
  if (ReadLittleEndian<std::uint32_t>(bytes.substr(body.size())) != Checksum32(body)) {
    return Corrupt("its checksum differs");
  }
  if (static_cast<std::uint8_t>(body[0]) != kFormat) return Corrupt("its format is unknown");
  RowView view;
  view.bytes_ = body;
  view.types_ = types;
  view.tombstone_ = (static_cast<std::uint8_t>(body[1]) & kTombstoneFlag) != 0;
  if (view.tombstone_) return view;
  if (ReadLittleEndian<std::uint16_t>(body.substr(2)) != types.size()) {
    return Corrupt("it has another number of columns");
  }
  const std::size_t validity = kHeaderSize;
  const std::size_t start = validity + (types.size() + 7) / 8;
  if (body.size() < start) return Corrupt("it is too short");
  RowReader reader(body.substr(start));
  view.offsets_.resize(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (((static_cast<std::uint8_t>(body[validity + i / 8]) >> (i % 8)) & 1) == 0) continue;
    view.offsets_[i] = static_cast<std::uint32_t>(body.size() - reader.left());
    if (!reader.Skip(types[i])) return Corrupt("a value is cut off");
  }
  if (reader.left() != 0) return Corrupt("bytes follow its last value");
  return view;
}

Status RowView::AppendTo(std::size_t i, ColumnBuilder* builder) const {
  if (tombstone_ || offsets_[i] == 0) {
    builder->AppendNull();
    return {};
  }
  const std::string_view rest = bytes_.substr(offsets_[i]);
  switch (types_[i].id()) {
    case TypeId::kString:
    case TypeId::kBytes:
      builder->AppendBytes(rest.substr(4, ReadLittleEndian<std::uint32_t>(rest)));
      return {};
    case TypeId::kInt64:
    case TypeId::kTimestamp: builder->AppendInt(ReadLittleEndian<std::int64_t>(rest)); return {};
    case TypeId::kFloat64: builder->AppendDouble(ReadLittleEndian<double>(rest)); return {};
    default: break;
  }
  Value value;
  if (!RowReader(rest).Read(types_[i], &value)) return Corrupt("a value is cut off");
  return builder->Append(value);
}

Result<std::vector<Value>> RowView::Values() const {
  std::vector<Value> values(types_.size());
  if (tombstone_) return values;
  for (std::size_t i = 0; i < types_.size(); ++i) {
    if (offsets_[i] != 0 && !RowReader(bytes_.substr(offsets_[i])).Read(types_[i], &values[i])) {
      return Corrupt("a value is cut off");
    }
  }
  return values;
}

}  // namespace coeval
