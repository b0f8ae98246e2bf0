// TZif: the compiled form of a time zone (RFC 9636), read into the times at which its offset
// changes.
//
//   Europe/Lisbon   142 changes, the last in 1996, then the rule WET0WEST,M3.5.0/1,M10.5.0 for ever
//
// The files of today's tz database end with such a rule instead of listing the years to come.
// cctz 2.3 wants the listed changes to follow the rule already, and misreads or refuses those that
// do not (Lisbon, Havana, Vilnius and 18 more), hence a reader of our own.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace coeval {

// The rule is laid out up to here; later times repeat the 400 years before, as the calendar does.
inline constexpr std::int64_t kZoneTableEnd = 16725225600;        // 2500-01-01 in seconds
inline constexpr std::int64_t kCalendarCycle = 146097LL * 86400;  // 400 years in seconds

struct ZoneChange {
  std::int64_t start;   // seconds since 1970-01-01 UTC, inclusive; of the first: the smallest int64
  std::int64_t offset;  // seconds that wall time is ahead of UTC from then on
};

// Ascending; neighbours have different offsets. Errors: Corruption, saying what is malformed.
Result<std::vector<ZoneChange>> ReadTzif(std::string_view bytes);

}  // namespace coeval
