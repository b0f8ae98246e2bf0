#include "io/lock_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "io/fault.h"
#include "io/fork_guard.h"
#include "io/process.h"
#include "io/system_error.h"

namespace coeval {

namespace {

// What the holder wrote: " by process 1234", or "" where it is not readable.
std::string Holder(int fd) {
  std::array<char, 32> buffer{};
  const ssize_t size = ::pread(fd, buffer.data(), buffer.size() - 1, 0);
  std::string text;
  for (ssize_t i = 0; i < size; ++i) {
    const char c = buffer[static_cast<std::size_t>(i)];
    if (c < '0' || c > '9') break;
    text += c;
  }
  return text.empty() ? text : " by process " + text;
}

}  // namespace

Result<LockFile> LockFile::Acquire(const std::string& path) {
  if (const int injected = InjectedError(); injected != 0) {
    return SystemError(injected, "open", path);
  }
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return SystemError(errno, "open", path);
  LockFile lock(path, fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError(errno, "lock", path);
    return Status::Unavailable("'" + path + "' is held" + Holder(fd) +
                               "; stop it, or ask it instead");
  }
  const std::string id = std::to_string(ProcessId()) + "\n";
  if (::ftruncate(fd, 0) != 0 ||
      ::pwrite(fd, id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) {
    return SystemError(errno, "write", path);
  }
  CloseInChildren(fd);
  return lock;
}

LockFile::LockFile(LockFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      generation_(other.generation_) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
  if (this != &other) {
    Release();
    path_ = std::move(other.path_);
    fd_ = std::exchange(other.fd_, -1);
    generation_ = other.generation_;
  }
  return *this;
}

LockFile::~LockFile() {
  Release();
}

void LockFile::Release() {
  const int fd = std::exchange(fd_, -1);
  if (fd < 0 || generation_ != ForkGeneration()) return;  // a child's copy is closed already
  ForgetInChildren(fd);
  static_cast<void>(::close(fd));  // closing gives the lock back
}

}  // namespace coeval
