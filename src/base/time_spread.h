// TimeSpread: the least and the greatest of some times, and whether they ascend. What decides at a
// glance that a block of facts is wanted as a whole, or not at all.
#pragma once

#include <span>

#include "base/time.h"

namespace coeval {

struct TimeSpread {
  TimeMicros low = kMaxTime;  // of no times: kMaxTime, kMinTime
  TimeMicros high = kMinTime;
  bool in_order = true;  // none is less than the one before it
};

// Cost: O(n), the least where they ascend.
TimeSpread SpreadOf(std::span<const TimeMicros> times);

}  // namespace coeval
