#include "source/time_column.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/column.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

namespace {

struct UnitName {
  TimeUnit unit;
  std::string_view name;
  std::int64_t per_second;
};

constexpr std::array<UnitName, 4> kUnits{{{TimeUnit::kSecond, "seconds", 1},
                                          {TimeUnit::kMilli, "milliseconds", 1'000},
                                          {TimeUnit::kMicro, "microseconds", 1'000'000},
                                          {TimeUnit::kNano, "nanoseconds", 1'000'000'000}}};

const UnitName& NameOf(TimeUnit unit) {
  return kUnits[static_cast<std::size_t>(unit)];
}

// What a likely time is: after 1973, which rule 3.5 doubts, and within this century.
constexpr TimeMicros kLikelyFrom = TimeMicros{94'694'400} * kSecond;
constexpr TimeMicros kLikelyTo = TimeMicros{4'102'444'800} * kSecond;

bool IsValid(const ArrowArray& array, std::int64_t row) {
  if (array.null_count == 0 || array.n_buffers == 0 || array.buffers[0] == nullptr) return true;
  const auto* bits = static_cast<const std::uint8_t*>(array.buffers[0]);
  const std::int64_t i = array.offset + row;
  return ((bits[i >> 3] >> (i & 7)) & 1) != 0;
}

Result<TimeColumn> FromTimestamps(const ArrowSchema& field, const ArrowArray& array,
                                  const std::shared_ptr<const void>& keep_alive) {
  std::int64_t impossible = 0;
  TimeColumn result;
  COEVAL_ASSIGN_OR_RETURN(result.times,
                          ImportTimes(field, array, keep_alive, Rounding::kUp, &impossible));
  for (std::int64_t row = 0; impossible > 0 && row < array.length; ++row) {
    if (result.times.IsNull(row) && IsValid(array, row)) result.impossible.push_back(row);
  }
  return result;
}

// Times one by one from a function that gives nothing where a row holds no time.
template <typename TimeOf>
TimeColumn OneByOne(const Column& column, TimeOf time_of) {
  const auto length = static_cast<std::size_t>(column.length());
  TimeColumn result;
  std::vector<TimeMicros> times(length);
  std::vector<std::uint8_t> valid((length + 7) / 8);
  bool any_null = false;
  for (std::size_t i = 0; i < length; ++i) {
    const auto row = static_cast<std::int64_t>(i);
    const bool has_text = !column.IsNull(row);
    const std::optional<TimeMicros> time = has_text ? time_of(row) : std::nullopt;
    if (time) {
      times[i] = *time;
      valid[i >> 3] = static_cast<std::uint8_t>(valid[i >> 3] | (1U << (i & 7)));
      continue;
    }
    any_null = true;
    if (has_text) result.impossible.push_back(row);
  }
  result.times =
      Column::FixedWidth(TypeId::kTimestamp, column.length(), MakeBuffer(std::move(times)),
                         any_null ? MakeBuffer(std::move(valid)) : Buffer());
  return result;
}

}  // namespace

Status CheckTimeType(const ArrowSchema& field) {
  if (TimestampOf(field)) return {};
  COEVAL_ASSIGN_OR_RETURN(const DataType type, TypeFromArrow(field));
  switch (type.id()) {
    case TypeId::kNull:
    case TypeId::kTimestamp:
    case TypeId::kDate:
    case TypeId::kString:
      return {};
    case TypeId::kInt32:
    case TypeId::kInt64:
    case TypeId::kFloat32:
    case TypeId::kFloat64:
      return Status::InvalidArgument(
          "is " + type.ToString() +
          ", and nothing says whether its numbers are seconds, milliseconds, microseconds or "
          "nanoseconds; store it as a timestamp (in pandas: pd.to_datetime(column, unit=\"s\"))");
    default:
      return Status::InvalidArgument("is " + type.ToString() +
                                     ", which is no time; a time is a timestamp, a date, or text "
                                     "such as 2013-01-01T09:54:00Z");
  }
}

Result<TimeColumn> ReadTimeColumn(const ArrowSchema& field, const ArrowArray& array,
                                  const std::shared_ptr<const void>& keep_alive) {
  COEVAL_RETURN_IF_ERROR(CheckTimeType(field));
  if (TimestampOf(field)) return FromTimestamps(field, array, keep_alive);
  COEVAL_ASSIGN_OR_RETURN(const Column column, ImportArray(field, array, keep_alive));
  if (column.type().id() == TypeId::kDate) {
    const auto days = column.values<std::int32_t>();
    return OneByOne(column, [&days](std::int64_t row) -> std::optional<TimeMicros> {
      TimeMicros time = 0;
      const std::int64_t day = days[static_cast<std::size_t>(row)];
      if (__builtin_mul_overflow(day, kDay, &time)) return std::nullopt;
      return time;
    });
  }
  if (column.type().id() == TypeId::kString) {
    return OneByOne(column, [&column](std::int64_t row) -> std::optional<TimeMicros> {
      const auto time = ParseTime(column.bytes(row), Rounding::kUp);
      return time.ok() ? std::optional<TimeMicros>(*time) : std::nullopt;
    });
  }
  return TimeColumn{.times = Column::Nulls(TypeId::kTimestamp, column.length()), .impossible = {}};
}

std::string ShowTimeCell(const ArrowSchema& field, const ArrowArray& array, std::int64_t row) {
  if (!IsValid(array, row)) return "null";
  if (const auto timestamp = TimestampOf(field);
      timestamp && field.dictionary == nullptr && array.n_buffers > 1) {
    const auto* values = static_cast<const std::int64_t*>(array.buffers[1]);
    return std::to_string(values[array.offset + row]) + " " +
           std::string(NameOf(timestamp->unit).name) + " since 1970";
  }
  ArrowArray cell = array;
  cell.offset += row;
  cell.length = 1;
  cell.null_count = -1;
  const auto column = ImportArray(field, cell, nullptr);
  if (!column.ok()) return "unreadable";
  const std::string text = ToText(column->GetValue(0), column->type());
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

std::string UnitHint(TimeMicros time, TimeUnit stored) {
  // The number as it was stored, and then that number in each other unit.
  const auto number =
      static_cast<long double>(time) * static_cast<long double>(NameOf(stored).per_second) / 1e6L;
  for (const UnitName& other : kUnits) {
    if (other.unit == stored) continue;
    const long double micros = number / static_cast<long double>(other.per_second) * 1e6L;
    if (micros < static_cast<long double>(kLikelyFrom) ||
        micros > static_cast<long double>(kLikelyTo)) {
      continue;
    }
    const auto likely = static_cast<TimeMicros>(micros);
    return "; read as " + std::string(other.name) + " it would be " +
           FormatTime(likely - likely % kSecond) + ", so perhaps " + std::string(other.name) +
           " were written as " + std::string(NameOf(stored).name);
  }
  return "";
}

}  // namespace coeval
