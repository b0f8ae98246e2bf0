// PlacedWinners: for each slot its greatest fact (rule 3.3), found from keys and times alone, by
// several threads at once. Of a winner it is known where it lies; its values are read later.
//
// Facts that keys and times do not tell apart are rare and are written down; when all facts were
// seen, those that still stand at the head of their slot are told apart by their values
// (slot_winners.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "definition/fact.h"
#include "offline/question_index.h"
#include "offline/slot_finder.h"
#include "offline/slot_heads.h"
#include "source/fact_reader.h"

namespace coeval {

// A fact of the same rank as another of its slot.
struct TiedFact {
  SlotId slot = kNoSlot;
  FactPlace place;
};

class PlacedWinners {
 public:
  // Both must outlive this.
  PlacedWinners(const QuestionIndex& questions, const AsOfRule& rule, std::size_t workers);

  // Takes part of the facts, without features, whose row numbers count within `piece`. Threads: one
  // for each worker.
  void Add(std::size_t worker, std::uint32_t piece, const FactBatch& facts);

  // The same where the slots are known: slots[i] is what fact i may win first, or kNoSlot.
  void Add(std::size_t worker, std::uint32_t piece, const FactBatch& facts,
           std::span<const SlotId> slots);

  // After all facts, as all below. The facts at the heads of these slots that only their values
  // tell apart, two or more for each such slot, by slot and place. A slot may be named twice.
  [[nodiscard]] std::vector<TiedFact> Ties(std::span<const SlotId> slots) const;

  [[nodiscard]] SlotHeads& heads() { return heads_; }

  // Of the facts whose slots were not known.
  [[nodiscard]] std::int64_t facts_of_questions() const;
  [[nodiscard]] std::int64_t candidates() const;

 private:
  // A fact that was equal to the head of its slot when it came.
  struct Candidate {
    TiedFact fact;
    FactTimes times;
    Sequence sequence;
  };

  // Padded: workers write to their own only.
  struct alignas(64) Worker {
    SlotFinder finder;
    std::vector<Candidate> candidates;
    std::size_t most = 4096;  // so many before the beaten ones are thrown out
  };

  void Offer(Worker* worker, std::uint32_t piece, const FactBatch& facts, std::int64_t row,
             SlotId slot);
  void ThrowOutBeaten(Worker* worker);

  SlotHeads heads_;
  std::vector<Worker> workers_;
};

}  // namespace coeval
