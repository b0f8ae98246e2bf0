// Times and durations: int64 counts of microseconds, since 1970-01-01 UTC or plain (rule 1.1).
//
//   TimeMicros      1357034040000000   2013-01-01T09:54:00Z
//   DurationMicros  10800000000        3 h
//
// Sums of a time and a duration saturate at kMinTime and kMaxTime. Nothing here reads a clock.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/status.h"

namespace coeval {

using TimeMicros = std::int64_t;
using DurationMicros = std::int64_t;

// The unit of times in an input file or frame, before they become µs.
enum class TimeUnit : std::uint8_t { kSecond, kMilli, kMicro, kNano };

inline constexpr TimeMicros kMinTime = std::numeric_limits<std::int64_t>::min();
inline constexpr TimeMicros kMaxTime = std::numeric_limits<std::int64_t>::max();
inline constexpr DurationMicros kSecond = 1'000'000;
inline constexpr DurationMicros kMinute = 60 * kSecond;
inline constexpr DurationMicros kHour = 60 * kMinute;
inline constexpr DurationMicros kDay = 24 * kHour;

// a + b and a - b, held within int64 (rule 1.1).
constexpr std::int64_t SaturatingAdd(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? kMinTime : kMaxTime;
}

constexpr std::int64_t SaturatingSubtract(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? kMaxTime : kMinTime;
}

// Which way a time finer than 1 µs goes (rule 1.2): event and created times up, questions down.
enum class Rounding : std::uint8_t { kUp, kDown, kExact };

// `count` of `unit` as µs. Errors: InvalidArgument where it does not fit int64 (rule 1.1), or, with
// kExact, where it is finer than a microsecond.
Result<TimeMicros> ToMicros(std::int64_t count, TimeUnit unit, Rounding rounding);

// "2013-01-01T09:54:00Z", with 3 or 6 digits of fraction where needed; years outside 0..9999 get a
// sign and as many digits as they need.
std::string FormatTime(TimeMicros time);

// Parses ISO 8601: "2013-01-01", "2013-01-01T09:54[:00[.123456]][Z|+01:00]", a space in place of T,
// no zone = UTC (rule 1.1). Fractions finer than 1 µs are rounded as asked.
Result<TimeMicros> ParseTime(std::string_view text, Rounding rounding = Rounding::kDown);

// Days since 1970-01-01 as "2013-01-31", and back (years as in FormatTime).
std::string FormatDate(std::int32_t days);
Result<std::int32_t> ParseDate(std::string_view text);

// "3h", "30d", "1d12h", "250ms", "90s", "15m", "10us", "2w"; a sign before; also plain "0". Larger
// units come first, each at most once.
Result<DurationMicros> ParseDuration(std::string_view text);
// The inverse, in units up to days, without those that are none: 10800000000 -> "3h", 36 h ->
// "1d12h", 0 -> "0s".
std::string FormatDuration(DurationMicros duration);

}  // namespace coeval
