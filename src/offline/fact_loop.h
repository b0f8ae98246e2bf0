// Reading facts to their end, batch by batch: what every pass of a join does.
#pragma once

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

// The slot of each fact of a batch.
std::vector<SlotId> FindSlots(const FactBatch& facts, SlotFinder* finder);

}  // namespace coeval
