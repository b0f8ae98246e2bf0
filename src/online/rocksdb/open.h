// Opens the embedded online store (RocksDB). Its bytes: docs/formats/online_store.md.
#pragma once

#include <memory>
#include <string>

#include "base/context.h"
#include "base/status.h"
#include "online/online_store.h"

namespace coeval {

// The folder is made where there is none. One process owns it at a time. Uses the context's clock,
// log, threads and a quarter of its memory budget as block cache.
// Errors: Unavailable naming the process that has it open; FailedPrecondition for a format that
// this release cannot read, with what to do, and in a process that was forked from one that had had
// a store open; Corruption; IoError.
Result<std::unique_ptr<OnlineStore>> OpenRocksDbStore(const std::string& path,
                                                      const std::string& project,
                                                      const Context& context,
                                                      const OnlineStoreOptions& options = {});

}  // namespace coeval
