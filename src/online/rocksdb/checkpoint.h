// A checkpoint of an embedded online store: what its files hold at one moment, as a store of its
// own (OnlineStore::Checkpoint makes it).
//
//   folder/FORMAT   the stamp
//   folder/LEASE    how far answered times may have gone
//   folder/db       RocksDB
#pragma once

#include <cstdint>
#include <string>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "online/online_store.h"

namespace coeval {

// What a checkpoint holds of a project.
struct CheckpointContent {
  TimeMicros c = kMinTime;        // the newest C in its files
  TimeMicros horizon = kMinTime;  // rule 3.6
  TimeMicros lease = kMinTime;
  std::int64_t log_applied = 0;  // records of the log whose facts are in its files
  VerifyReport report;           // of all blocks and facts
};

// Reads all of it, and writes nothing, not even beside it. Damage of facts is in the report.
// Errors: Corruption where it is no checkpoint, or cannot be opened; FailedPrecondition (a newer
// release wrote it); IoError; Cancelled. REQUIRES: its files are those that were written, by their
// checksums: RocksDB ends the process over some that are not.
Result<CheckpointContent> VerifyCheckpoint(const std::string& folder, const std::string& project,
                                           const Context& context);

}  // namespace coeval
