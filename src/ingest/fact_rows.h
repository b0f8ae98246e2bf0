// FactRows: from a view to what is read for it, and from the facts that a reader gives to those
// that an online store takes.
#pragma once

#include "definition/catalogue.h"
#include "online/online_store.h"
#include "source/fact_reader.h"

namespace coeval {

// All keys and features of a view; of an aggregated one what its windows are made of.
FactRequest FactsOf(const ViewVersion& version);

// All of the batch; shares its columns.
FactRows FactRowsOf(const FactBatch& batch);

}  // namespace coeval
