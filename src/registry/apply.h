// Writing a plan's rows. REQUIRES everywhere: inside a write transaction.
#pragma once

#include <string>

#include "base/json.h"
#include "base/status.h"
#include "base/time.h"
#include "registry/planner.h"
#include "registry/sqlite.h"

namespace coeval {

// Who writes, when, for which project.
struct Author {
  std::string project;
  std::string who;
  std::string release;
  TimeMicros now = 0;
};

// The project's row is there.
Status EnsureProject(SqlDatabase* database, const Author& author);
Status WritePlan(SqlDatabase* database, const PlannedApply& planned, const Author& author);
// Puts `version` on top of the object's activations.
Status WriteActivation(SqlDatabase* database, const ObjectKey& key, int version,
                       const Author& author);
Status WriteHistory(SqlDatabase* database, const ObjectKey& key, int version,
                    std::string_view action, const Json& detail, const Author& author);
Status GrowRevision(SqlDatabase* database, const std::string& project);

}  // namespace coeval
