// ScratchFile: a file without a name for what does not fit into memory. It is gone with its
// process, however that ends, and no other process can open it.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

namespace coeval {

// Movable while no other thread uses it. Threads: any, for Append() and Read().
class ScratchFile {
 public:
  // In `folder`, which is made where it is missing; "" = $TMPDIR or /tmp. Errors: IoError.
  static Result<ScratchFile> Make(const std::string& folder);

  ScratchFile(ScratchFile&& other) noexcept;
  ScratchFile& operator=(ScratchFile&& other) noexcept;
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile();

  // Writes the bytes behind all others; where they begin. Errors: IoError (a full disk says so).
  Result<std::int64_t> Append(std::span<const std::uint8_t> bytes);

  // Fills `bytes` from `offset` on. REQUIRES: they were appended. Errors: IoError.
  Status Read(std::int64_t offset, std::span<std::uint8_t> bytes) const;

  [[nodiscard]] std::int64_t size() const { return size_.load(std::memory_order_relaxed); }

 private:
  ScratchFile(int fd, std::string folder) : fd_(fd), folder_(std::move(folder)) {}

  int fd_ = -1;
  std::string folder_;  // for errors
  std::atomic<std::int64_t> size_ = 0;
};

}  // namespace coeval
