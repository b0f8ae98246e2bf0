// AppendFile: bytes written behind one another and made durable, as a log needs it. Room is taken
// ahead by writing zeros: a sync that changes no size and takes no room is one write to the disk
// and not two (docs/decisions/0016 has the figures).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/status.h"

namespace coeval {

// Movable. Threads: one at a time.
class AppendFile {
 public:
  // Makes `path`, with `head` in it, durably: it is there whole or not at all, and replaces what
  // was there. After an error `path`.tmp may be left, and `path` may be there or not. Room is taken
  // in steps of `room_bytes`; 0 = never. Errors: IoError.
  static Result<AppendFile> Create(std::string path, std::string_view head,
                                   std::int64_t room_bytes);

  AppendFile(AppendFile&& other) noexcept;
  AppendFile& operator=(AppendFile&& other) noexcept;
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;
  ~AppendFile();

  // Writes the parts behind all others; durable when it returns OK. After an error it is not known
  // which of their bytes are there, now or later, and the file takes nothing more: after a failed
  // sync its descriptor can no longer be believed. Errors: IoError (a full disk says so).
  Status Append(std::span<const std::string_view> parts);

  // Writes bytes behind end(), which stays where it is, so that the next Append() writes over them.
  // Not durable before the next Append() or Sync(). Errors: IoError; the file can be used on.
  Status WriteBehind(std::string_view bytes);

  // As Append() of nothing.
  Status Sync();

  [[nodiscard]] std::int64_t end() const { return end_; }

 private:
  AppendFile(std::string path, int fd, std::int64_t end, std::int64_t room_bytes)
      : path_(std::move(path)), fd_(fd), end_(end), room_end_(end), room_bytes_(room_bytes) {}

  Status WriteAll(std::span<const std::string_view> parts);
  void TakeRoom(std::int64_t end);
  Status Fail(int error, std::string_view action);

  std::string path_;
  int fd_ = -1;  // -1 after an error
  std::int64_t end_ = 0;
  std::int64_t room_end_ = 0;  // up to there the file has its size
  std::int64_t room_bytes_ = 0;
};

}  // namespace coeval
