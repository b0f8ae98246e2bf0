#include "io/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "io/fault.h"
#include "io/process.h"
#include "io/system_call.h"
#include "io/system_error.h"

namespace coeval {

namespace {

// Closes on all ways out.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}

  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  ~FileDescriptor() {
    if (fd_ >= 0) static_cast<void>(::close(fd_));  // read or synced: nothing can be lost
  }

  [[nodiscard]] int get() const { return fd_; }

  // Some file systems report a failed write only here.
  int Close() {
    const int fd = fd_;
    fd_ = -1;
    const int injected = InjectedError();
    const int result = ::close(fd);
    if (injected == 0) return result;
    errno = injected;
    return -1;
  }

 private:
  int fd_;
};

Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = Try([&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (written < 0) return SystemError(errno, "write", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status WriteNewFile(const std::string& path, std::string_view bytes, unsigned mode) {
  FileDescriptor file(
      Try([&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode); }));
  if (file.get() < 0) return SystemError(errno, "create", path);
  COEVAL_RETURN_IF_ERROR(WriteAll(file.get(), bytes, path));
  if (Try([&] { return ::fsync(file.get()); }) != 0) return SystemError(errno, "sync", path);
  if (file.Close() != 0) return SystemError(errno, "close", path);
  return {};
}

// A name beside `path` that no other writer uses.
std::string TemporaryName(const std::string& path) {
  static std::atomic<std::uint64_t> next{0};
  const auto slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return folder + "." + name + "." + std::to_string(ProcessId()) + "-" +
         std::to_string(next.fetch_add(1)) + ".tmp";
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::int64_t max_bytes) {
  const FileDescriptor file(Try([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (file.get() < 0) return SystemError(errno, "open", path);
  std::string bytes;
  std::size_t size = 0;
  struct stat info{};
  // The size is a hint only: a file may grow, and those of /proc claim to have none.
  if (Try([&] { return ::fstat(file.get(), &info); }) != 0) return SystemError(errno, "read", path);
  bytes.resize(static_cast<std::size_t>(std::clamp<std::int64_t>(info.st_size, 0, max_bytes)) + 1);
  for (;;) {
    if (size == bytes.size()) bytes.resize(bytes.size() * 2 + 4096);
    const ssize_t count =
        Try([&] { return ::read(file.get(), bytes.data() + size, bytes.size() - size); });
    if (count < 0) return SystemError(errno, "read", path);
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
    if (static_cast<std::int64_t>(size) > max_bytes) {
      return Status::InvalidArgument("'" + path + "' has more than " + std::to_string(max_bytes) +
                                     " bytes");
    }
  }
  bytes.resize(size);
  return bytes;
}

Status WriteFileAtomically(const std::string& path, std::string_view bytes, unsigned mode) {
  const std::string temporary = TemporaryName(path);
  Status status = WriteNewFile(temporary, bytes, mode);
  if (status.ok()) status = RenameFile(temporary, path);
  if (!status.ok()) {
    static_cast<void>(::unlink(temporary.c_str()));  // the first error is the one to report
    return status;
  }
  return SyncDirectory(ParentDirectory(path));
}

Status SyncFile(const std::string& path) {
  const FileDescriptor file(Try([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (file.get() < 0) return SystemError(errno, "open", path);
  if (Try([&] { return ::fsync(file.get()); }) != 0) return SystemError(errno, "sync", path);
  return {};
}

Status SyncDirectory(const std::string& path) {
  const FileDescriptor folder(
      Try([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (folder.get() < 0) return SystemError(errno, "open", path);
  if (Try([&] { return ::fsync(folder.get()); }) != 0) return SystemError(errno, "sync", path);
  return {};
}

Status MakeDirectories(const std::string& path, unsigned mode) {
  if (path.empty() || IsDirectory(path)) return {};
  const std::string parent = ParentDirectory(path);
  if (parent != path) COEVAL_RETURN_IF_ERROR(MakeDirectories(parent, mode));
  // Another process may be making the same folder.
  if (Try([&] { return ::mkdir(path.c_str(), mode); }) != 0 &&
      (errno != EEXIST || !IsDirectory(path))) {
    return SystemError(errno, "make the folder", path);
  }
  return {};
}

Status MakeDirectoriesDurably(const std::string& path, unsigned mode) {
  std::vector<std::string> missing;
  for (std::string folder = path; !IsDirectory(folder); folder = ParentDirectory(folder)) {
    missing.push_back(folder);
    if (ParentDirectory(folder) == folder) break;
  }
  if (missing.empty()) return {};
  COEVAL_RETURN_IF_ERROR(MakeDirectories(path, mode));
  for (const std::string& folder : missing) {
    COEVAL_RETURN_IF_ERROR(SyncDirectory(ParentDirectory(folder)));
  }
  return {};
}

Status MakeNewFile(const std::string& path, unsigned mode) {
  const FileDescriptor file(
      Try([&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode); }));
  if (file.get() < 0) return SystemError(errno, "create", path);
  return {};
}

Status RemoveTree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (const int injected = InjectedError(); injected != 0) {
    return SystemError(injected, "remove", path);
  }
  if (error) return SystemError(error.value(), "remove", path);
  return {};
}

Status RenameFile(const std::string& from, const std::string& to) {
  if (Try([&] { return ::rename(from.c_str(), to.c_str()); }) != 0) {
    return SystemError(errno, "rename '" + from + "' to", to);
  }
  return {};
}

bool FileExists(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0;
}

bool IsDirectory(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool IsRegularFile(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

Result<std::int64_t> FileSize(const std::string& path) {
  struct stat info{};
  if (Try([&] { return ::stat(path.c_str(), &info); }) != 0) {
    return SystemError(errno, "look at", path);
  }
  return std::int64_t{info.st_size};
}

Result<std::vector<std::string>> ListDirectory(const std::string& path) {
  if (const int injected = InjectedError(); injected != 0) {
    return SystemError(injected, "list", path);
  }
  DIR* folder = ::opendir(path.c_str());
  if (folder == nullptr) return SystemError(errno, "list", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error = errno;
  static_cast<void>(::closedir(folder));
  if (error != 0) return SystemError(error, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

std::string ParentDirectory(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return path.empty() ? "." : "/";
  const std::size_t slash = path.rfind('/', end);
  if (slash == std::string::npos) return ".";
  const std::size_t last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

std::string WithoutTrailingSlashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty() || name.starts_with('/')) return std::string(name);
  std::string path(directory);
  if (!path.ends_with('/')) path += '/';
  return path.append(name);
}

}  // namespace coeval
