// InputFile: a file open for reading at any place.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/status.h"

namespace coeval {

// Movable. Threads: any, for Read().
class InputFile {
 public:
  // Errors: NotFound; IoError.
  static Result<InputFile> Open(std::string path);
  // The same, and nothing but a regular file, or a link to one: never waits, as the opening of a
  // pipe does, and what is read has an end.
  static Result<InputFile> OpenRegular(std::string path);

  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  // Fills `bytes` from `offset` on, as far as the file goes: how many there were. Errors: IoError.
  Result<std::size_t> Read(std::int64_t offset, std::span<char> bytes) const;

  [[nodiscard]] const std::string& path() const { return path_; }

  // When it was opened.
  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  static Result<InputFile> OpenWith(std::string path, int flags, bool only_regular);

  InputFile(std::string path, int fd, std::int64_t size)
      : path_(std::move(path)), fd_(fd), size_(size) {}

  std::string path_;
  int fd_ = -1;
  std::int64_t size_ = 0;
};

}  // namespace coeval
