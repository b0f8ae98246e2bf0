// Reading facts to their end, batch by batch: what every pass of a join does.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "offline/as_of_join.h"
#include "offline/slot_finder.h"
#include "source/fact_reader.h"

namespace coeval {

// Errors: those of the facts; Cancelled.
Result<FactCounts> ReadAll(FactStream* facts, const Context& context, const FactProgress& progress,
                           const std::function<void(const FactBatch&)>& use);

// Facts in pieces, by context.threads threads: without their features, or with them. `use` may be
// called by all of them at once, for one piece by one of them. `progress` is told in the caller's
// thread. Errors: those of the facts, of the first piece that fails; Cancelled.
using UsePiece = std::function<void(std::size_t worker, std::size_t piece, const FactBatch& facts)>;
Result<FactCounts> ReadAllPieces(FactPieces* facts, bool features, const Context& context,
                                 const FactProgress& progress, const UsePiece& use);

// The slot of each fact of a batch; kNoSlot of those that the finder leaves out.
std::vector<SlotId> FindSlots(const FactBatch& facts, SlotFinder* finder);

}  // namespace coeval
