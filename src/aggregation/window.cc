#include "aggregation/window.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/suggest.h"
#include "column/value.h"

namespace coeval {

namespace {

constexpr std::array<std::string_view, 4> kClosedNames = {"right", "left", "both", "neither"};

// The least multiple of `step` that is not below `value`.
Int128 RoundUp(Int128 value, Int128 step) {
  const Int128 rest = value % step;
  if (rest == 0) return value;
  return rest > 0 ? value - rest + step : value - rest;
}

TimeMicros Saturate(Int128 time) {
  if (time < kMinTime) return kMinTime;
  if (time > kMaxTime) return kMaxTime;
  return static_cast<TimeMicros>(time);
}

constexpr EventSpan kNothing = {1, 0};

bool OlderIsOpen(Closed closed) {
  return closed == Closed::kRight || closed == Closed::kNeither;
}

bool NewerIsOpen(Closed closed) {
  return closed == Closed::kLeft || closed == Closed::kNeither;
}

}  // namespace

std::string_view ClosedName(Closed closed) {
  return kClosedNames[static_cast<std::size_t>(closed)];
}

Result<Closed> ParseClosed(std::string_view name) {
  for (std::size_t i = 0; i < kClosedNames.size(); ++i) {
    if (kClosedNames[i] == name) return static_cast<Closed>(i);
  }
  const std::array<std::string, 4> names = {"right", "left", "both", "neither"};
  return Status::InvalidArgument(
      fmt::format("unknown end of a window: closed = '{}'{}; use right, left, both or neither",
                  name.substr(0, 60), DidYouMean(name.substr(0, 60), names)));
}

std::optional<TimeMicros> NextBoundary(TimeMicros time, DurationMicros interval, const Zone& zone) {
  TimeMicros at = time;
  for (;;) {
    const Zone::Period period = zone.PeriodOf(at);
    // While one offset holds, the boundaries are where UTC plus the offset is a multiple.
    const Int128 found = RoundUp(Int128{at} + period.offset, interval) - period.offset;
    if (found <= period.last) return static_cast<TimeMicros>(found);
    if (period.last == kMaxTime) return std::nullopt;
    const TimeMicros change = period.last + 1;
    const Int128 skipped = RoundUp(Int128{change} + period.offset, interval);
    // It lies in the gap, or is the first wall time after it.
    if (skipped <= Int128{change} + zone.PeriodOf(change).offset) return change;
    at = change;
  }
}

Result<WindowRule> WindowRule::Make(Window window) {
  if (window.length && *window.length <= 0) {
    return Status::InvalidArgument(
        fmt::format("a window's length must be positive, it is {}; leave it out for all history",
                    FormatDuration(*window.length)));
  }
  if (window.slide_interval < 0 || window.slide_interval > kMaxSlideInterval) {
    return Status::InvalidArgument(
        fmt::format("a slide_interval must lie between 0 and {}, it is {}",
                    FormatDuration(kMaxSlideInterval), FormatDuration(window.slide_interval)));
  }
  if (window.slide_interval > 0 && !window.length) {
    return Status::InvalidArgument(
        "a window of all history has no older end that a slide_interval could move; leave it out");
  }
  if (window.last && *window.last < 1) {
    return Status::InvalidArgument(
        fmt::format("a window's `last` must be at least 1, it is {}", *window.last));
  }
  COEVAL_ASSIGN_OR_RETURN(const Zone* const zone, FindZone(window.zone));
  return WindowRule(std::move(window), zone);
}

EventSpan WindowRule::At(TimeMicros t) const {
  EventSpan range = {kMinTime, Saturate(Int128{t} - window_.offset)};
  if (window_.length) {
    range.first = Saturate(Int128{t} - window_.offset - *window_.length);
    if (window_.slide_interval > 0) {
      const auto boundary = NextBoundary(range.first, window_.slide_interval, *zone_);
      if (!boundary) return kNothing;
      range.first = *boundary;
    }
    if (OlderIsOpen(window_.closed)) {
      if (range.first == kMaxTime) return kNothing;
      ++range.first;
    }
  }
  if (NewerIsOpen(window_.closed)) {
    if (range.last == kMinTime) return kNothing;
    --range.last;
  }
  return range.empty() ? kNothing : range;
}

std::optional<DurationMicros> WindowRule::Reach() const {
  if (!window_.length) return std::nullopt;
  return SaturatingAdd(*window_.length, window_.offset);
}

}  // namespace coeval
