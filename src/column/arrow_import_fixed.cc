// Arrow -> Column: values of a fixed width.
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "column/arrow_reader.h"
#include "column/value.h"

namespace coeval {

namespace {

// IEEE 754 binary16, exactly as float32.
float FromHalf(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int fraction = half & 1023;
  const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) {
    return fraction != 0 ? Canonical(std::numeric_limits<float>::quiet_NaN())
                         : sign * std::numeric_limits<float>::infinity();
  }
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

}  // namespace

Column ArrowReader::ReadBits() const {
  std::vector<std::uint8_t> values(static_cast<std::size_t>(count_));
  const auto* bits = count_ == 0 ? nullptr : static_cast<const std::uint8_t*>(array_.buffers[1]);
  for (std::int64_t row = 0; row < count_; ++row) {
    const std::int64_t bit = first_ + row;
    values[static_cast<std::size_t>(row)] =
        static_cast<std::uint8_t>((bits[bit >> 3] >> (bit & 7)) & 1);
  }
  return Column::FixedWidth(TypeId::kBool, count_, MakeBuffer(std::move(values)), Validity());
}

Column ArrowReader::ReadHalfFloats() const {
  std::vector<float> values(static_cast<std::size_t>(count_));
  for (std::int64_t row = 0; row < count_; ++row) {
    values[static_cast<std::size_t>(row)] = FromHalf(ValueAt<std::uint16_t>(row));
  }
  return Column::FixedWidth(TypeId::kFloat32, count_, MakeBuffer(std::move(values)), Validity());
}

Result<Column> ArrowReader::ReadFixed() const {
  switch (format_.type.id()) {
    case TypeId::kTimestamp:
      return ReadTimes();
    case TypeId::kFloat32:
      return ReadFloats<float>();
    case TypeId::kFloat64:
      return ReadFloats<double>();
    case TypeId::kDecimal128:
      return ReadDecimals();
    case TypeId::kDate:
      return format_.width == 4 ? ShareFixed() : ReadMilliDates();
    default:
      break;
  }
  if (format_.is_signed && format_.width == format_.type.width()) return ShareFixed();
  switch (format_.width * (format_.is_signed ? 1 : -1)) {
    case 1:
      return Widen<std::int8_t, std::int32_t>();
    case -1:
      return Widen<std::uint8_t, std::int32_t>();
    case 2:
      return Widen<std::int16_t, std::int32_t>();
    case -2:
      return Widen<std::uint16_t, std::int32_t>();
    case -4:
      return Widen<std::uint32_t, std::int64_t>();
    default:
      return ReadUnsigned64();
  }
}

Column ArrowReader::ShareFixed() const {
  if (count_ == 0) return Column::Nulls(format_.type, 0);
  const std::int64_t width = format_.width;
  return Column::FixedWidth(format_.type, count_,
                            ShareBytes(1, first_ * width, count_ * width, width), Validity());
}

template <typename From, typename To>
Column ArrowReader::Widen() const {
  std::vector<To> values(static_cast<std::size_t>(count_));
  for (std::int64_t row = 0; row < count_; ++row) {
    // int8 is a number here. NOLINTNEXTLINE(bugprone-signed-char-misuse)
    values[static_cast<std::size_t>(row)] = static_cast<To>(ValueAt<From>(row));
  }
  return Column::FixedWidth(format_.type, count_, MakeBuffer(std::move(values)), Validity());
}

Result<Column> ArrowReader::ReadUnsigned64() const {
  for (std::int64_t row = 0; row < count_; ++row) {
    const auto value = ValueAt<std::uint64_t>(row);
    if (value > static_cast<std::uint64_t>(kMaxTime) && IsValid(row)) {
      return BadRow(row, std::to_string(value) + " (uint64) does not fit int64");
    }
  }
  return Widen<std::uint64_t, std::int64_t>();
}

// Shared as they are; copied only where a NaN is not the one NaN (rule 1.5).
template <typename T>
Column ArrowReader::ReadFloats() const {
  const auto canonical = std::bit_cast<BitsOf<T>>(static_cast<T>(Canonical(std::nan(""))));
  bool odd = false;
  for (std::int64_t row = 0; row < count_; ++row) {
    const T value = ValueAt<T>(row);
    odd |= std::isnan(value) && std::bit_cast<BitsOf<T>>(value) != canonical;
  }
  if (!odd) return ShareFixed();
  std::vector<T> values(static_cast<std::size_t>(count_));
  for (std::int64_t row = 0; row < count_; ++row) {
    values[static_cast<std::size_t>(row)] = Canonical(ValueAt<T>(row));
  }
  return Column::FixedWidth(format_.type, count_, MakeBuffer(std::move(values)), Validity());
}

Result<Column> ArrowReader::ReadTimes() const {
  if (format_.time_unit == TimeUnit::kMicro) return ShareFixed();
  std::vector<std::int64_t> values(static_cast<std::size_t>(count_));
  std::vector<std::int64_t> impossible;
  for (std::int64_t row = 0; row < count_; ++row) {
    if (!IsValid(row)) continue;
    const auto micros = ToMicros(ValueAt<std::int64_t>(row), *format_.time_unit, policy_.rounding);
    if (micros.ok()) {
      values[static_cast<std::size_t>(row)] = *micros;
    } else if (policy_.impossible != nullptr) {
      impossible.push_back(row);
    } else {
      return micros.status().WithContext("row " + std::to_string(row));
    }
  }
  Column times =
      Column::FixedWidth(TypeId::kTimestamp, count_, MakeBuffer(std::move(values)), Validity());
  if (impossible.empty()) return times;
  *policy_.impossible += static_cast<std::int64_t>(impossible.size());
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count_));
  for (std::int64_t row = 0; row < count_; ++row) rows[static_cast<std::size_t>(row)] = row;
  for (const std::int64_t row : impossible) rows[static_cast<std::size_t>(row)] = -1;
  return times.Take(rows);
}

// Milliseconds, which the specification wants to be whole days.
Result<Column> ArrowReader::ReadMilliDates() const {
  constexpr std::int64_t kDayMillis = 86'400'000;
  std::vector<std::int32_t> values(static_cast<std::size_t>(count_));
  for (std::int64_t row = 0; row < count_; ++row) {
    if (!IsValid(row)) continue;
    const auto millis = ValueAt<std::int64_t>(row);
    const std::int64_t days = millis / kDayMillis;
    if (days * kDayMillis != millis || days < INT32_MIN || days > INT32_MAX) {
      return BadRow(
          row, std::to_string(millis) + " ms (date64) is not a whole day, or does not fit a date");
    }
    values[static_cast<std::size_t>(row)] = static_cast<std::int32_t>(days);
  }
  return Column::FixedWidth(TypeId::kDate, count_, MakeBuffer(std::move(values)), Validity());
}

Result<Column> ArrowReader::ReadDecimals() const {
  if (format_.width == 4) return Widen<std::int32_t, Int128>();
  if (format_.width == 8) return Widen<std::int64_t, Int128>();
  return ShareFixed();
}

}  // namespace coeval
