// GridFacts: the facts of a view over an aggregated view (rule 5.9): at each multiple of `every`
// since the epoch one fact for each key that has an event by then, with what would have been served
// at that instant; later news does not change it.
//
//   spend (sum over 7 d), every 1 d     facts   ann, 2024-05-02 00:00, spend 12
//                                               ann, 2024-05-03 00:00, spend 12
//                                               bob, 2024-05-03 00:00, spend 4
//
// A value that is INVALID (6.2) is null here, as it would have been served.
#pragma once

#include <memory>

#include "base/context.h"
#include "base/status.h"
#include "definition/fact.h"
#include "offline/facts_spine.h"
#include "source/fact_reader.h"

namespace coeval {

// `open`, which opens views with sources, made to open views over a view too. Borrows the context.
OpenView WithGrids(OpenView open, Known known, const Context& context);

// The facts of `version` that `request` asks for; of instants that are not after now. REQUIRES:
// version.source_view. Errors: those of the view beneath; InvalidArgument for a grid of too many
// instants. Cost: a training set of the view beneath, with a row for each fact, in memory.
Result<std::unique_ptr<FactReader>> OpenGridFacts(const ViewVersion& version,
                                                  const FactRequest& request, Known known,
                                                  const OpenView& open, const Context& context);

}  // namespace coeval
