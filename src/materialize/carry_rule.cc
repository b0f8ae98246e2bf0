#include "materialize/carry_rule.h"

#include <algorithm>

namespace coeval {
namespace {

CarryRule ForRange(const CarryRequest& request, const CarryState& state, TimeMicros reached) {
  CarryRule rule;
  rule.range.event_min = request.start;
  rule.range.event_max = request.end;
  if (!state.watermark) {
    rule.watermark = reached;
  } else if (request.start <= *state.watermark && *state.watermark <= request.end) {
    rule.watermark = std::max(*state.watermark, reached);
  }
  return rule;
}

// A first run counts from the least t that may still be asked.
CarryRule ForFirst(const CarryRequest& request, const CarryState& state, TimeMicros reached) {
  CarryRule rule;
  rule.range.event_max = request.end;
  if (state.keeps.has_value()) {
    const TimeMicros t0 = std::min(request.end, state.horizon_after);
    rule.range.event_min = SaturatingSubtract(t0, *state.keeps);
  }
  rule.watermark = reached;
  return rule;
}

CarryRule ForNext(const Source& source, const CarryRequest& request, TimeMicros watermark,
                  TimeMicros reached) {
  CarryRule rule;
  rule.range.event_max = request.end;
  rule.range.event_min = SaturatingSubtract(watermark, source.effective_lateness());
  if (!source.created_field.empty()) {
    rule.by_created = true;
    rule.after = watermark;
    rule.created_from = SaturatingSubtract(watermark, source.overlap);
    // The reader's lower bound is that of rows without created time; Carries() decides of others.
    rule.range.created_min = rule.created_from;
  }
  rule.watermark = std::max(watermark, reached);
  return rule;
}

}  // namespace

bool IsCarried(const CarryRule& rule, const FactTimes& times) {
  const FactRange& range = rule.range;
  const bool created_late =
      range.created_min && times.has_created && times.created_time >= *range.created_min;
  return times.event_time <= range.event_max &&
         (times.event_time >= range.event_min || created_late) && rule.Carries(times);
}

CarryRule MakeCarryRule(const Source& source, const CarryRequest& request,
                        const CarryState& state) {
  const TimeMicros reached = std::min(request.end, state.clock);
  if (source.timeless) {  // carried whole; its watermark says how current the check was
    CarryRule rule;
    rule.watermark = std::max(state.watermark.value_or(kMinTime), reached);
    return rule;
  }
  if (request.kind == RunKind::kRange) return ForRange(request, state, reached);
  if (!state.watermark) return ForFirst(request, state, reached);
  return ForNext(source, request, *state.watermark, reached);
}

}  // namespace coeval
