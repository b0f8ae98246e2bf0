#include "io/scratch_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "io/files.h"
#include "io/system_call.h"
#include "io/system_error.h"

namespace coeval {
namespace {

std::string FolderOrDefault(const std::string& folder) {
  if (!folder.empty()) return folder;
  const char* base = ::getenv("TMPDIR");
  return base == nullptr || *base == '\0' ? "/tmp" : base;
}

// For file systems that know no nameless files: a name that is taken away at once.
int MakeAndUnlink(const std::string& folder) {
  std::string path = JoinPath(folder, "scratch-XXXXXX");
  const int fd = Try([&] { return ::mkostemp(path.data(), O_CLOEXEC); });
  if (fd >= 0) ::unlink(path.c_str());
  return fd;
}

}  // namespace

Result<ScratchFile> ScratchFile::Make(const std::string& folder) {
  const std::string where = FolderOrDefault(folder);
  COEVAL_RETURN_IF_ERROR(MakeDirectories(where));
  int fd = Try([&] { return ::open(where.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); });
  if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) fd = MakeAndUnlink(where);
  if (fd < 0) return SystemError(errno, "make a temporary file in", where);
  return ScratchFile(fd, where);
}

ScratchFile::ScratchFile(ScratchFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      folder_(std::move(other.folder_)),
      size_(other.size_.load()) {}

ScratchFile& ScratchFile::operator=(ScratchFile&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
    folder_ = std::move(other.folder_);
    size_ = other.size_.load();
  }
  return *this;
}

ScratchFile::~ScratchFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::int64_t> ScratchFile::Append(std::span<const std::uint8_t> bytes) {
  const std::int64_t begin = size_.fetch_add(std::ssize(bytes));
  std::int64_t at = begin;
  while (!bytes.empty()) {
    const ssize_t n = Try([&] { return ::pwrite(fd_, bytes.data(), bytes.size(), at); });
    if (n < 0) return SystemError(errno, "write a temporary file in", folder_);
    at += n;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return begin;
}

Status ScratchFile::Read(std::int64_t offset, std::span<std::uint8_t> bytes) const {
  while (!bytes.empty()) {
    const ssize_t n = Try([&] { return ::pread(fd_, bytes.data(), bytes.size(), offset); });
    if (n < 0) return SystemError(errno, "read a temporary file in", folder_);
    if (n == 0) {
      return Status::IoError("a temporary file in '" + folder_ +
                             "' is shorter than what was "
                             "written to it");
    }
    offset += n;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

}  // namespace coeval
