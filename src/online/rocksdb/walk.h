// Walks over everything that an embedded store holds: to verify it, and to compare two of them.
#pragma once

#include <string>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "online/online_store.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// Every block's checksum, every fact list, row, key and rank. Errors: IoError, Cancelled.
Result<VerifyReport> VerifyFacts(const StoreState& state, const Context& context);

// SHA-256 over keys and collapsed facts at `horizon`. Errors: InvalidArgument where it lies before
// the state's; Corruption; IoError.
Result<std::string> HashFacts(const StoreState& state, const std::string& data_identity,
                              TimeMicros horizon);

}  // namespace coeval
