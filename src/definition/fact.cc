#include "definition/fact.h"

#include <algorithm>
#include <string>

namespace coeval {

std::string_view KnownName(Known known) {
  switch (known) {
    case Known::kDeclared:
      return "declared";
    case Known::kArrival:
      return "arrival";
    case Known::kHindsight:
      return "hindsight";
  }
  CheckFailed(__FILE__, __LINE__, "unknown Known");
}

Result<Known> ParseKnown(std::string_view text) {
  for (const Known known : {Known::kDeclared, Known::kArrival, Known::kHindsight}) {
    if (KnownName(known) == text) return known;
  }
  return Status::InvalidArgument("known is '" + std::string(text) +
                                 "'; it may be 'declared', 'arrival' or 'hindsight'");
}

bool KnownByCreatedTime(const Source& source, Known known, bool arrived) {
  if (source.timeless || known == Known::kHindsight) return false;
  return arrived || known == Known::kArrival || source.created == CreatedMeaning::kArrival;
}

TimeMicros KnownTime(const FactTimes& times, const Source& source, Known known) {
  if (source.timeless) return kMinTime;
  if (known == Known::kHindsight) return times.event_time;
  if (times.has_created && KnownByCreatedTime(source, known, times.arrived)) {
    return times.created_time;
  }
  return SaturatingAdd(times.event_time, source.data_delay);
}

TimeMicros VisibleTime(const FactTimes& times, const Source& source, Known known) {
  if (source.timeless) return kMinTime;
  return std::max(times.event_time, KnownTime(times, source, known));
}

bool TooFarAhead(const FactTimes& times, const Source& source, TimeMicros clock) {
  if (source.timeless || source.max_future == kMaxTime) return false;
  const TimeMicros seen = times.has_created ? times.created_time : clock;
  return times.event_time > SaturatingAdd(seen, source.max_future);
}

std::strong_ordering CompareTimes(const FactTimes& a, const Sequence& sa, const FactTimes& b,
                                  const Sequence& sb) {
  if (const auto c = a.event_time <=> b.event_time; c != 0) return c;
  if (const auto c = a.has_created <=> b.has_created; c != 0) return c;
  if (a.has_created) {
    if (const auto c = a.created_time <=> b.created_time; c != 0) return c;
  }
  if (const auto c = sa.present <=> sb.present; c != 0) return c;
  if (!sa.present) return std::strong_ordering::equal;
  // string_view compares as unsigned bytes, a prefix first.
  if (const auto c = sa.log <=> sb.log; c != 0) return c;
  return sa.number <=> sb.number;
}

std::strong_ordering CompareRank(const FactRank& a, const FactRank& b) {
  if (const auto c = CompareTimes(a.times, a.sequence, b.times, b.sequence); c != 0) return c;
  if (const auto c = a.is_delete <=> b.is_delete; c != 0) return c;
  if (a.is_delete) return std::strong_ordering::equal;  // a delete has no tie bytes
  return a.tie_bytes <=> b.tie_bytes;
}

std::string_view FeatureStatusName(FeatureStatus status) {
  switch (status) {
    case FeatureStatus::kPresent:
      return "PRESENT";
    case FeatureStatus::kNullValue:
      return "NULL_VALUE";
    case FeatureStatus::kOutsideMaxAge:
      return "OUTSIDE_MAX_AGE";
    case FeatureStatus::kNotFound:
      return "NOT_FOUND";
    case FeatureStatus::kInvalid:
      return "INVALID";
  }
  CheckFailed(__FILE__, __LINE__, "unknown feature status");
}

}  // namespace coeval
