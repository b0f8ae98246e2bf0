#include "base/time_spread.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace coeval {
namespace {

// Loops of a fixed length become a few wide instructions a step.
constexpr std::size_t kStep = 64;

bool Ascend(std::span<const TimeMicros> times) {
  const TimeMicros* at = times.data();
  std::size_t left = times.size() - 1;  // pairs of neighbours
  for (; left >= kStep; left -= kStep, at += kStep) {
    std::int64_t descents = 0;
    for (std::size_t i = 0; i < kStep; ++i) descents += at[i] > at[i + 1] ? 1 : 0;
    if (descents > 0) return false;
  }
  return std::is_sorted(at, at + left + 1);
}

}  // namespace

TimeSpread SpreadOf(std::span<const TimeMicros> times) {
  if (times.empty()) return {};
  if (Ascend(times)) return {.low = times.front(), .high = times.back(), .in_order = true};
  // Two of each, so that a step need not wait for the one before.
  TimeMicros low[2] = {times[0], times[0]};
  TimeMicros high[2] = {times[0], times[0]};
  for (std::size_t i = times.size() % 2; i < times.size(); i += 2) {
    low[0] = std::min(low[0], times[i]);
    low[1] = std::min(low[1], times[i + 1]);
    high[0] = std::max(high[0], times[i]);
    high[1] = std::max(high[1], times[i + 1]);
  }
  return {.low = std::min(low[0], low[1]), .high = std::max(high[0], high[1]), .in_order = false};
}

}  // namespace coeval
