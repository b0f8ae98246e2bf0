// TimeGrid: the instants that a backfill asks about.
//
//   start 10:00, end 11:30, every 30m     10:00  10:30  11:00  11:30      both ends included
//   start 10:00, end 11:20, every 30m     10:00  10:30  11:00             11:20 is no instant
#pragma once

#include <cstdint>

#include "base/status.h"
#include "base/time.h"

namespace coeval {

// start, start + every, start + 2 every, ... as long as they are not after end.
struct TimeGrid {
  TimeMicros start = 0;
  TimeMicros end = 0;
  DurationMicros every = 0;

  // REQUIRES: Check.
  [[nodiscard]] std::int64_t num_instants() const;

  // REQUIRES: 0 <= i < num_instants().
  [[nodiscard]] TimeMicros At(std::int64_t i) const {
    return static_cast<TimeMicros>(static_cast<std::uint64_t>(start) +
                                   static_cast<std::uint64_t>(i) *
                                       static_cast<std::uint64_t>(every));
  }

  // Errors: InvalidArgument for start > end, every <= 0, more than kMaxGridInstants.
  [[nodiscard]] Status Check() const;
};

inline constexpr std::int64_t kMaxGridInstants = 10'000'000;

}  // namespace coeval
