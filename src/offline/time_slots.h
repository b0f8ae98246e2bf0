// TimeSlots: the distinct times of each key, in order: what questions and facts of one key meet in.
//
//   key   jfk    lga    jfk    jfk    none      slots   jfk: 0 = 09:00, 1 = 12:00
//   time  12:00  10:00  09:00  12:00  09:00             lga: 2 = 10:00
//   slot  1      2      0      1      kNoSlot
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/time.h"
#include "offline/key_index.h"
#include "offline/untouched.h"

namespace coeval {

using SlotId = std::uint32_t;
inline constexpr SlotId kNoSlot = std::numeric_limits<SlotId>::max();

struct SlotRange {
  SlotId begin = 0;
  SlotId end = 0;
};

// Immutable; threads: any.
class TimeSlots {
 public:
  TimeSlots() = default;

  // Of rows with these keys and times; rows of kNoKey have none. (*slot_of)[row] is a row's slot.
  // REQUIRES: keys < num_keys; less than 2^32 - 1 rows. Cost: O(rows), and a sort of each key's
  // times unless they are in order already; by `threads`. The slots do not depend on their number.
  static TimeSlots Build(std::span<const KeyId> keys, std::span<const TimeMicros> times,
                         KeyId num_keys, int threads, UntouchedArray<SlotId>* slot_of);

  [[nodiscard]] KeyId num_keys() const { return static_cast<KeyId>(first_.size() - 1); }

  [[nodiscard]] SlotId size() const { return static_cast<SlotId>(times_.size()); }

  [[nodiscard]] std::span<const TimeMicros> times() const { return times_.values(); }

  [[nodiscard]] SlotRange of(KeyId key) const {
    return {first_[key], first_[static_cast<std::size_t>(key) + 1]};
  }

  // Fetches into the cache what of(key) reads.
  void Prefetch(KeyId key) const { __builtin_prefetch(&first_[key]); }

  // Cuts the keys into ranges of about as many slots: the key where each begins, and their end.
  [[nodiscard]] std::vector<KeyId> CutKeys(std::size_t slots_each) const;

 private:
  friend class SlotPlacing;

  std::vector<SlotId> first_ = {0};  // [number of keys + 1]
  UntouchedArray<TimeMicros> times_;
};

}  // namespace coeval
