// PlacedJoin: the first phase of the join of facts in pieces (docs/decisions/0013): what each
// question gets, and where it lies, from keys and times alone. Ties are told apart by values.
#pragma once

#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "offline/as_of_join.h"
#include "offline/fact_slots.h"
#include "offline/placed_values.h"
#include "offline/placed_winners.h"
#include "offline/question_index.h"
#include "offline/untouched.h"
#include "source/fact_reader.h"

namespace coeval {

// The features of the answer.
std::vector<ColumnSchema> NeededOf(const AsOfJoin& join);

// Can the places of these facts be told (FactPlace)? All but the strangest sources.
bool HavePlaces(const FactPieces& facts);

// Borrows all; one use; one thread, which lets others help.
class PlacedJoin {
 public:
  PlacedJoin(const QuestionIndex& questions, const AsOfJoin& join, FactPieces* facts,
             const Context& context);

  // Fills match, time and counts of `out`; not the features. Errors: those of JoinAsOf.
  Status Run(const OpenFacts& open, const FactProgress& progress, AsOfAnswers* out);

  // The same where the slots of facts are the index of the questions (QuestionIndex::OfSlots).
  Status Run(const FactSlots& slots, const OpenFacts& open, AsOfAnswers* out);

  // Per question, the slot whose head is its fact; kNoSlot where none is found.
  [[nodiscard]] std::span<const SlotId> found() const { return found_.values(); }

  // The slots of `found`, each once and ascending, whose values are still to be read; those of the
  // others, told apart by their values, are in values() already.
  [[nodiscard]] const std::vector<SlotId>& unread() const { return unread_; }

  [[nodiscard]] SlotHeads& heads() { return winners_.heads(); }

  [[nodiscard]] PlacedValues& values() { return values_; }

 private:
  Status Answer(const OpenFacts& open, AsOfAnswers* out);

  const QuestionIndex& questions_;
  const AsOfJoin& join_;
  FactPieces* facts_;
  const Context& context_;
  PlacedWinners winners_;
  PlacedValues values_;
  UntouchedArray<SlotId> found_;
  std::vector<SlotId> unread_;
};

}  // namespace coeval
