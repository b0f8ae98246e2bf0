// Which facts of a key an explanation shows: of each fate those nearest to what decides, so that
// what won, what nearly won and what was refused at the edge are there, and not the thousands
// behind them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "offline/explain_fact.h"
#include "offline/explanation.h"
#include "offline/key_facts.h"

namespace coeval {

// `nearest`: at most so many facts of each fate; of the events in a window so many of the oldest
// and of the newest. `columns`: positions in the facts' schema, whose values are shown. Cost: O(n
// log n).
ExplainedFacts ShowFacts(const KeyFacts& facts, std::span<const Verdict> verdicts,
                         const FactQuestion& question, const std::vector<std::size_t>& columns,
                         std::int64_t nearest);

}  // namespace coeval
