// For tests: a disk whose power can be cut. An ext4 file system in memory, behind a loop device;
// cutting it (EXT4_IOC_SHUTDOWN) forgets what lies in the page cache and was not synced, and fails
// all that is tried afterwards, until it is mounted again.
//
//   LoopDisk disk = *LoopDisk::Make(std::int64_t{192} << 20);
//   disk.Format(); disk.Mount();
//   ... a child writes below disk.folder() ...
//   disk.Cut(LoopDisk::Journal::kLost); kill the child; disk.Unmount(); disk.Mount();
//
// What it does not model: a disk whose own cache lies about what it holds, and torn sectors.
//
// Nothing stays behind, however the process ends: the mount lies in a mount namespace of its own,
// the device detaches itself when it is closed, and the image has no name.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "io/temp_directory.h"

namespace coeval {

// Threads: one; the process must have had no other before Make, which would not see the mount.
class LoopDisk {
 public:
  enum class Journal : std::uint8_t {
    kLost,     // what the file system has not committed by itself is lost: a cut at once
    kFlushed,  // its journal is written out first: names and sizes are new, contents may be old
  };

  // Errors: Unavailable where the machine has no such disk for this process (not root, no loop
  // device, no ext4), with what is missing: then there is nothing to be tested.
  static Result<LoopDisk> Make(std::int64_t bytes);

  LoopDisk(LoopDisk&& other) noexcept;
  LoopDisk& operator=(LoopDisk&& other) = delete;
  LoopDisk(const LoopDisk&) = delete;
  LoopDisk& operator=(const LoopDisk&) = delete;
  ~LoopDisk();

  // An empty file system, in the place of what was there. REQUIRES: not mounted.
  Status Format();
  // What follows: `Errors: IoError`.
  Status Mount();
  // REQUIRES: mounted. It stays mounted, and gives nothing but errors.
  Status Cut(Journal journal) const;
  // REQUIRES: nobody has a file open there any more.
  Status Unmount();

  // Where it is mounted.
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }

 private:
  explicit LoopDisk(TempDirectory folder) : folder_(std::move(folder)) {}

  Status Attach(int image);

  TempDirectory folder_;
  std::string device_;
  int device_fd_ = -1;
  bool mounted_ = false;
};

}  // namespace coeval
