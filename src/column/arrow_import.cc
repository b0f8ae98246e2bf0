// Arrow -> Column. One reader for each layout; every reader takes the array's own offset into account.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "column/arrow_bridge.h"
#include "column/arrow_format.h"
#include "column/builder.h"

namespace coeval {
namespace {

using KeepAlive = std::shared_ptr<const void>;

bool BitAt(const std::uint8_t* bits, std::int64_t i) { return ((bits[i >> 3] >> (i & 7)) & 1) != 0; }

// What an import does with times that do not fit or are too fine.
struct TimePolicy {
  Rounding rounding = Rounding::kExact;
  std::int64_t* impossible = nullptr;  // null: an impossible time is an error
};

Status InColumn(const ArrowSchema& field, const Status& status) {
  return status.WithContext("column '" + std::string(field.name ? field.name : "") + "'");
}

std::string Row(std::int64_t row) { return "row " + std::to_string(row); }

// Reads rows [first, first + count) of one array, relative to the array's offset.
class ArrayReader {
 public:
  ArrayReader(const ArrowSchema& field, const ArrowArray& array, KeepAlive keep_alive,
              TimePolicy policy)
      : field_(field), array_(array), keep_alive_(std::move(keep_alive)), policy_(policy) {}

  Result<Column> Read(std::int64_t first, std::int64_t count) {
    first_ = array_.offset + first;
    count_ = count;
    if (field_.dictionary != nullptr) return ReadDictionary();
    COEVAL_ASSIGN_OR_RETURN(format_, ParseArrowFormat(field_));
    switch (format_.layout) {
      case ArrowLayout::kNull: return Column::Nulls(TypeId::kNull, count_);
      case ArrowLayout::kBits: return ReadBits();
      case ArrowLayout::kHalfFloat: return ReadHalfFloats();
      case ArrowLayout::kFixed: return ReadFixed();
      case ArrowLayout::kOffsets32: return ReadOffsets32();
      case ArrowLayout::kOffsets64: return ReadOffsets64();
      case ArrowLayout::kViews: return ReadViews();
      case ArrowLayout::kFixedBinary: return ReadFixedBinary();
      case ArrowLayout::kList32:
      case ArrowLayout::kList64:
      case ArrowLayout::kMap: return ReadList();
      case ArrowLayout::kFixedList: return ReadFixedList();
    }
    return Status::Internal("an Arrow layout is not read");
  }

 private:
  template <typename T>
  const T* buffer(int i) const {
    return static_cast<const T*>(i < array_.n_buffers ? array_.buffers[i] : nullptr);
  }

  [[nodiscard]] bool IsValid(std::int64_t row) const {
    if (array_.null_count == 0 || count_ == 0) return true;
    const auto* bits = buffer<std::uint8_t>(0);
    return bits == nullptr || BitAt(bits, first_ + row);
  }

  // Validity with bit 0 for the first row read; shared where it lies on a byte.
  [[nodiscard]] Buffer Validity() const {
    const auto* bits = buffer<std::uint8_t>(0);
    if (array_.null_count == 0 || bits == nullptr || count_ == 0) return {};
    if (first_ % 8 == 0) return {bits + first_ / 8, (count_ + 7) / 8, keep_alive_};
    std::vector<std::uint8_t> copy(static_cast<std::size_t>((count_ + 7) / 8));
    for (std::int64_t row = 0; row < count_; ++row) {
      if (BitAt(bits, first_ + row)) {
        copy[static_cast<std::size_t>(row >> 3)] |= static_cast<std::uint8_t>(1U << (row & 7));
      }
    }
    return MakeBuffer(std::move(copy));
  }

  [[nodiscard]] Buffer Shared(const void* data, std::int64_t size) const {
    return {static_cast<const std::uint8_t*>(data), size, keep_alive_};
  }

  Result<Column> ReadBits() {
    const auto* bits = buffer<std::uint8_t>(1);
    std::vector<std::uint8_t> values(static_cast<std::size_t>(count_));
    for (std::int64_t row = 0; row < count_; ++row) {
      values[static_cast<std::size_t>(row)] = BitAt(bits, first_ + row) ? 1 : 0;
    }
    return Column::FixedWidth(TypeId::kBool, count_, MakeBuffer(std::move(values)), Validity());
  }

  // IEEE 754 binary16, exactly as float32.
  static float FromHalf(std::uint16_t half) {
    const int exponent = (half >> 10) & 31;
    const int fraction = half & 1023;
    const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
    if (exponent == 31) {
      return fraction != 0 ? Canonical(std::nanf("")) : sign * std::numeric_limits<float>::infinity();
    }
    if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
    return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  }

  Result<Column> ReadHalfFloats() {
    const auto* halves = buffer<std::uint16_t>(1);
    std::vector<float> values(static_cast<std::size_t>(count_));
    for (std::int64_t row = 0; row < count_; ++row) {
      values[static_cast<std::size_t>(row)] = FromHalf(halves[first_ + row]);
    }
    return Column::FixedWidth(TypeId::kFloat32, count_, MakeBuffer(std::move(values)), Validity());
  }

  Result<Column> ReadFixed() {
    switch (format_.type.id()) {
      case TypeId::kTimestamp: return ReadTimes();
      case TypeId::kFloat32: return ReadFloats<float>();
      case TypeId::kFloat64: return ReadFloats<double>();
      case TypeId::kDecimal128: return ReadDecimals();
      case TypeId::kDate: return format_.width == 4 ? ShareFixed() : ReadMilliDates();
      default: break;
    }
    if (format_.is_signed && format_.width == format_.type.width()) return ShareFixed();
    switch (format_.width * (format_.is_signed ? 1 : -1)) {
      case 1: return Widen<std::int8_t, std::int32_t>();
      case -1: return Widen<std::uint8_t, std::int32_t>();
      case 2: return Widen<std::int16_t, std::int32_t>();
      case -2: return Widen<std::uint16_t, std::int32_t>();
      case -4: return Widen<std::uint32_t, std::int64_t>();
      default: return ReadUnsigned64();
    }
  }

  Column ShareFixed() const {
    const auto* bytes = buffer<std::uint8_t>(1);
    const std::int64_t size = count_ * format_.width;
    if (count_ == 0) return Column::Nulls(format_.type, 0);
    return Column::FixedWidth(format_.type, count_, Shared(bytes + first_ * format_.width, size),
                              Validity());
  }

  template <typename From, typename To>
  Column Widen() const {
    const auto* from = buffer<From>(1);
    std::vector<To> values(static_cast<std::size_t>(count_));
    for (std::int64_t row = 0; row < count_; ++row) {
      values[static_cast<std::size_t>(row)] = static_cast<To>(from[first_ + row]);
    }
    return Column::FixedWidth(format_.type, count_, MakeBuffer(std::move(values)), Validity());
  }

  Result<Column> ReadUnsigned64() const {
    const auto* from = buffer<std::uint64_t>(1);
    for (std::int64_t row = 0; row < count_; ++row) {
      if (IsValid(row) && from[first_ + row] > static_cast<std::uint64_t>(kMaxTime)) {
        return Status::InvalidArgument(Row(row) + ": " + std::to_string(from[first_ + row]) +
                                       " (uint64) does not fit int64");
      }
    }
    return Widen<std::uint64_t, std::int64_t>();
  }

  // Shared as they are; copied only where a NaN is not the one NaN (rule 1.5).
  template <typename T>
  Column ReadFloats() const {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    const auto* from = buffer<T>(1);
    const auto canonical = std::bit_cast<Bits>(Canonical(std::numeric_limits<T>::quiet_NaN()));
    bool odd = false;
    for (std::int64_t row = 0; row < count_ && !odd; ++row) {
      const T value = from[first_ + row];
      odd = value != value && std::bit_cast<Bits>(value) != canonical;
    }
    if (!odd) return ShareFixed();
    std::vector<T> values(from + first_, from + first_ + count_);
    for (T& value : values) value = Canonical(value);
    return Column::FixedWidth(format_.type, count_, MakeBuffer(std::move(values)), Validity());
  }

  Result<Column> ReadTimes() const {
    if (format_.time_unit == TimeUnit::kMicro) return ShareFixed();
    const auto* from = buffer<std::int64_t>(1);
    std::vector<std::int64_t> values(static_cast<std::size_t>(count_));
    std::vector<std::int64_t> impossible;
    for (std::int64_t row = 0; row < count_; ++row) {
      if (!IsValid(row)) continue;
      auto micros = ToMicros(from[first_ + row], *format_.time_unit, policy_.rounding);
      if (micros.ok()) {
        values[static_cast<std::size_t>(row)] = *micros;
      } else if (policy_.impossible != nullptr) {
        impossible.push_back(row);
      } else {
        return micros.status().WithContext(Row(row));
      }
    }
    Column times = Column::FixedWidth(TypeId::kTimestamp, count_, MakeBuffer(std::move(values)),
                                      Validity());
    return impossible.empty() ? times : NullAt(times, impossible);
  }

  Column NullAt(const Column& column, const std::vector<std::int64_t>& rows) const {
    *policy_.impossible += static_cast<std::int64_t>(rows.size());
    std::vector<std::int64_t> take(static_cast<std::size_t>(count_));
    for (std::int64_t row = 0; row < count_; ++row) take[static_cast<std::size_t>(row)] = row;
    for (const std::int64_t row : rows) take[static_cast<std::size_t>(row)] = -1;
    return column.Take(take);
  }

  // Milliseconds; whole days by the specification, anything else goes to the day that it lies in.
  Result<Column> ReadMilliDates() const {
    constexpr std::int64_t kDayMillis = 86'400'000;
    const auto* from = buffer<std::int64_t>(1);
    std::vector<std::int32_t> values(static_cast<std::size_t>(count_));
    for (std::int64_t row = 0; row < count_; ++row) {
      if (!IsValid(row)) continue;
      const std::int64_t millis = from[first_ + row];
      if (millis % kDayMillis != 0) {
        return Status::InvalidArgument(Row(row) + ": a date is not a whole day: " +
                                       std::to_string(millis) + " ms");
      }
      const std::int64_t days = millis / kDayMillis;
      if (days < std::numeric_limits<std::int32_t>::min() ||
          days > std::numeric_limits<std::int32_t>::max()) {
        return Status::InvalidArgument(Row(row) + ": a date does not fit");
      }
      values[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(days);
    }
    return Column::FixedWidth(TypeId::kDate, count_, MakeBuffer(std::move(values)), Validity());
  }

  Result<Column> ReadDecimals() const {
    const auto* from = buffer<std::uint8_t>(1);
    std::vector<Int128> values(static_cast<std::size_t>(count_));
    for (std::int64_t row = 0; row < count_; ++row) {
      const std::uint8_t* at = from + (first_ + row) * format_.width;
      Int128& value = values[static_cast<std::size_t>(row)];
      if (format_.width == 16) {
        std::memcpy(&value, at, 16);
      } else if (format_.width == 8) {
        std::int64_t narrow = 0;
        std::memcpy(&narrow, at, 8);
        value = narrow;
      } else {
        std::int32_t narrow = 0;
        std::memcpy(&narrow, at, 4);
        value = narrow;
      }
    }
    return Column::FixedWidth(format_.type, count_, MakeBuffer(std::move(values)), Validity());
  }

  Result<Column> ReadOffsets32() const {
    const auto* offsets = buffer<std::int32_t>(1);
    if (count_ == 0 || offsets == nullptr) return Column::Nulls(format_.type, count_);
    const auto* bytes = buffer<std::uint8_t>(2);
    static constexpr std::uint8_t kNothing = 0;
    return Column::Binary(format_.type, count_, Shared(offsets + first_, (count_ + 1) * 4),
                          Shared(bytes == nullptr ? &kNothing : bytes, offsets[first_ + count_]),
                          Validity());
  }

  Result<Column> ReadOffsets64() const {
    const auto* offsets = buffer<std::int64_t>(1);
    if (count_ == 0 || offsets == nullptr) return Column::Nulls(format_.type, count_);
    const std::int64_t start = offsets[first_];
    const std::int64_t size = offsets[first_ + count_] - start;
    if (size > std::numeric_limits<std::int32_t>::max()) return TooLarge();
    std::vector<std::int32_t> narrow(static_cast<std::size_t>(count_) + 1);
    for (std::int64_t row = 0; row <= count_; ++row) {
      narrow[static_cast<std::size_t>(row)] =
          static_cast<std::int32_t>(offsets[first_ + row] - start);
    }
    return Column::Binary(format_.type, count_, MakeBuffer(std::move(narrow)),
                          Shared(buffer<std::uint8_t>(2) + start, size), Validity());
  }

  static Status TooLarge() {
    return Status::InvalidArgument("more than 2 GiB in one batch; use smaller batches");
  }

  // A view is 16 bytes: length, then up to 12 bytes, or 4 bytes of prefix, buffer, offset.
  Result<Column> ReadViews() const {
    const auto* views = buffer<std::uint8_t>(1);
    ColumnBuilder builder(format_.type);
    builder.Reserve(count_);
    std::int64_t total = 0;
    for (std::int64_t row = 0; row < count_; ++row) {
      if (!IsValid(row)) {
        builder.AppendNull();
        continue;
      }
      const std::uint8_t* view = views + (first_ + row) * 16;
      std::int32_t header[4];
      std::memcpy(header, view, 16);
      const auto size = static_cast<std::size_t>(header[0]);
      total += header[0];
      if (total > std::numeric_limits<std::int32_t>::max()) return TooLarge();
      const char* bytes = size <= 12 ? reinterpret_cast<const char*>(view + 4)
                                     : buffer<char>(2 + header[2]) + header[3];
      builder.AppendBytes({bytes, size});
    }
    return builder.Finish();
  }

  Result<Column> ReadFixedBinary() const {
    const auto* bytes = buffer<char>(1);
    if (count_ * format_.width > std::numeric_limits<std::int32_t>::max()) return TooLarge();
    std::vector<std::int32_t> offsets(static_cast<std::size_t>(count_) + 1);
    for (std::size_t row = 0; row < offsets.size(); ++row) {
      offsets[row] = static_cast<std::int32_t>(row) * format_.width;
    }
    return Column::Binary(format_.type, count_, MakeBuffer(std::move(offsets)),
                          Shared(bytes + first_ * format_.width, count_ * format_.width),
                          Validity());
  }

  [[nodiscard]] std::int64_t ListOffset(std::int64_t row) const {
    return format_.layout == ArrowLayout::kList64 ? buffer<std::int64_t>(1)[first_ + row]
                                                  : buffer<std::int32_t>(1)[first_ + row];
  }

  Result<Column> ReadChild(const ArrowSchema& field, const ArrowArray& array, std::int64_t first,
                           std::int64_t count) const {
    return ArrayReader(field, array, keep_alive_, {.rounding = policy_.rounding})
        .Read(first, count);
  }

  Result<Column> ReadList() const {
    const ArrowSchema& child = *field_.children[0];
    const std::int64_t start = count_ == 0 ? 0 : ListOffset(0);
    const std::int64_t size = count_ == 0 ? 0 : ListOffset(count_) - start;
    if (size > std::numeric_limits<std::int32_t>::max()) return TooLarge();
    std::vector<std::int32_t> offsets(static_cast<std::size_t>(count_) + 1);
    for (std::int64_t row = 0; row <= count_ && count_ > 0; ++row) {
      offsets[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(ListOffset(row) - start);
    }
    const ArrowArray& elements = *array_.children[0];
    if (format_.layout != ArrowLayout::kMap) {
      COEVAL_ASSIGN_OR_RETURN(Column values, ReadChild(child, elements, start, size));
      DataType type = DataType::List(values.type());
      return Column::Nested(std::move(type), count_, MakeBuffer(std::move(offsets)),
                            {std::move(values)}, Validity());
    }
    // The struct of a map's entries has an offset of its own.
    const std::int64_t from = elements.offset + start;
    COEVAL_ASSIGN_OR_RETURN(Column keys,
                            ReadChild(*child.children[0], *elements.children[0], from, size));
    COEVAL_ASSIGN_OR_RETURN(Column values,
                            ReadChild(*child.children[1], *elements.children[1], from, size));
    return SortMaps(Column::Nested(DataType::Map(keys.type(), values.type()), count_,
                                   MakeBuffer(std::move(offsets)),
                                   {std::move(keys), std::move(values)}, Validity()));
  }

  // In key order (type.h), unless they are already.
  static Result<Column> SortMaps(const Column& maps) {
    bool sorted = true;
    for (std::int64_t row = 0; row < maps.length() && sorted; ++row) {
      if (maps.IsNull(row)) continue;
      const Column::Extent extent = maps.elements(row);
      for (std::int64_t e = extent.first; e < extent.last; ++e) {
        if (maps.child(0).IsNull(e)) return Status::InvalidArgument(Row(row) + ": a map has a null key");
        if (e == extent.first) continue;
        const int order =
            CompareValues(maps.child(0).GetValue(e - 1), maps.child(0).GetValue(e));
        sorted = sorted && order < 0;
      }
    }
    if (sorted) return maps;
    ColumnBuilder builder(maps.type());
    for (std::int64_t row = 0; row < maps.length(); ++row) {
      const Value map = maps.GetValue(row);
      for (std::size_t i = 1; !map.is_null() && i < map.AsMap().size(); ++i) {
        if (CompareValues(map.AsMap()[i - 1].first, map.AsMap()[i].first) == 0) {
          return Status::InvalidArgument(Row(row) + ": a map has the same key twice");
        }
      }
      COEVAL_RETURN_IF_ERROR(builder.Append(map).WithContext(Row(row)));
    }
    return builder.Finish();
  }

  // Floats without null elements are a vector; anything else is a list.
  Result<Column> ReadFixedList() const {
    COEVAL_ASSIGN_OR_RETURN(Column values,
                            ReadChild(*field_.children[0], *array_.children[0],
                                      first_ * format_.width, count_ * format_.width));
    COEVAL_ASSIGN_OR_RETURN(DataType type, TypeFromArrow(field_));
    if (type.id() == TypeId::kVector) {
      COEVAL_ASSIGN_OR_RETURN(values, VectorElements(values));
      return Column::Nested(std::move(type), count_, {}, {std::move(values)}, Validity());
    }
    std::vector<std::int32_t> offsets(static_cast<std::size_t>(count_) + 1);
    for (std::size_t row = 0; row < offsets.size(); ++row) {
      offsets[row] = static_cast<std::int32_t>(row) * format_.width;
    }
    return Column::Nested(std::move(type), count_, MakeBuffer(std::move(offsets)),
                          {std::move(values)}, Validity());
  }

  // The elements of vectors without validity: null ones may stand under null vectors only.
  Result<Column> VectorElements(const Column& values) const {
    if (!values.may_have_nulls()) return values;
    for (std::int64_t e = 0; e < values.length(); ++e) {
      if (values.IsNull(e) && IsValid(e / format_.width)) {
        return Status::InvalidArgument(Row(e / format_.width) + ": a vector has a null element");
      }
    }
    return Column::FixedWidth(values.type(), values.length(), values.values_buffer());
  }

  Result<Column> ReadDictionary() {
    const ArrowArray& dictionary = *array_.dictionary;
    COEVAL_ASSIGN_OR_RETURN(Column words,
                            ArrayReader(*field_.dictionary, dictionary, keep_alive_, policy_)
                                .Read(0, dictionary.length));
    COEVAL_ASSIGN_OR_RETURN(format_, ParseArrowFormat(field_));
    COEVAL_ASSIGN_OR_RETURN(Column indices, ReadFixed());
    std::vector<std::int64_t> rows(static_cast<std::size_t>(count_));
    for (std::int64_t row = 0; row < count_; ++row) {
      const auto i = static_cast<std::size_t>(row);
      if (indices.IsNull(row)) {
        rows[i] = -1;
        continue;
      }
      rows[i] = indices.type().width() == 4 ? indices.values<std::int32_t>()[i]
                                            : indices.values<std::int64_t>()[i];
      if (rows[i] < 0 || rows[i] >= words.length()) {
        return Status::InvalidArgument(Row(row) + ": a dictionary index is out of range");
      }
    }
    return words.Take(rows);
  }

  const ArrowSchema& field_;
  const ArrowArray& array_;
  KeepAlive keep_alive_;
  TimePolicy policy_;
  ArrowFormat format_;
  std::int64_t first_ = 0;
  std::int64_t count_ = 0;
};

}  // namespace

Result<DataType> TypeFromArrow(const ArrowSchema& field) {
  if (field.dictionary != nullptr) {
    auto type = TypeFromArrow(*field.dictionary);
    return type.ok() ? type : InColumn(field, type.status());
  }
  COEVAL_ASSIGN_OR_RETURN(ArrowFormat format, ParseArrowFormat(field));
  if (format.layout == ArrowLayout::kMap) {
    const ArrowSchema& entries = *field.children[0];
    COEVAL_ASSIGN_OR_RETURN(DataType key, TypeFromArrow(*entries.children[0]));
    COEVAL_ASSIGN_OR_RETURN(DataType value, TypeFromArrow(*entries.children[1]));
    if (key.is_nested() || key.id() == TypeId::kNull) {
      return InColumn(field, Status::InvalidArgument("a map's key is " + key.ToString() +
                                                     "; only plain types can be keys"));
    }
    return DataType::Map(std::move(key), std::move(value));
  }
  if (format.type.id() != TypeId::kList) return format.type;
  COEVAL_ASSIGN_OR_RETURN(DataType element, TypeFromArrow(*field.children[0]));
  const bool is_float = element.id() == TypeId::kFloat32 || element.id() == TypeId::kFloat64;
  if (format.layout == ArrowLayout::kFixedList && is_float && format.width > 0) {
    return DataType::Vector(std::move(element), format.width);
  }
  return DataType::List(std::move(element));
}

std::optional<ArrowTimestamp> TimestampOf(const ArrowSchema& field) {
  const ArrowSchema& plain = field.dictionary != nullptr ? *field.dictionary : field;
  const auto format = ParseArrowFormat(plain);
  if (!format.ok() || format->type.id() != TypeId::kTimestamp) return {};
  return ArrowTimestamp{*format->time_unit, format->zone};
}

Result<Column> ImportArray(const ArrowSchema& field, const ArrowArray& array,
                           std::shared_ptr<const void> keep_alive, Rounding rounding) {
  auto column = ArrayReader(field, array, std::move(keep_alive), {.rounding = rounding})
                    .Read(0, array.length);
  return column.ok() ? column : InColumn(field, column.status());
}

Result<Column> ImportTimes(const ArrowSchema& field, const ArrowArray& array,
                           std::shared_ptr<const void> keep_alive, Rounding rounding,
                           std::int64_t* impossible) {
  auto column = ArrayReader(field, array, std::move(keep_alive),
                            {.rounding = rounding, .impossible = impossible})
                    .Read(0, array.length);
  return column.ok() ? column : InColumn(field, column.status());
}

}  // namespace coeval
