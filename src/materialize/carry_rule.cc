#include "materialize/carry_rule.h"

#include <algorithm>
#include <utility>
#include <vector>

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

// In order, without those that another one goes on from.
std::vector<EventRange> United(std::vector<EventRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const EventRange& a, const EventRange& b) { return a.first < b.first; });
  std::vector<EventRange> united;
  for (const EventRange& range : ranges) {
    if (united.empty() || range.first > SaturatingAdd(united.back().last, 1)) {
      united.push_back(range);
    } else {
      united.back().last = std::max(united.back().last, range.last);
    }
  }
  return united;
}

// The watermark stays: what landed since, and what lies above it, is for the next run.
CarryRule ForRebuild(const CarryState& state) {
  std::vector<EventRange> ranges = state.ranges;
  if (state.watermark) ranges.push_back({.last = *state.watermark});
  CarryRule rule;
  rule.watermark = state.watermark;
  rule.among = United(std::move(ranges));
  rule.nothing = rule.among.empty();
  if (rule.nothing) return rule;
  rule.range.event_min = rule.among.front().first;
  rule.range.event_max = rule.among.back().last;
  if (state.keeps.has_value()) {  // as for a first run
    const TimeMicros t0 = std::min(rule.range.event_max, state.horizon_after);
    const TimeMicros least = SaturatingSubtract(t0, *state.keeps);
    rule.range.event_min = std::max(rule.range.event_min, least);
  }
  if (rule.among.size() == 1) rule.among.clear();
  return rule;
}

CarryRule ForTimeless(const CarryRequest& request, const CarryState& state, TimeMicros reached) {
  CarryRule rule;
  rule.watermark = std::max(state.watermark.value_or(kMinTime), reached);
  if (request.kind == RunKind::kRebuild && !state.watermark) {
    rule.nothing = state.ranges.empty();
    rule.watermark.reset();
  }
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
  // Carried whole; its watermark says how current the check was.
  if (source.timeless) return ForTimeless(request, state, reached);
  if (request.kind == RunKind::kRebuild) return ForRebuild(state);
  if (request.kind == RunKind::kRange) return ForRange(request, state, reached);
  if (!state.watermark) return ForFirst(request, state, reached);
  return ForNext(source, request, *state.watermark, reached);
}

}  // namespace coeval
