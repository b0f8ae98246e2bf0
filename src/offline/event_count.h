// How many events of a source are of keys that a spine asks for.
#pragma once

#include <cstdint>

#include "base/context.h"
#include "base/status.h"
#include "offline/as_of_join.h"
#include "offline/key_index.h"

namespace coeval {

// Reads keys and times alone, to the end. Errors: those of the facts; Cancelled.
Result<std::int64_t> CountEvents(FactStream* facts, const KeyIndex& keys, const Context& context);

}  // namespace coeval
