// SlotLookup: of a key's slots the last that is not later than a time, for times in any order.
//
//   slots of jfk    09:00  09:10  12:00  15:00        looked up   08:00 -> none, 13:00 -> 12:00
//   an hour each    09     10  11  12  13  14  15     the first slot of each: searched in one alone
//
// Each key's time is cut into even pieces of a few slots, so that a look-up reads two or three
// lines of memory, which are fetched ahead of their use. Where times crowd, a piece is searched by
// halves.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "offline/key_index.h"
#include "offline/time_slots.h"
#include "offline/untouched.h"

namespace coeval {

// Immutable; threads: any.
class SlotLookup {
 public:
  // Borrows the slots. Cost: O(slots), by `threads`; about a byte for each slot, 40 for each key.
  SlotLookup(const TimeSlots& slots, int threads);

  // found[i] = the last slot of keys[i] with time <= times[i], or kNoSlot; kNoKey has none.
  void Find(std::span<const KeyId> keys, std::span<const TimeMicros> times, SlotId* found) const;

 private:
  // A key's time: piece p holds the times in [first + (p << shift), first + (p + 1 << shift)).
  struct KeyPieces {
    TimeMicros first = 0;
    std::uint64_t last_piece = 0;
    std::uint64_t begin = 0;  // in starts_
    SlotRange slots;
    int shift = 0;
  };

  // Where the answer lies: it is `begin` or later and before `end`, or the one before `begin`.
  struct Piece {
    SlotId begin = kNoSlot;
    SlotId end = kNoSlot;
  };

  void FillStarts(const KeyPieces& key);
  void FindBlock(std::span<const KeyId> keys, std::span<const TimeMicros> times,
                 SlotId* found) const;

  std::span<const TimeMicros> times_;
  std::vector<KeyPieces> keys_;
  // The first slot of each piece or after it, key after key; one more each: the end of its slots.
  UntouchedArray<SlotId> starts_;
};

}  // namespace coeval
