// Time zones from the tz database that is embedded in the program (rule 6.4): the host's zone files
// are never read, so the same release gives the same local time everywhere.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace coeval {

struct ZoneChange;  // tzif.h

// One time zone. Immutable; threads: any.
class Zone {
 public:
  // REQUIRES: as ReadTzif gives them. Others take FindZone.
  Zone(std::string name, std::span<const ZoneChange> changes);

  [[nodiscard]] const std::string& name() const { return name_; }

  // A span of time in which wall time is UTC plus `offset`.
  struct Period {
    TimeMicros first;  // inclusive
    TimeMicros last;   // inclusive
    DurationMicros offset;
  };

  // The period that holds `t`, for every t. Cost: a binary search.
  [[nodiscard]] Period PeriodOf(TimeMicros t) const;

  // The UTC instant of a wall time: the earlier of two where clocks were set back, the first
  // instant after the gap where clocks were set forward over it.
  [[nodiscard]] TimeMicros FromLocal(TimeMicros wall) const;

 private:
  std::string name_;
  std::vector<TimeMicros> starts_;  // the first is kMinTime
  std::vector<DurationMicros> offsets_;
};

// Wall times of many instants that lie near each other. One thread.
class LocalClock {
 public:
  explicit LocalClock(const Zone& zone) : zone_(zone), period_(zone.PeriodOf(0)) {}

  [[nodiscard]] TimeMicros ToLocal(TimeMicros t) {
    if (t < period_.first || t > period_.last) period_ = zone_.PeriodOf(t);
    return SaturatingAdd(t, period_.offset);
  }

  // The period of the instant that was asked last.
  [[nodiscard]] const Zone::Period& period() const { return period_; }

  [[nodiscard]] const Zone& zone() const { return zone_; }

 private:
  const Zone& zone_;
  Zone::Period period_;
};

// The zone of that name ("America/New_York", "UTC") or fixed offset ("+05:30"). Read once and never
// destroyed. Errors: InvalidArgument with the nearest name.
Result<const Zone*> FindZone(std::string_view name);

// The same, or null: for names that are computed row by row, where most errors are never read.
const Zone* LookupZone(std::string_view name);

// All names of the embedded database, sorted.
const std::vector<std::string>& ZoneNames();
// "2026a".
std::string_view ZoneDatabaseVersion();

}  // namespace coeval
