// Which facts of a key are events at t (rules 5.3, 5.7, 5.8), in the rules' own words: the facts of
// each identity are taken in the order in which they became known, and one after the other stands,
// until it is replaced. The path of explanations; event_timeline.h is the engine's.
//
//   id 17   10:00 amount 5, known 10:00     at 11:00: stands
//           10:00 amount 7, known 12:00     at 12:30: stands, the first is replaced
//           retraction, known 13:00         at 14:00: takes back what stood
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "offline/explain_fact.h"
#include "offline/explanation.h"
#include "offline/key_facts.h"

namespace coeval {

// One for each fact: none where it is an event at t, else why it is none: kFuture, kKnownLater,
// kTooLate, kReplaced, kRetracted or kRetraction. `id_column`: position in the facts' schema; none:
// every fact is an event of its own. Cost: O(n^2) at worst. Threads: any.
std::vector<std::optional<Verdict>> JudgeIdentities(const KeyFacts& facts,
                                                    const FactQuestion& question,
                                                    std::optional<std::size_t> id_column);

}  // namespace coeval
