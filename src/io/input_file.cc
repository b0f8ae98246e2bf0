#include "io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "io/system_call.h"
#include "io/system_error.h"

namespace coeval {

Result<InputFile> InputFile::Open(std::string path) {
  return OpenWith(std::move(path), 0, /*only_regular=*/false);
}

Result<InputFile> InputFile::OpenRegular(std::string path) {
  return OpenWith(std::move(path), O_NONBLOCK | O_NOCTTY, /*only_regular=*/true);
}

Result<InputFile> InputFile::OpenWith(std::string path, int flags, bool only_regular) {
  const int fd = Try([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | flags); });
  if (fd < 0) return SystemError(errno, "open", path);
  InputFile file(std::move(path), fd, 0);
  struct stat info{};
  if (Try([&] { return ::fstat(fd, &info); }) != 0) return SystemError(errno, "read", file.path_);
  if (only_regular && !S_ISREG(info.st_mode)) {
    return Status::IoError("cannot read '" + file.path_ + "': it is no regular file");
  }
  file.size_ = info.st_size;
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}

InputFile::~InputFile() {
  if (fd_ >= 0) static_cast<void>(::close(fd_));
}

Result<std::size_t> InputFile::Read(std::int64_t offset, std::span<char> bytes) const {
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ssize_t n = Try([&] {
      return ::pread(fd_, bytes.data() + have, bytes.size() - have,
                     offset + static_cast<std::int64_t>(have));
    });
    if (n < 0) return SystemError(errno, "read", path_);
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  return have;
}

}  // namespace coeval
