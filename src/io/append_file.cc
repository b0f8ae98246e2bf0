#include "io/append_file.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "io/files.h"
#include "io/system_call.h"
#include "io/system_error.h"

namespace coeval {
namespace {

constexpr std::size_t kZeroBytes = 64 << 10;
constexpr std::array<char, kZeroBytes> kZeros{};

::iovec ToVector(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};  // only read
}

// Writes all of them at `offset`; the error, or 0. What is left after a short write is written by
// another call, which says what the matter was.
int WriteVectors(int fd, std::span<::iovec> vectors, std::int64_t offset) {
  while (!vectors.empty()) {
    const int count = static_cast<int>(std::min<std::size_t>(vectors.size(), IOV_MAX));
    const ssize_t n = Try([&] { return ::pwritev(fd, vectors.data(), count, offset); });
    if (n < 0) return errno;
    offset += n;
    auto written = static_cast<std::size_t>(n);
    while (!vectors.empty() && written >= vectors.front().iov_len) {
      written -= vectors.front().iov_len;
      vectors = vectors.subspan(1);
    }
    if (vectors.empty()) break;
    vectors.front().iov_base = static_cast<char*>(vectors.front().iov_base) + written;
    vectors.front().iov_len -= written;
  }
  return 0;
}

}  // namespace

Result<AppendFile> AppendFile::Create(std::string path, std::string_view head,
                                      std::int64_t room_bytes) {
  const std::string temporary = path + ".tmp";
  const int fd = Try(
      [&] { return ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644); });
  if (fd < 0) return SystemError(errno, "create", temporary);
  AppendFile file(std::move(path), fd, 0, room_bytes);
  const std::array<std::string_view, 1> parts = {head};
  // With its size: a rename that is there makes the head be there.
  COEVAL_RETURN_IF_ERROR(file.WriteAll(parts));
  if (Try([&] { return ::fsync(fd); }) != 0) return file.Fail(errno, "sync");
  COEVAL_RETURN_IF_ERROR(RenameFile(temporary, file.path_));
  COEVAL_RETURN_IF_ERROR(SyncDirectory(ParentDirectory(file.path_)));
  return file;
}

AppendFile::AppendFile(AppendFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      end_(other.end_),
      room_end_(other.room_end_),
      room_bytes_(other.room_bytes_) {}

AppendFile& AppendFile::operator=(AppendFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(end_, other.end_);
  std::swap(room_end_, other.room_end_);
  std::swap(room_bytes_, other.room_bytes_);
  return *this;
}

AppendFile::~AppendFile() {
  if (fd_ >= 0) static_cast<void>(::close(fd_));  // what matters was synced
}

Status AppendFile::Fail(int error, std::string_view action) {
  static_cast<void>(::close(std::exchange(fd_, -1)));
  return SystemError(error, action, path_);
}

Status AppendFile::WriteAll(std::span<const std::string_view> parts) {
  if (fd_ < 0) return Status::IoError("'" + path_ + "' takes nothing more after an error");
  std::vector<::iovec> vectors;
  vectors.reserve(parts.size());
  std::int64_t size = 0;
  for (const std::string_view part : parts) {
    if (!part.empty()) vectors.push_back(ToVector(part));
    size += std::ssize(part);
  }
  if (const int error = WriteVectors(fd_, vectors, end_); error != 0) return Fail(error, "write");
  end_ += size;
  return {};
}

// Behind `end_`, up to the next step. A disk that has no room for zeros may still have some for
// what matters, which is written already: errors are no errors here.
void AppendFile::TakeRoom(std::int64_t end) {
  std::vector<::iovec> zeros;
  for (std::int64_t left = end - end_; left > 0; left -= std::ssize(kZeros)) {
    const auto count = static_cast<std::size_t>(std::min<std::int64_t>(left, std::ssize(kZeros)));
    zeros.push_back(ToVector({kZeros.data(), count}));
  }
  static_cast<void>(WriteVectors(fd_, zeros, end_));
  room_end_ = end;
}

Status AppendFile::Append(std::span<const std::string_view> parts) {
  COEVAL_RETURN_IF_ERROR(WriteAll(parts));
  if (room_bytes_ > 0 && end_ > room_end_) {
    TakeRoom((end_ + room_bytes_ - 1) / room_bytes_ * room_bytes_);
  }
  return Sync();
}

Status AppendFile::Sync() {
  if (fd_ < 0) return Status::IoError("'" + path_ + "' takes nothing more after an error");
  if (Try([&] { return ::fdatasync(fd_); }) != 0) return Fail(errno, "sync");
  return {};
}

Status AppendFile::WriteBehind(std::string_view bytes) {
  if (fd_ < 0) return Status::IoError("'" + path_ + "' takes nothing more after an error");
  ::iovec vector = ToVector(bytes);
  const int error = WriteVectors(fd_, {&vector, 1}, end_);
  return error == 0 ? Status() : SystemError(error, "write", path_);
}

}  // namespace coeval
