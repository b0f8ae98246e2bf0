// SlotWinners: for each slot its greatest fact (rule 3.3) with its values, from facts in any order
// that stream past once. Each slot keeps one fact: memory is bounded by the slots.
//
// Ties. Facts of one event time, created time and sequence are told apart by the tie bytes of ALL
// features of the view in declared order, while a request may need a few of them. Where the needed
// ones do not decide, the slot is marked open; a second pass over the facts with all features
// settles those that some question wants (open ties are rare: sources without tie-breaking
// columns).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "column/batch.h"
#include "offline/question_index.h"
#include "offline/slot_finder.h"
#include "offline/slot_heads.h"
#include "offline/slot_values.h"
#include "source/fact_reader.h"

namespace coeval {

// Threads: one.
class SlotWinners {
 public:
  // `needed`: ascending positions in `schema`, the view's features in declared order (what ties are
  // decided by).
  SlotWinners(SlotId num_slots, const std::vector<ColumnSchema>& schema,
              std::vector<std::size_t> needed);

  // Takes part of the facts, with the needed features; slots[i]: what fact i is a candidate for, or
  // kNoSlot. Any order, any batches: the same winners.
  void Add(const FactBatch& facts, std::span<const SlotId> slots);
  // The same with what the finder finds.
  void Add(const FactBatch& facts, SlotFinder* finder);

  // After all facts: marks the open ties of these winners for the second pass; how many there are.
  std::size_t OpenTies(std::span<const SlotId> winners);
  // The event times of the marked ones.
  [[nodiscard]] FactRange OpenRange() const;
  // The second pass: the facts again, with all features of the schema.
  void AddForTies(const FactBatch& facts, std::span<const SlotId> slots);
  // Errors: Unavailable where a tied fact did not come again (the source changed meanwhile).
  [[nodiscard]] Status CheckTiesResolved() const;

  [[nodiscard]] const SlotHeads& heads() const { return heads_; }

  [[nodiscard]] const SlotValues& values() const { return values_; }

  // What it takes, values included, but for strings and the like.
  static std::int64_t EstimateBytes(std::span<const ColumnSchema> needed, SlotId num_slots) {
    return SlotHeads::EstimateBytes(num_slots) + SlotValues::EstimateBytes(needed, num_slots);
  }

 private:
  enum class Tie : std::uint8_t { kLoses, kWins, kSame, kOpen };

  void Offer(const FactBatch& facts, std::int64_t row, SlotId slot);
  void Replace(const FactBatch& facts, std::int64_t row, SlotId slot, std::uint8_t tie_flags);
  [[nodiscard]] Tie CompareTie(const FactBatch& facts, std::int64_t row, SlotId slot);
  [[nodiscard]] bool SameAsHead(const FactBatch& facts, std::int64_t row, SlotId slot,
                                std::size_t feature) const;
  void StorePending(std::span<const Column> columns);

  std::vector<std::size_t> needed_;
  std::size_t prefix_ = 0;  // so many of the needed features are the schema's first ones
  SlotHeads heads_;
  SlotValues values_;
  std::vector<SlotRow> pending_;
  std::unordered_map<SlotId, std::string> open_;  // tie bytes of the best so far; "" = none yet
  std::string tie_a_;
  std::string tie_b_;
};

}  // namespace coeval
