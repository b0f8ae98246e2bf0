// SlotHeads: for each slot the rank of the greatest fact that it has seen (rule 3.3 up to the tie
// bytes), and where that fact lies. 32 bytes a slot, no values.
//
//   slots of jfk      09:00   12:00   15:00
//   facts, v =        08:10   11:40           both 08:50 and 11:40 stay; 08:10 loses at once
//                     08:50
//   running maximum   08:50   11:40   11:40
//
// If the greatest fact fails the ttl, all do, since rank begins with the event time. So facts are
// neither sorted nor kept.
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "definition/fact.h"
#include "offline/placed_columns.h"
#include "offline/question_index.h"
#include "offline/untouched.h"
#include "source/fact_reader.h"

namespace coeval {

// Threads: one, but for Offer().
class SlotHeads {
 public:
  enum Flag : std::uint16_t {
    kFilled = 1,
    kCreated = 2,
    kSequence = 4,
    kDelete = 8,
    kTied = 16,
    kOpen = 32,      // facts that the needed features do not tell apart
    kPending = 64,   // its values still lie in the batch
    kLocked = 128,   // some thread compares or replaces it now
    kArrived = 256,  // it was pushed: its sequence is of a log
  };

  struct Winner {
    FactTimes times;
    bool is_delete = false;
    bool tied = false;  // another fact has its event time, created time and sequence
  };

  // What becomes of a fact. kSame: equal so far; the values decide.
  enum class Outcome : std::uint8_t { kLoses, kWins, kSame };

  // Cleared by `threads`.
  explicit SlotHeads(SlotId num_slots, int threads = 1);

  [[nodiscard]] SlotId size() const { return static_cast<SlotId>(heads_.size()); }

  void Prefetch(SlotId slot) const { __builtin_prefetch(&heads_[slot], 1); }

  [[nodiscard]] bool Has(SlotId slot, Flag flag) const {
    return (WordOf(heads_[slot]) & flag) != 0;
  }

  void Mark(SlotId slot, Flag flag) { SetWord(slot, WordOf(heads_[slot]) | flag); }

  void Clear(SlotId slot, Flag flag) { SetWord(slot, WordOf(heads_[slot]) & ~std::uint64_t{flag}); }

  [[nodiscard]] FactPlace place(SlotId slot) const { return PlaceOf(WordOf(heads_[slot])); }

  void SetPlace(SlotId slot, FactPlace place) {
    SetWord(slot, WordOf(place) | (WordOf(heads_[slot]) & kAllFlags));
  }

  [[nodiscard]] Winner Get(SlotId slot) const {
    const Head& head = heads_[slot];
    return {{head.event_time, head.created_time, Has(slot, kCreated), Has(slot, kArrived)},
            Has(slot, kDelete),
            Has(slot, kTied)};
  }

  [[nodiscard]] Sequence sequence(SlotId slot) const {
    const std::string_view log = Has(slot, kArrived) ? kAnyLog : std::string_view();
    return {Has(slot, kSequence), log, heads_[slot].sequence};
  }

  // A fact against a filled slot's head, by event time, created time and sequence.
  [[nodiscard]] std::strong_ordering Compare(const FactBatch& facts, std::int64_t row,
                                             SlotId slot) const;
  // The same with a full tie of a delete decided (rule 3.7), and marked; an empty slot loses.
  Outcome Judge(const FactBatch& facts, std::int64_t row, SlotId slot);
  void Set(const FactBatch& facts, std::int64_t row, SlotId slot, FactPlace place,
           std::uint8_t more_flags = 0);

  // Judge(), and Set() where the fact wins, as one step. Threads: any number, with other slots or
  // the same; the heads are the same whatever their order, but for which of the facts of kSame is
  // the head.
  Outcome Offer(const FactBatch& facts, std::int64_t row, SlotId slot, FactPlace place);

  // Is the head a fact of that rank, and no delete? Threads: any number, beside Offer().
  [[nodiscard]] bool StandsAs(SlotId slot, const FactTimes& times, const Sequence& sequence) const;

  // For each slot of `questions` the slot whose head is the greatest candidate there, or kNoSlot.
  // Facts of equal rank are visible from one time on, so they share a slot: no two heads tie.
  // Empty where it is each slot's own. Cost: O(slots), by `threads`.
  [[nodiscard]] UntouchedArray<SlotId> Greatest(const QuestionIndex& questions, int threads) const;

  static std::int64_t EstimateBytes(SlotId num_slots) {
    return std::int64_t{num_slots} * static_cast<std::int64_t>(sizeof(Head) + sizeof(SlotId));
  }

 private:
  struct Head {
    TimeMicros event_time = 0;
    TimeMicros created_time = 0;
    std::int64_t sequence = 0;
    // piece << 41 | row << 9 | flags. Threads that wait for the lock look at it, so that it is
    // always read and written as one atomic word.
    mutable std::uint64_t word = 0;
  };

  static std::uint64_t WordOf(const Head& head) {
    return std::atomic_ref<std::uint64_t>(head.word).load(std::memory_order_relaxed);
  }

  void SetWord(SlotId slot, std::uint64_t word) {
    std::atomic_ref<std::uint64_t>(heads_[slot].word).store(word, std::memory_order_relaxed);
  }

  static constexpr unsigned kFlagBits = 9;
  static constexpr std::uint64_t kAllFlags = (1U << kFlagBits) - 1;
  static constexpr unsigned kPlaceBits = 32 + kFlagBits;

  static std::uint64_t WordOf(FactPlace place) {
    return std::uint64_t{place.piece} << kPlaceBits | std::uint64_t{place.row} << kFlagBits;
  }

  static FactPlace PlaceOf(std::uint64_t word) {
    return {static_cast<std::uint32_t>(word >> kPlaceBits),
            static_cast<std::uint32_t>(word >> kFlagBits)};
  }

  [[nodiscard]] std::strong_ordering CompareHeads(SlotId a, SlotId b) const;

  UntouchedArray<Head> heads_;
};

}  // namespace coeval
