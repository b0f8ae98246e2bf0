// Copies of files that are proved to be whole: what is written is hashed on its way, and synced.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/status.h"

namespace coeval {

// What a file holds.
struct FileContent {
  std::int64_t bytes = 0;
  std::string sha256;  // 64 hex digits

  friend bool operator==(const FileContent&, const FileContent&) = default;
};

// Asked for each MiB; its error ends the work.
using GoOn = std::function<Status()>;

// Of the first `bytes` (-1: of all). Errors: NotFound; IoError, also where it is shorter, or no
// regular file; those of `go_on`. Cost: reads it, with 1 MiB of memory.
Result<FileContent> HashFile(const std::string& path, std::int64_t bytes = -1,
                             const GoOn& go_on = {});

// Makes `to`, which is not there yet, of the first `bytes` of `from` (-1: of all); gives what it
// holds. The file is durable then, its name once its folder is synced. Errors: as above, and
// AlreadyExists; NotFound also where the folder of `to` is not there. What was made of `to` stays
// then. Mode 0600.
Result<FileContent> CopyFileDurably(const std::string& from, const std::string& to,
                                    std::int64_t bytes = -1, const GoOn& go_on = {});

}  // namespace coeval
