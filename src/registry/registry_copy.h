// RegistryCopy: a registry's file as it is at one moment, written elsewhere while others go on
// changing it; and such a copy, looked over.
//
//   auto copy = *registry->BeginCopy();     the moment
//   copy->WriteTo("/backup/registry.db");   one file of SQLite, with nothing beside it
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/status.h"
#include "registry/sqlite.h"

namespace coeval {

// While it lives, the Registry that it came from gives snapshots of the catalogue and does nothing
// else, and the process cannot fork.
// Threads: the one that made it.
class RegistryCopy {
 public:
  // For Registry. `database` is that which the lock guards. The moment is now.
  static Result<std::unique_ptr<RegistryCopy>> Begin(std::unique_lock<std::mutex> lock,
                                                     SqlDatabase* database);

  // Makes the file, durably; its name is once its folder is synced. Errors: AlreadyExists; IoError;
  // Corruption of what is copied.
  Status WriteTo(const std::string& path);

 private:
  RegistryCopy(std::unique_lock<std::mutex> lock, SqlDatabase* database,
               std::unique_ptr<SqlTransaction> transaction)
      : lock_(std::move(lock)), database_(database), transaction_(std::move(transaction)) {}

  std::unique_lock<std::mutex> lock_;
  SqlDatabase* database_;
  std::unique_ptr<SqlTransaction> transaction_;  // ends before the lock is given back
};

// What a copy holds of a project.
struct RegistryContent {
  std::int64_t revision = 0;
  std::int64_t objects = 0;
  std::int64_t versions = 0;
};

// Reads all of a copy, and changes nothing. Errors: Corruption (a page, an index, a reference, or a
// version that has not its identity); NotFound; FailedPrecondition (a newer release, or another
// program, wrote it); IoError.
Result<RegistryContent> VerifyRegistryCopy(const std::string& path, const std::string& project);

}  // namespace coeval
