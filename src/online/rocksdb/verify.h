// Verifies an embedded store: every block of every file, every row, and that rows and meta data
// belong together.
#pragma once

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"
#include "online/online_store.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// As OnlineStore::Verify, of what one state has.
Result<VerifyReport> VerifyStore(const StoreState& state, const Context& context,
                                 const ProgressSink& progress);

}  // namespace coeval
