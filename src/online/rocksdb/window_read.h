// The answer to one question about an aggregated view, from one committed state: events out of
// files and memory, or, for busy keys, out of an index that is made on the way.
#pragma once

#include "base/status.h"
#include "base/time.h"
#include "online/online_store.h"
#include "online/rocksdb/meta.h"
#include "online/rocksdb/store_core.h"
#include "retrieval/assemble.h"

namespace coeval {

// `record`: of the view's data; null: nothing was ever carried. Errors: as OnlineSnapshot::Read.
Result<ViewAnswers> ReadWindows(const ViewQuestion& question, const ViewRecord* record,
                                const StoreState& state, TimeMicros t);

}  // namespace coeval
