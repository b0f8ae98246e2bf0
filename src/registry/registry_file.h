// The registry's file: its tables, its FORMAT stamp, and how it is opened
// (docs/formats/registry.md, decision 10). Release n opens format n-1 and migrates it in one
// transaction; an older release refuses a newer format and says what to run.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "registry/sqlite.h"

namespace coeval {

inline constexpr int kRegistryFormat = 1;
// "Coev" in the file's header: the file is one of ours.
inline constexpr std::int64_t kRegistryApplicationId = 0x436F6576;

// Makes folder and file where there is none, checks stamp and pages, takes WAL mode, full
// durability and foreign keys. Errors: IoError (permission, disk full), Corruption (no database,
// damaged), FailedPrecondition (a newer format, another program's database), Unavailable (held by
// another process for too long).
Result<std::unique_ptr<SqlDatabase>> OpenRegistryFile(const std::string& path, TimeMicros now,
                                                      const std::string& release,
                                                      DurationMicros busy_timeout);

// Is it a registry that this release can read? Errors: FailedPrecondition; Corruption.
Status CheckRegistryStamp(SqlDatabase* database);

}  // namespace coeval
