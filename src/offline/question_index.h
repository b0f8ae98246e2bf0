// QuestionIndex: the questions of a spine, (key, t), by key and time: the small side of the as-of
// join, which facts streaming past are probed against. Made once for all views with the same keys.
//
//   questions                     slots: distinct (key, t), each key's in order of time
//   (jfk, 12:00)  -> slot 1       jfk: 0 = 09:00, 1 = 12:00
//   (lga, 10:00)  -> slot 2       lga: 2 = 10:00
//   (jfk, 09:00)  -> slot 0
//   (jfk, 12:00)  -> slot 1
//   (null, 9:00)  -> kNoSlot
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "offline/key_index.h"

namespace coeval {

using SlotId = std::uint32_t;
inline constexpr SlotId kNoSlot = std::numeric_limits<SlotId>::max();

struct SlotRange {
  SlotId begin = 0;
  SlotId end = 0;
};

// Immutable; threads: any.
class QuestionIndex {
 public:
  // `keys` as KeyIndex::Build takes them, `times` one for each question. Errors: those of KeyIndex.
  // Cost: O(n), and a sort of each key's times unless they are in order already.
  static Result<QuestionIndex> Build(std::span<const Column> keys,
                                     std::span<const TimeMicros> times);

  [[nodiscard]] std::int64_t num_questions() const {
    return static_cast<std::int64_t>(slot_of_.size());
  }

  [[nodiscard]] SlotId num_slots() const { return static_cast<SlotId>(slot_times_.size()); }

  [[nodiscard]] const KeyIndex& keys() const { return keys_; }

  // Per question; kNoSlot where a join key is null (rule 2.2).
  [[nodiscard]] std::span<const SlotId> slot_of() const { return slot_of_; }

  // Per slot.
  [[nodiscard]] std::span<const TimeMicros> slot_times() const { return slot_times_; }

  [[nodiscard]] SlotRange slots(KeyId key) const {
    return {first_slot_[key], first_slot_[static_cast<std::size_t>(key) + 1]};
  }

  // Fetches into the cache what slots(key) reads.
  void Prefetch(KeyId key) const { __builtin_prefetch(&first_slot_[key]); }

  // Of the questions with a key; kMaxTime and kMinTime where there are none.
  [[nodiscard]] TimeMicros min_time() const { return min_time_; }

  [[nodiscard]] TimeMicros max_time() const { return max_time_; }

 private:
  KeyIndex keys_;
  std::vector<SlotId> first_slot_;      // [number of keys + 1]
  std::vector<TimeMicros> slot_times_;  // [number of slots]
  std::vector<SlotId> slot_of_;         // [number of questions]
  TimeMicros min_time_ = kMaxTime;
  TimeMicros max_time_ = kMinTime;
};

}  // namespace coeval
