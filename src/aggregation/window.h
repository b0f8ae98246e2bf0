// Which events a window holds at t: an interval of ages (rules 5.1 and 5.2). The one place where
// event times are compared with a window's ends.
//
//   length 7d, offset 0, closed right       t - 7d <  event_time <= t
//   length 1h, offset 1d, closed left       t - 25h <= event_time < t - 24h
//   length 7d, slide 1d in Europe/Berlin    from the first midnight of Berlin at or after t - 7d
//   no length                               all history up to t - offset
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "expression/zone.h"

namespace coeval {

enum class Closed : std::uint8_t { kRight, kLeft, kBoth, kNeither };

// "right", "left", "both", "neither".
std::string_view ClosedName(Closed closed);
// The inverse. Errors: InvalidArgument with the nearest name.
Result<Closed> ParseClosed(std::string_view name);

// As declared.
struct Window {
  std::optional<DurationMicros> length = std::nullopt;  // none: all history
  DurationMicros offset = 0;                            // negative: into the future, for labels
  Closed closed = Closed::kRight;
  DurationMicros slide_interval = 0;                // 0: none, the older end is exact
  std::string zone = "UTC";                         // of slide_interval
  std::optional<std::int64_t> last = std::nullopt;  // of the events inside, the newest so many

  friend bool operator==(const Window&, const Window&) = default;
};

// Longer slide intervals are refused.
inline constexpr DurationMicros kMaxSlideInterval = 3660 * kDay;

// The event times that a window holds at one t: from `first` to `last`, both inclusive; none where
// first > last.
struct EventSpan {
  TimeMicros first = 0;
  TimeMicros last = 0;

  [[nodiscard]] bool empty() const { return first > last; }

  [[nodiscard]] bool Holds(TimeMicros event_time) const {
    return first <= event_time && event_time <= last;
  }

  friend bool operator==(const EventSpan&, const EventSpan&) = default;
};

// A checked window. Immutable; threads: any.
class WindowRule {
 public:
  // Errors: InvalidArgument for a length that is not positive, a negative or too long
  // slide_interval or one without length, an unknown zone, a `last` below 1.
  static Result<WindowRule> Make(Window window);

  [[nodiscard]] const Window& window() const { return window_; }

  // Rules 5.1 and 5.2. Ends beyond time are held within it. Cost: O(1); with a slide_interval in a
  // zone a binary search for each change of its offset between the older end and the boundary.
  [[nodiscard]] EventSpan At(TimeMicros t) const;

  // How far back from t an event can lie and still be inside: length + offset, or nothing where all
  // history is. A slide_interval only shortens.
  [[nodiscard]] std::optional<DurationMicros> Reach() const;

 private:
  WindowRule(Window window, const Zone* zone) : window_(std::move(window)), zone_(zone) {}

  Window window_;
  const Zone* zone_;
};

// The first instant at or after `time` whose wall time in the zone is a multiple of `interval`
// since the epoch; of a skipped wall time the first instant after the gap (rule 5.2). Nothing where
// it lies beyond time. REQUIRES: 0 < interval <= kMaxSlideInterval.
std::optional<TimeMicros> NextBoundary(TimeMicros time, DurationMicros interval, const Zone& zone);

}  // namespace coeval
