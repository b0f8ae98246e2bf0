// LockFile: one holder at a time among all processes of a machine (flock).
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/status.h"
#include "io/fork_guard.h"

namespace coeval {

// Held until it is dropped or the process ends, however it ends; not by children of a fork. The
// file itself stays; it holds the holder's process id, for messages. Movable. Threads: one.
class LockFile {
 public:
  // Errors: Unavailable, naming the process that holds it; IoError. Never waits.
  static Result<LockFile> Acquire(const std::string& path);

  LockFile(LockFile&& other) noexcept;
  LockFile& operator=(LockFile&& other) noexcept;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  LockFile(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  void Release();

  std::string path_;
  int fd_ = -1;
  std::uint64_t generation_ = ForkGeneration();
};

}  // namespace coeval
