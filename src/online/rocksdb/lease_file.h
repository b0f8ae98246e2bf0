// The lease of rule 1.4 on disk: how far the answered times of each project may go.
//
//   {"flights":1357034041000000}      in an io/slot_file.h, which can be written on a full disk
#pragma once

#include <string>
#include <utility>

#include "base/json.h"
#include "base/status.h"
#include "base/time.h"
#include "io/slot_file.h"

namespace coeval {

// Threads: one at a time.
class LeaseFile {
 public:
  // Errors: IoError; Corruption.
  static Result<LeaseFile> Open(const std::string& path, std::string project);

  // kMinTime where the project never had one.
  [[nodiscard]] TimeMicros until() const;
  // Durable when it returns OK.
  Status Write(TimeMicros until);
  // The leases of all projects, in a new file. Durable when it returns OK.
  [[nodiscard]] Status CopyTo(const std::string& path) const;

 private:
  LeaseFile(SlotFile file, Json leases, std::string project)
      : file_(std::move(file)), leases_(std::move(leases)), project_(std::move(project)) {}

  SlotFile file_;
  Json leases_;
  std::string project_;
};

}  // namespace coeval
