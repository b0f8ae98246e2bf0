// Facts: when one was known, when it may be seen, and which of two wins (rules 3.2, 3.3, 3.6, 3.7).
// The one implementation, used by the as-of join, by the online store and by materialization.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "definition/source.h"

namespace coeval {

// Which facts a training set counts as known (rule 3.2). Online it is always kDeclared.
enum class Known : std::uint8_t { kDeclared, kArrival, kHindsight };
// "declared", "arrival", "hindsight".
std::string_view KnownName(Known known);
// The inverse. Errors: InvalidArgument that lists the three.
Result<Known> ParseKnown(std::string_view text);

// A sequence (rule 1.3): a log, compared as bytes, and a number in it. A batch source's declared
// column has the empty log.
//
// Facts of one view may have come several ways, and each is known by the rule of its own:
//
//   trips.parquet   10:00, written 23:00         known at 10:00 (version), no sequence
//   pushed          10:00, C 10:00:02, number 7  known at 10:00:02 (arrival), (writer, 7): it wins
struct Sequence {
  bool present = false;
  std::string_view log;
  std::int64_t number = 0;
};

// Stands for the log of a pushed fact where facts are only compared. Which log it is never decides:
// a project has one sequence of C (rule 1.4), so pushed facts of one created time are of one push
// and of one log, and batch sources have none or the empty one.
inline constexpr std::string_view kAnyLog = "log";

// The times of a fact as stored. `has_created` false = null.
struct FactTimes {
  TimeMicros event_time = 0;
  TimeMicros created_time = 0;
  bool has_created = false;
  // Pushed or streamed: known since its created time, whatever the view's source says of its own.
  bool arrived = false;
};

// Does rule 3.2 look at created times? Where not, known and visible time depend on the event time
// alone and never fall as it grows.
bool KnownByCreatedTime(const Source& source, Known known, bool arrived = false);
// Rule 3.2; `source`: what the times of the view's batch facts mean. Timeless facts are known since
// for ever.
TimeMicros KnownTime(const FactTimes& times, const Source& source, Known known);
// v(f) of rule 3.6: from then on the fact is a candidate.
TimeMicros VisibleTime(const FactTimes& times, const Source& source, Known known);
// Rule 3.5: too far ahead of its created time, or where that is null, of the clock of the run.
bool TooFarAhead(const FactTimes& times, const Source& source, TimeMicros clock);

// What rule 3.3 compares. Borrows its bytes. At a full tie of times and sequence a delete wins
// (3.7).
struct FactRank {
  FactTimes times;
  Sequence sequence;
  bool is_delete = false;
  std::string_view tie_bytes;  // of the view's features in declared order; "" of a delete
};

// Less: `a` loses against `b`. Equal: the same in everything that rule 3.3 compares.
std::strong_ordering CompareRank(const FactRank& a, const FactRank& b);
// The part before the tie bytes; equal means that the tie bytes decide (unless a delete does).
std::strong_ordering CompareTimes(const FactTimes& a, const Sequence& sa, const FactTimes& b,
                                  const Sequence& sb);

// Rule 3.1's lower bound: is the fact young enough at t? ttl 0 = none.
inline bool WithinTtl(TimeMicros event_time, TimeMicros t, DurationMicros ttl) {
  return ttl == 0 || event_time >= SaturatingSubtract(t, ttl);
}

// Rule 7.2, OUTSIDE_MAX_AGE: expired, but within twice the ttl.
inline bool WithinTwiceTtl(TimeMicros event_time, TimeMicros t, DurationMicros ttl) {
  return ttl != 0 && event_time >= SaturatingSubtract(SaturatingSubtract(t, ttl), ttl);
}

// The status of a value (rule 7.2).
enum class FeatureStatus : std::uint8_t {
  kPresent,
  kNullValue,
  kOutsideMaxAge,
  kNotFound,
  kInvalid
};
// "PRESENT", "NULL_VALUE", "OUTSIDE_MAX_AGE", "NOT_FOUND", "INVALID".
std::string_view FeatureStatusName(FeatureStatus status);

}  // namespace coeval
