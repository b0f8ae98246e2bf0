#include "offline/time_grid.h"

#include <string>

namespace coeval {
namespace {

// Between two int64 lie fewer than 2^64.
std::uint64_t Distance(TimeMicros from, TimeMicros to) {
  return static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from);
}

}  // namespace

std::int64_t TimeGrid::num_instants() const {
  return static_cast<std::int64_t>(Distance(start, end) / static_cast<std::uint64_t>(every)) + 1;
}

Status TimeGrid::Check() const {
  if (every <= 0) {
    return Status::InvalidArgument("`every` is " + FormatDuration(every) +
                                   "; the distance of two instants must be positive");
  }
  if (start > end) {
    return Status::InvalidArgument("the time grid begins at " + FormatTime(start) +
                                   ", after its end " + FormatTime(end));
  }
  const std::uint64_t steps = Distance(start, end) / static_cast<std::uint64_t>(every);
  if (steps >= static_cast<std::uint64_t>(kMaxGridInstants)) {
    return Status::InvalidArgument("from " + FormatTime(start) + " to " + FormatTime(end) +
                                   " every " + FormatDuration(every) + " are " +
                                   std::to_string(steps) + " instants, and at most " +
                                   std::to_string(kMaxGridInstants) +
                                   " are asked at once; take a longer `every` or a shorter range");
  }
  return Status::Ok();
}

}  // namespace coeval
