// CatalogueReader: the catalogue as it is now, asked by every request. It has a connection of its
// own, so that no request waits while this process changes the registry, records a run or copies
// the file: in WAL mode a reader and a writer do not meet.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "definition/catalogue.h"
#include "definition/object_kind.h"
#include "io/at_fork.h"
#include "registry/sqlite.h"

namespace coeval {

// Threads: any. Errors of all calls: as of Registry.
class CatalogueReader {
 public:
  // REQUIRES, of the calls: the file is there and was looked over (registry_file.h).
  CatalogueReader(std::string path, std::string project, DurationMicros busy_timeout);

  // The same object until something changes. Cost: microseconds while nothing was written, by
  // whatever process.
  Result<CatalogueSnapshot> Snapshot();

  // Is it known of this version that it answered a request, or is there no such version?
  Result<bool> IsServed(ObjectKind kind, const std::string& name, int version);

 private:
  // REQUIRES: the lock. Opens the file where it is not open: at first, and after a fork, across
  // which no connection may be open (io/at_fork.h).
  Status Connect();

  const std::string path_;
  const std::string project_;
  const DurationMicros busy_timeout_;
  std::mutex mutex_;
  std::unique_ptr<SqlDatabase> database_;
  CatalogueSnapshot snapshot_;      // null until the first one
  std::int64_t data_version_ = -1;  // SQLite's, when snapshot_ was known to be the newest
  AtFork at_fork_;                  // ends before all else
};

}  // namespace coeval
