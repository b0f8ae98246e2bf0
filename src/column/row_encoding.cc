#include "column/row_encoding.h"

#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "base/hash.h"

namespace coeval {

namespace {

static_assert(std::endian::native == std::endian::little, "rows are copied as they lie in memory");

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kTombstoneFlag = 1;
constexpr std::size_t kHeaderSize = RowLayout::kHeaderSize;
constexpr std::size_t kChecksumSize = 4;

template <typename T>
void AppendNumber(T value, std::string* out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out->append(bytes, sizeof(T));
}

template <typename T>
T NumberAt(std::string_view bytes, std::size_t at = 0) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

void AppendHeader(std::uint8_t flags, std::size_t columns, std::string* out) {
  COEVAL_CHECK(columns <= std::numeric_limits<std::uint16_t>::max());
  *out += static_cast<char>(kFormat);
  *out += static_cast<char>(flags);
  AppendNumber(static_cast<std::uint16_t>(columns), out);
  AppendNumber(std::uint32_t{0}, out);
}

void AppendChecksum(std::size_t start, std::string* out) {
  AppendNumber(Checksum32(std::string_view(*out).substr(start)), out);
}

void AppendFixed(const Column& column, std::int64_t first, std::int64_t count, std::string* out) {
  const int width = column.type().width();
  out->append(reinterpret_cast<const char*>(column.values_buffer().data) + first * width,
              static_cast<std::size_t>(count * width));
}

void SetBit(std::size_t start, std::size_t i, std::string* out) {
  char& byte = (*out)[start + i / 8];
  byte = static_cast<char>(static_cast<unsigned char>(byte) | (1U << (i % 8)));
}

void AppendVariable(const Column& column, std::int64_t row, std::string* out);

void AppendElements(const Column& child, Column::Extent extent, std::string* out) {
  const std::size_t validity = out->size();
  const auto count = static_cast<std::size_t>(extent.last - extent.first);
  out->append((count + 7) / 8, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t row = extent.first + static_cast<std::int64_t>(i);
    if (child.IsNull(row)) continue;
    SetBit(validity, i, out);
    if (child.type().width() > 0) {
      AppendFixed(child, row, 1, out);
    } else {
      AppendVariable(child, row, out);
    }
  }
}

void AppendVariable(const Column& column, std::int64_t row, std::string* out) {
  const DataType& type = column.type();
  const Column::Extent extent = column.elements(row);
  if (type.id() == TypeId::kVector) {
    AppendFixed(column.child(0), extent.first, extent.last - extent.first, out);
    return;
  }
  AppendNumber(static_cast<std::uint32_t>(extent.last - extent.first), out);
  if (!type.is_nested()) {
    out->append(column.bytes(row));
    return;
  }
  AppendElements(column.child(0), extent, out);
  if (type.id() == TypeId::kMap) AppendElements(column.child(1), extent, out);
}

bool BitAt(std::string_view bits, std::size_t i) {
  return ((static_cast<unsigned char>(bits[i / 8]) >> (i % 8)) & 1U) != 0;
}

std::int64_t NullBytes(const DataType& type) {
  if (type.id() == TypeId::kNull) return 0;
  if (type.id() == TypeId::kVector) return std::int64_t{type.size()} * type.child(0).width();
  return type.width() > 0 ? type.width() : std::int64_t{sizeof(std::int32_t)};  // an offset
}

// Walks over encoded values from left to right. Skip checks every step against the end, so that
// Read, called on what was skipped before, need not.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  // Of the elements that were skipped and are null.
  [[nodiscard]] std::int64_t null_bytes() const { return null_bytes_; }

  bool Skip(const DataType& type) {
    if (type.id() == TypeId::kBool) {
      std::string_view byte;
      return Take(1, &byte) && static_cast<unsigned char>(byte[0]) <= 1;
    }
    if (type.width() > 0) return SkipBytes(static_cast<std::size_t>(type.width()));
    if (type.id() == TypeId::kNull) return false;  // has no values
    if (type.id() == TypeId::kVector) {
      return SkipBytes(static_cast<std::size_t>(type.size()) *
                       static_cast<std::size_t>(type.child(0).width()));
    }
    std::string_view count;
    if (!Take(4, &count)) return false;
    const auto n = NumberAt<std::uint32_t>(count);
    if (!type.is_nested()) return SkipBytes(n);
    const bool map = type.id() == TypeId::kMap;
    return SkipElements(type.child(0), n, !map) && (!map || SkipElements(type.child(1), n, true));
  }

  void Read(ColumnBuilder* builder) {
    const DataType& type = builder->type();
    switch (type.id()) {
      case TypeId::kNull:
        return;
      case TypeId::kBool:
        return builder->AppendBool(Next<std::uint8_t>() != 0);
      case TypeId::kInt32:
      case TypeId::kDate:
        return builder->AppendInt(Next<std::int32_t>());
      case TypeId::kInt64:
      case TypeId::kTimestamp:
        return builder->AppendInt(Next<std::int64_t>());
      case TypeId::kFloat32:
        return builder->AppendDouble(static_cast<double>(Next<float>()));
      case TypeId::kFloat64:
        return builder->AppendDouble(Next<double>());
      case TypeId::kDecimal128:
        return builder->AppendDecimal(Next<Int128>());
      case TypeId::kString:
      case TypeId::kBytes:
        return builder->AppendBytes(NextBytes(Next<std::uint32_t>()));
      case TypeId::kVector:
        for (int i = 0; i < type.size(); ++i) Read(&builder->child(0));
        return builder->AppendNested();
      case TypeId::kList:
      case TypeId::kMap: {
        const auto count = Next<std::uint32_t>();
        ReadElements(count, &builder->child(0));
        if (type.id() == TypeId::kMap) ReadElements(count, &builder->child(1));
        return builder->AppendNested();
      }
    }
  }

 private:
  bool Take(std::size_t count, std::string_view* bytes) {
    if (rest_.size() < count) return false;
    *bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  bool SkipBytes(std::size_t count) {
    std::string_view bytes;
    return Take(count, &bytes);
  }

  bool SkipElements(const DataType& type, std::size_t count, bool may_be_null) {
    std::string_view validity;
    if (!Take((count + 7) / 8, &validity)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const bool valid = BitAt(validity, i);
      if (valid ? !Skip(type) : !may_be_null) return false;
      if (!valid) null_bytes_ += NullBytes(type);
    }
    return true;
  }

  std::string_view NextBytes(std::size_t count) {
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  template <typename T>
  T Next() {
    return NumberAt<T>(NextBytes(sizeof(T)));
  }

  void ReadElements(std::size_t count, ColumnBuilder* builder) {
    const std::string_view validity = NextBytes((count + 7) / 8);
    for (std::size_t i = 0; i < count; ++i) {
      if (BitAt(validity, i)) {
        Read(builder);
      } else {
        builder->AppendNull();
      }
    }
  }

  std::string_view rest_;
  std::int64_t null_bytes_ = 0;
};

Status Corrupt(std::string_view what) {
  return Status::Corruption("a stored row is damaged: " + std::string(what));
}

}  // namespace

void EncodeRow(std::span<const Column> columns, std::int64_t row, std::string* out) {
  const std::size_t start = out->size();
  AppendHeader(0, columns.size(), out);
  const std::size_t validity = out->size();
  out->append((columns.size() + 7) / 8, '\0');
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].IsNull(row)) continue;
    SetBit(validity, i, out);
    if (columns[i].type().width() > 0) AppendFixed(columns[i], row, 1, out);
  }
  for (const Column& column : columns) {
    if (column.type().width() == 0 && !column.IsNull(row)) AppendVariable(column, row, out);
  }
  AppendChecksum(start, out);
}

void EncodeTombstone(std::string* out) {
  const std::size_t start = out->size();
  AppendHeader(kTombstoneFlag, 0, out);
  AppendChecksum(start, out);
}

Result<RowView> RowView::Parse(std::string_view bytes, std::span<const DataType> types) {
  RowView view;
  COEVAL_RETURN_IF_ERROR(view.Reset(bytes, RowLayout(types)));
  return view;
}

Status RowView::Reset(std::string_view bytes, const RowLayout& layout) {
  const std::span<const DataType> types = layout.types();
  bytes_ = {};
  offsets_.clear();
  null_bytes_ = 0;
  tombstone_ = true;
  if (bytes.size() < kHeaderSize + kChecksumSize) return Corrupt("it is too short");
  const std::string_view body = bytes.substr(0, bytes.size() - kChecksumSize);
  if (NumberAt<std::uint32_t>(bytes, body.size()) != Checksum32(body)) {
    return Corrupt("its checksum differs");
  }
  const auto flags = NumberAt<std::uint8_t>(body, 1);
  const auto columns = NumberAt<std::uint16_t>(body, 2);
  if (NumberAt<std::uint8_t>(body) != kFormat) return Corrupt("its format is not known");
  if (flags > kTombstoneFlag || NumberAt<std::uint32_t>(body, 4) != 0) {
    return Corrupt("it is encrypted or of a newer release");
  }
  bytes_ = body;
  types_ = types;
  if (flags == kTombstoneFlag) {
    if (columns != 0 || body.size() != kHeaderSize) return Corrupt("a delete has values");
    return {};
  }
  if (columns != types.size()) {
    return Corrupt("it has " + std::to_string(columns) + " columns, not " +
                   std::to_string(types.size()));
  }
  if (layout.IsFull(body)) {
    offsets_.assign(layout.full_offsets().begin(), layout.full_offsets().end());
  } else {
    COEVAL_RETURN_IF_ERROR(Walk(layout));
  }
  tombstone_ = false;
  return {};
}

// Through all values, one after the other.
Status RowView::Walk(const RowLayout& layout) {
  if (bytes_.size() < layout.values_begin()) return Corrupt("it is too short");
  const std::string_view validity = bytes_.substr(kHeaderSize);
  Cursor cursor(bytes_.substr(layout.values_begin()));
  offsets_.resize(types_.size());
  for (const bool fixed : {true, false}) {
    for (std::size_t i = 0; i < types_.size(); ++i) {
      if ((layout.width(i) > 0) != fixed) continue;
      if (!BitAt(validity, i)) {
        null_bytes_ += NullBytes(types_[i]);
        continue;
      }
      offsets_[i] = static_cast<std::uint32_t>(bytes_.size() - cursor.left());
      if (!cursor.Skip(types_[i])) {
        return Corrupt("column " + std::to_string(i) + " does not hold a " + types_[i].ToString());
      }
    }
  }
  if (cursor.left() != 0) return Corrupt("bytes follow its last value");
  null_bytes_ += cursor.null_bytes();
  return {};
}

Status RowView::WrongType(std::size_t i, const DataType& type) const {
  return Status::Internal("a stored " + types_[i].ToString() + " cannot go into a column of " +
                          type.ToString());
}

Status RowView::AppendTo(std::size_t i, ColumnBuilder* builder) const {
  COEVAL_CHECK(i < types_.size());
  if (!(builder->type() == types_[i])) return WrongType(i, builder->type());
  if (tombstone_ || offsets_[i] == 0) {
    builder->AppendNull();
  } else {
    Cursor(bytes_.substr(offsets_[i])).Read(builder);
  }
  return {};
}

Result<std::vector<Value>> RowView::Values() const {
  std::vector<Value> values;
  values.reserve(types_.size());
  for (std::size_t i = 0; i < types_.size(); ++i) {
    ColumnBuilder builder(types_[i]);
    COEVAL_RETURN_IF_ERROR(AppendTo(i, &builder));
    values.push_back(builder.Finish().GetValue(0));
  }
  return values;
}

}  // namespace coeval
