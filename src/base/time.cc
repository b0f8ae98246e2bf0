#include "base/time.h"

#include <array>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>

#include "base/calendar.h"

namespace coeval {

namespace {

__extension__ using Wide = __int128;

// Reads a time from left to right. Each step tells whether it fitted.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }

  bool Take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  // Exactly `digits` digits.
  bool TakeNumber(std::size_t digits, int* number) {
    if (rest_.size() < digits) return false;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return false;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    *number = value;
    return true;
  }

  // A year: 4 digits, or a sign and 4 to 7 (a date of 32 bits reaches the year 5,881,580).
  bool TakeYear(std::int64_t* year) {
    const bool negative = !rest_.empty() && rest_.front() == '-';
    const bool sign = negative || (!rest_.empty() && rest_.front() == '+');
    if (sign) rest_.remove_prefix(1);
    std::size_t digits = 0;
    while (digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9') ++digits;
    if (digits < 4 || digits > (sign ? 7U : 4U)) return false;
    int value = 0;
    if (!TakeNumber(digits, &value)) return false;
    *year = negative ? -value : value;
    return true;
  }

  // Digits of a second's fraction as µs, and whether anything lies below.
  bool TakeFraction(std::int64_t* micros, bool* finer) {
    std::size_t digits = 0;
    std::int64_t value = 0;
    *finer = false;
    for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; ++digits) {
      if (digits < 6) {
        value = value * 10 + (rest_[digits] - '0');
      } else if (rest_[digits] != '0') {
        *finer = true;
      }
    }
    if (digits == 0) return false;
    for (std::size_t i = digits; i < 6; ++i) value *= 10;
    rest_.remove_prefix(digits);
    *micros = value;
    return true;
  }

 private:
  std::string_view rest_;
};

struct CivilTime {
  std::int64_t year = 1970;
  int month = 1, day = 1, hour = 0, minute = 0, second = 0;
  std::int64_t micros = 0;
  bool finer = false;
  std::int64_t zone_seconds = 0;
};

bool ReadZone(TimeReader* reader, CivilTime* time) {
  if (reader->done() || reader->Take('Z') || reader->Take('z')) return true;
  const bool negative = reader->Take('-');
  if (!negative && !reader->Take('+')) return false;
  int hours = 0;
  int minutes = 0;
  if (!reader->TakeNumber(2, &hours)) return false;
  if (!reader->done()) {
    reader->Take(':');
    if (!reader->TakeNumber(2, &minutes)) return false;
  }
  if (hours > 23 || minutes > 59) return false;
  time->zone_seconds = (hours * 60 + minutes) * 60 * (negative ? -1 : 1);
  return true;
}

bool ReadClock(TimeReader* reader, CivilTime* time) {
  if (!reader->TakeNumber(2, &time->hour) || !reader->Take(':') ||
      !reader->TakeNumber(2, &time->minute)) {
    return false;
  }
  if (reader->Take(':')) {
    if (!reader->TakeNumber(2, &time->second)) return false;
    if (reader->Take('.') && !reader->TakeFraction(&time->micros, &time->finer)) return false;
  }
  return ReadZone(reader, time) && time->hour < 24 && time->minute < 60 && time->second < 60;
}

bool ReadDay(TimeReader* reader, CivilTime* time) {
  return reader->TakeYear(&time->year) && reader->Take('-') &&
         reader->TakeNumber(2, &time->month) && reader->Take('-') &&
         reader->TakeNumber(2, &time->day) && time->month >= 1 && time->month <= 12 &&
         time->day >= 1 && time->day <= DaysInMonth(time->year, time->month);
}

bool ReadCivil(std::string_view text, CivilTime* time) {
  TimeReader reader(text);
  if (!ReadDay(&reader, time)) return false;
  if (!reader.done()) {
    if (!reader.Take('T') && !reader.Take('t') && !reader.Take(' ')) return false;
    if (!ReadClock(&reader, time)) return false;
  }
  return reader.done();
}

std::string FormatCivilDay(CivilDate day) {
  const std::string year = day.year < 0 || day.year > 9999 ? fmt::format("{:+05d}", day.year)
                                                           : fmt::format("{:04d}", day.year);
  return fmt::format("{}-{:02d}-{:02d}", year, day.month, day.day);
}

struct DurationUnit {
  std::string_view name;
  DurationMicros micros;
};

constexpr std::array<DurationUnit, 7> kUnits{{{"w", 7 * kDay},
                                              {"d", kDay},
                                              {"h", kHour},
                                              {"m", kMinute},
                                              {"s", kSecond},
                                              {"ms", 1'000},
                                              {"us", 1}}};

Status BadDuration(std::string_view text) {
  return Status::InvalidArgument("'" + std::string(text) +
                                 "' is not a duration; write for example 3h, 30d, 1d12h or 250ms");
}

}  // namespace

Result<TimeMicros> ToMicros(std::int64_t count, TimeUnit unit, Rounding rounding) {
  if (unit == TimeUnit::kNano) {
    const std::int64_t down = FloorDiv(count, 1'000);
    if (count % 1'000 == 0 || rounding == Rounding::kDown) return down;
    if (rounding == Rounding::kUp) return down + 1;
    return Status::InvalidArgument("a time is finer than a microsecond: " + std::to_string(count) +
                                   " ns");
  }
  const std::int64_t factor = unit == TimeUnit::kSecond  ? 1'000'000
                              : unit == TimeUnit::kMilli ? 1'000
                                                         : 1;
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(count, factor, &micros)) {
    return Status::InvalidArgument(
        "a time does not fit 64 bits of microseconds: " + std::to_string(count) +
        (unit == TimeUnit::kSecond ? " s" : " ms"));
  }
  return micros;
}

std::string FormatTime(TimeMicros time) {
  const std::int64_t days = FloorDiv(time, kDay);
  const std::int64_t in_day =
      time % kDay + (time % kDay < 0 ? kDay : 0);  // days * kDay may overflow
  const CivilDate day = DateOfDay(days);
  const std::int64_t seconds = in_day / kSecond;
  const std::int64_t micros = in_day % kSecond;
  std::string text = fmt::format("{}T{:02d}:{:02d}:{:02d}", FormatCivilDay(day), seconds / 3600,
                                 seconds / 60 % 60, seconds % 60);
  if (micros % 1'000 != 0) {
    text += fmt::format(".{:06d}", micros);
  } else if (micros != 0) {
    text += fmt::format(".{:03d}", micros / 1'000);
  }
  return text + "Z";
}

Result<TimeMicros> ParseTime(std::string_view text, Rounding rounding) {
  CivilTime time;
  if (!ReadCivil(text, &time)) {
    return Status::InvalidArgument("'" + std::string(text) +
                                   "' is not a time; write for example 2013-01-01T09:54:00Z");
  }
  std::int64_t micros = time.micros;
  if (time.finer) {
    if (rounding == Rounding::kExact) {
      return Status::InvalidArgument("'" + std::string(text) + "' is finer than a microsecond");
    }
    if (rounding == Rounding::kUp) ++micros;
  }
  const std::int64_t days = DayOfDate(time.year, time.month, time.day);
  const std::int64_t seconds =
      time.hour * 3600 + time.minute * 60 + time.second - time.zone_seconds;
  const Wide total = Wide{days} * kDay + Wide{seconds} * kSecond + micros;
  if (total < kMinTime || total > kMaxTime) {
    return Status::InvalidArgument("'" + std::string(text) +
                                   "' does not fit 64 bits of microseconds");
  }
  return static_cast<TimeMicros>(total);
}

std::string FormatDate(std::int32_t days) {
  return FormatCivilDay(DateOfDay(days));
}

Result<std::int32_t> ParseDate(std::string_view text) {
  TimeReader reader(text);
  CivilTime time;
  if (ReadDay(&reader, &time) && reader.done()) {
    const std::int64_t days = DayOfDate(time.year, time.month, time.day);
    if (days >= INT32_MIN && days <= INT32_MAX) return static_cast<std::int32_t>(days);
  }
  return Status::InvalidArgument("'" + std::string(text) +
                                 "' is not a date; write for example 2013-01-31");
}

Result<DurationMicros> ParseDuration(std::string_view text) {
  if (text == "0") return DurationMicros{0};
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (negative) rest.remove_prefix(1);
  if (rest.empty()) return BadDuration(text);
  Wide total = 0;
  std::size_t next_unit = 0;  // units come from large to small, each at most once
  while (!rest.empty()) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    if (error != std::errc()) return BadDuration(text);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
    rest.remove_prefix(name.size());
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kUnits.size()) return BadDuration(text);
    total += Wide{count} * kUnits[next_unit++].micros;
  }
  if (negative) total = -total;
  if (total < kMinTime || total > kMaxTime) {
    return Status::InvalidArgument("'" + std::string(text) +
                                   "' does not fit 64 bits of microseconds");
  }
  return static_cast<DurationMicros>(total);
}

std::string FormatDuration(DurationMicros duration) {
  if (duration == 0) return "0s";
  std::string text = duration < 0 ? "-" : "";
  // The least int64 has no positive: count in unsigned.
  std::uint64_t rest = duration < 0 ? 0 - static_cast<std::uint64_t>(duration)
                                    : static_cast<std::uint64_t>(duration);
  for (const DurationUnit& unit : kUnits) {
    if (unit.name == "w") continue;
    const auto size = static_cast<std::uint64_t>(unit.micros);
    if (rest >= size) text += std::to_string(rest / size) + std::string(unit.name);
    rest %= size;
  }
  return text;
}

}  // namespace coeval
