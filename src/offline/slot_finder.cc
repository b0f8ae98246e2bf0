#include "offline/slot_finder.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace coeval {
namespace {

constexpr SlotId kFewSlots = 16;  // searched one by one

// The first of `times` in [begin, end) that is >= v, found by doubling steps away from `hint`.
// Cost: O(log distance). REQUIRES: the last is >= v; hint in [begin, end).
SlotId Gallop(std::span<const TimeMicros> times, SlotId begin, SlotId end, SlotId hint,
              TimeMicros v) {
  SlotId low = begin;  // the answer lies in [low, high]
  SlotId high = hint;
  SlotId step = 1;
  if (times[hint] >= v) {
    while (high - begin >= step && times[high - step] >= v) {
      high -= step;
      step *= 2;
    }
    low = high - begin >= step ? high - step + 1 : begin;
  } else {
    low = hint + 1;
    while (end - 1 - low >= step && times[low + step - 1] < v) {
      low += step;
      step *= 2;
    }
    high = end - 1 - low < step ? end - 1 : low + step - 1;
  }
  const auto first = times.begin() + low;
  return low + static_cast<SlotId>(std::lower_bound(first, times.begin() + high, v) - first);
}

// Where v would lie if the times of the range were even. REQUIRES: the range is not empty.
SlotId Guess(std::span<const TimeMicros> times, SlotRange range, TimeMicros v) {
  const auto first = static_cast<double>(times[range.begin]);
  const double length = static_cast<double>(times[range.end - 1]) - first;
  const double share = length > 0 ? (static_cast<double>(v) - first) / length : 0;
  const auto last = static_cast<double>(range.end - 1 - range.begin);
  return range.begin + static_cast<SlotId>(std::clamp(share, 0.0, 1.0) * last);
}

}  // namespace

TimeMicros CandidateFrom(const FactTimes& times, const AsOfRule& rule) {
  const TimeMicros v = VisibleTime(times, rule.source, rule.known);
  if (!rule.strictly_before || rule.source.timeless) return v;
  return std::max(v, SaturatingAdd(times.event_time, 1));
}

bool IsNever(const FactTimes& times, const AsOfRule& rule) {
  return rule.strictly_before && !rule.source.timeless && times.event_time == kMaxTime;
}

SlotFinder::SlotFinder(const QuestionIndex& questions, const AsOfRule& rule)
    : questions_(questions), rule_(rule) {
  const KeyId keys = questions.keys().size();
  if (questions.num_slots() / kFewSlots < keys) return;  // few slots a key, mostly
  cursors_.resize(keys);
  for (KeyId key = 0; key < keys; ++key) cursors_[key] = questions.slots(key).begin;
}

// The first slot in the range with time >= v. REQUIRES: there is one.
SlotId SlotFinder::FindSlot(KeyId key, SlotRange range, TimeMicros v) {
  const std::span<const TimeMicros> times = questions_.slot_times();
  if (range.end - range.begin <= kFewSlots) {
    SlotId slot = range.begin;
    while (times[slot] < v) ++slot;
    return slot;
  }
  if (cursors_.empty()) return Gallop(times, range.begin, range.end, Guess(times, range, v), v);
  // Facts in order of time fall near the one before; others are guessed as if times were even.
  SlotId& cursor = cursors_[key];
  const SlotId near = std::min<SlotId>(range.end - 1, cursor + kFewSlots);
  const bool is_near = times[near] >= v && (cursor == range.begin || times[cursor - 1] < v);
  cursor = Gallop(times, range.begin, range.end, is_near ? cursor : Guess(times, range, v), v);
  return cursor;
}

std::size_t SlotFinder::Find(const FactBatch& facts, std::int64_t first, std::int64_t count,
                             FoundSlot* found) {
  if (count == 0) return 0;
  std::array<KeyId, kBlock> keys{};
  if (!questions_.keys().is_global()) {
    questions_.keys().Find(facts.keys, first, count, keys.data());
    const auto end = keys.begin() + count;
    const bool one = keys[0] == *(end - 1) && std::count(keys.begin(), end, keys[0]) == count;
    if (!one) return FindOfKeys(facts, first, count, keys.data(), found);
  }
  return FindOfKey(facts, first, count, keys[0], found);
}

// Each step fetches ahead what the next one reads.
std::size_t SlotFinder::FindOfKeys(const FactBatch& facts, std::int64_t first, std::int64_t count,
                                   const KeyId* keys, FoundSlot* found) {
  std::array<SlotRange, kBlock> ranges{};
  const TimeMicros* times = questions_.slot_times().data();
  std::int64_t of_questions = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (keys[i] == kNoKey) continue;
    questions_.Prefetch(keys[i]);
    ++of_questions;
  }
  facts_of_questions_ += of_questions;
  if (of_questions == 0) return 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (keys[i] == kNoKey) continue;
    ranges[i] = questions_.slots(keys[i]);
    if (ranges[i].begin != ranges[i].end) __builtin_prefetch(times + ranges[i].end - 1);
  }
  std::size_t n = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const SlotRange range = ranges[i];
    if (keys[i] == kNoKey || range.begin == range.end) continue;
    const FactTimes of_fact = facts.times(first + static_cast<std::int64_t>(i));
    const TimeMicros v = CandidateFrom(of_fact, rule_);
    if (times[range.end - 1] < v || IsNever(of_fact, rule_)) continue;
    found[n++] = {FindSlot(keys[i], range, v), static_cast<std::uint32_t>(i)};
  }
  candidates_ += static_cast<std::int64_t>(n);
  return n;
}

// Facts of one key, whose times alone tell from when on they are candidates: the later the event,
// the later the slot.
std::size_t SlotFinder::FindOfKey(const FactBatch& facts, std::int64_t first, std::int64_t count,
                                  KeyId key, FoundSlot* found) {
  const auto n = static_cast<std::size_t>(count);
  const SlotRange range = key == kNoKey ? SlotRange{} : questions_.slots(key);
  const bool by_event = facts.created_time.type().id() == TypeId::kNull ||
                        !KnownByCreatedTime(rule_.source, rule_.known, facts.arrived());
  if (by_event && range.begin != range.end) {
    const auto events = facts.event_times().subspan(static_cast<std::size_t>(first), n);
    const TimeSpread spread = SpreadOf(events);
    const bool never = IsNever({.event_time = spread.high}, rule_);
    if (!never && spread.in_order) return FindRuns(events, key, range, found);
    if (!never) {
      const std::optional<SlotId> slot = SlotOfAll(key, range, spread);
      if (slot) return FindLatest(events, *slot, spread.high, found);
    }
  }
  std::array<KeyId, kBlock> keys{};
  std::fill_n(keys.begin(), n, key);
  return FindOfKeys(facts, first, count, keys.data(), found);
}

// The one slot of all facts in the spread; kNoSlot where they come after all slots, nothing where
// they have several.
std::optional<SlotId> SlotFinder::SlotOfAll(KeyId key, SlotRange range, const TimeSpread& spread) {
  const std::span<const TimeMicros> times = questions_.slot_times();
  const TimeMicros v = CandidateFrom({.event_time = spread.low}, rule_);
  if (times[range.end - 1] < v) return kNoSlot;
  const SlotId slot = FindSlot(key, range, v);
  if (times[slot] < CandidateFrom({.event_time = spread.high}, rule_)) return std::nullopt;
  return slot;
}

// Of facts that one slot takes, those with the latest event time.
std::size_t SlotFinder::FindLatest(std::span<const TimeMicros> events, SlotId slot,
                                   TimeMicros latest, FoundSlot* found) {
  facts_of_questions_ += std::ssize(events);
  if (slot == kNoSlot) return 0;
  candidates_ += std::ssize(events);
  std::size_t n = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i] == latest) found[n++] = {slot, static_cast<std::uint32_t>(i)};
  }
  return n;
}

// The same of facts in order of time, one slot after the other.
std::size_t SlotFinder::FindRuns(std::span<const TimeMicros> events, KeyId key, SlotRange range,
                                 FoundSlot* found) {
  const std::span<const TimeMicros> times = questions_.slot_times();
  facts_of_questions_ += std::ssize(events);
  std::size_t n = 0;
  std::size_t begin = 0;
  while (begin < events.size()) {
    const TimeMicros v = CandidateFrom({.event_time = events[begin]}, rule_);
    if (times[range.end - 1] < v) break;
    const SlotId slot = FindSlot(key, range, v);
    const std::size_t end = EndOfRun(events, begin, times[slot]);
    std::size_t last = end - 1;
    while (last > begin && events[last - 1] == events[end - 1]) --last;
    for (; last < end; ++last) found[n++] = {slot, static_cast<std::uint32_t>(last)};
    candidates_ += static_cast<std::int64_t>(end - begin);
    begin = end;
  }
  return n;
}

// Past `begin`, the first fact that is no candidate at t yet; found by doubling steps.
std::size_t SlotFinder::EndOfRun(std::span<const TimeMicros> events, std::size_t begin,
                                 TimeMicros t) const {
  const auto is_candidate = [this, t](TimeMicros event) {
    return CandidateFrom({.event_time = event}, rule_) <= t;
  };
  std::size_t low = begin + 1;  // the answer lies in [low, high]
  std::size_t high = events.size();
  if (is_candidate(events.back())) return high;
  for (std::size_t step = 1; low + step <= high; step *= 2) {
    if (!is_candidate(events[low + step - 1])) {
      high = low + step - 1;
      break;
    }
    low += step;
  }
  const auto first = events.begin() + static_cast<std::ptrdiff_t>(low);
  const auto last = events.begin() + static_cast<std::ptrdiff_t>(high);
  return static_cast<std::size_t>(std::partition_point(first, last, is_candidate) - events.begin());
}

}  // namespace coeval
