// KeyedFacts: what a view's sources hold of some keys, as an online store would keep it.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/context.h"
#include "base/status.h"
#include "definition/catalogue.h"
#include "online/kept_facts.h"
#include "source/fact_reader.h"

namespace coeval {

using KeyedFacts = std::map<std::string, KeptFacts, std::less<>>;  // by encoded key

// `facts` were opened for FactsOf(version). Keys of which there are none have no entry; what comes
// too late for every window (rule 5.8) is left out. Errors: those of the reader; Cancelled. Cost:
// memory for the facts of `keys`, all of them.
Result<KeyedFacts> ReadKeyedFacts(FactStream& facts, const ViewVersion& version,
                                  const std::set<std::string, std::less<>>& keys,
                                  const Context& context);

}  // namespace coeval
