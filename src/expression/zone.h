// Time zones from the tz database that is embedded in the program (rule 6.4): the host's zone files
// are never read, so the same release gives the same local time everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/time.h"

namespace coeval {

// One time zone. Immutable and never destroyed; threads: any.
class Zone {
 public:
  virtual ~Zone() = default;
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  // A span of time in which wall time is UTC plus `offset`.
  struct Period {
    TimeMicros first;  // inclusive
    TimeMicros last;   // inclusive
    DurationMicros offset;
  };

  // The period that holds `t`. Cost: a binary search.
  [[nodiscard]] virtual Period PeriodOf(TimeMicros t) const = 0;

  // The UTC instant of a wall time: the earlier of two where clocks were set back, the first
  // instant after the gap where clocks were set forward over it.
  [[nodiscard]] virtual TimeMicros FromLocal(TimeMicros wall) const = 0;

 protected:
  explicit Zone(std::string name) : name_(std::move(name)) {}

 private:
  std::string name_;
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

// The zone of that name ("America/New_York", "UTC") or fixed offset ("+05:30"). Loaded once.
// Errors: InvalidArgument with the nearest name.
Result<const Zone*> FindZone(std::string_view name);

// All names of the embedded database, sorted.
const std::vector<std::string>& ZoneNames();
// "2025b".
std::string_view ZoneDatabaseVersion();

}  // namespace coeval
