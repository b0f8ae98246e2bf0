#include "offline/slot_finder.h"

#include <algorithm>
#include <array>
#include <cstddef>

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

SlotFinder::SlotFinder(const QuestionIndex& questions, const AsOfRule& rule)
    : questions_(questions), rule_(rule) {
  const KeyId keys = questions.keys().size();
  if (questions.num_slots() / kFewSlots < keys) return;  // few slots a key, mostly
  cursors_.resize(keys);
  for (KeyId key = 0; key < keys; ++key) cursors_[key] = questions.slots(key).begin;
}

TimeMicros SlotFinder::CandidateFrom(const FactTimes& times) const {
  const TimeMicros v = VisibleTime(times, rule_.source, rule_.known);
  if (!rule_.strictly_before || rule_.source.timeless) return v;
  return std::max(v, SaturatingAdd(times.event_time, 1));
}

// Strictly before: nothing comes after the last instant, where the sum above saturates.
bool SlotFinder::IsNever(const FactTimes& times) const {
  return rule_.strictly_before && !rule_.source.timeless && times.event_time == kMaxTime;
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

// The slot of each of `count` facts; kNoSlot where it is no candidate for any question. Each step
// fetches ahead what the next one reads.
void SlotFinder::Find(const FactBatch& facts, std::int64_t first, std::int64_t count,
                      SlotId* slots) {
  std::array<KeyId, kBlock> keys{};
  std::array<SlotRange, kBlock> ranges{};
  const TimeMicros* times = questions_.slot_times().data();
  questions_.keys().Find(facts.keys, first, count, keys.data());
  std::size_t found = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    slots[i] = kNoSlot;
    if (keys[i] == kNoKey) continue;
    questions_.Prefetch(keys[i]);
    ++found;
  }
  facts_of_questions_ += static_cast<std::int64_t>(found);
  if (found == 0) return;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (keys[i] == kNoKey) continue;
    ranges[i] = questions_.slots(keys[i]);
    if (ranges[i].begin != ranges[i].end) __builtin_prefetch(times + ranges[i].end - 1);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const SlotRange range = ranges[i];
    if (keys[i] == kNoKey || range.begin == range.end) continue;
    const FactTimes of_fact = facts.times(first + static_cast<std::int64_t>(i));
    const TimeMicros v = CandidateFrom(of_fact);
    if (times[range.end - 1] < v || IsNever(of_fact)) continue;
    slots[i] = FindSlot(keys[i], range, v);
    ++candidates_;
  }
}

}  // namespace coeval
