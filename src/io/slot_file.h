// SlotFile: one small record on disk, overwritten in place and never lost: two slots that are
// written one after the other, so that a crash at any moment leaves the record before or the record
// after, and a bit that flips in one of them leaves the other.
// Its room is taken when it is made, so that it can be written while the disk is full.
//
//   OFFSET     SIZE  MEANING, of each of the two slots of 4096 bytes
//   0          8     number of the write, little-endian; 0 = never written
//   8          4     size of the record
//   12         4     checksum: low 32 bits of XXH3 over number, size and record
//   16         ...   the record
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace coeval {

// Threads: one at a time.
class SlotFile {
 public:
  static constexpr std::size_t kMaxRecord = 4096 - 16;

  // Makes the file, durably, where there is none. Errors: IoError; Corruption where it was written
  // and no slot can be read.
  static Result<SlotFile> Open(std::string path);

  SlotFile(SlotFile&& other) noexcept;
  SlotFile& operator=(SlotFile&& other) noexcept;
  SlotFile(const SlotFile&) = delete;
  SlotFile& operator=(const SlotFile&) = delete;
  ~SlotFile();

  // The newest record; "" where none was written.
  [[nodiscard]] const std::string& record() const { return record_; }

  // Durable when it returns OK; two syncs. After an error either record may be found later; the
  // next call writes again, through a descriptor of its own. Errors: InvalidArgument for more than
  // kMaxRecord bytes; IoError.
  Status Write(std::string_view record);

 private:
  explicit SlotFile(std::string path) : path_(std::move(path)) {}

  Status OpenDescriptor();
  Status WriteSlot(std::string_view slot, std::size_t index);
  Status ReadSlots();

  std::string path_;
  int fd_ = -1;
  std::uint64_t number_ = 0;  // of the newest write that may be on disk
  std::size_t newest_ = 1;    // the slot of record_
  std::string record_;
};

}  // namespace coeval
