// Tells apart, by their values, the facts that keys and times did not (rule 3.3): the few that
// PlacedWinners wrote down are read, and compared as those of a stream are (slot_winners.h).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "offline/as_of_join.h"
#include "offline/placed_values.h"
#include "offline/placed_winners.h"
#include "source/fact_reader.h"

namespace coeval {

// Settles the ties of the heads of `slots`, each of which is named once: marks those that values
// told apart, gives their values to `values`, and answers which of `slots` have none there yet, in
// their order. `facts` are in pieces with the features that are needed; `open` opens them once more
// where those do not decide.
Result<std::vector<SlotId>> BreakTies(std::vector<SlotId> slots, const QuestionIndex& questions,
                                      const AsOfJoin& join, FactPieces* facts,
                                      const OpenFacts& open, const Context& context,
                                      PlacedWinners* winners, PlacedValues* values);

}  // namespace coeval
