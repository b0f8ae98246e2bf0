#include "arrow/atomic_file.h"

#include <arrow/io/file.h>
#include <arrow/status.h>
#include <arrow/util/io_util.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;
using ::arrow::internal::IOErrorFromErrno;

namespace {

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string TemporaryFor(const std::string& path) {
  static std::atomic<unsigned> counter{0};
  const std::size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  return FolderOf(path) + "/." + name + "." + std::to_string(::getpid()) + "." +
         std::to_string(counter.fetch_add(1)) + ".writing";
}

Status SyncFolder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return IOErrorFromErrno(errno, "cannot open folder ", folder);
  const int failed = ::fsync(fd) != 0 ? errno : 0;
  ::close(fd);
  return failed == 0 ? Status::OK() : IOErrorFromErrno(failed, "cannot sync folder ", folder);
}

}  // namespace

AtomicFile::AtomicFile(std::string path, std::string temporary,
                       std::shared_ptr<::arrow::io::FileOutputStream> stream)
    : path_(std::move(path)), temporary_(std::move(temporary)), stream_(std::move(stream)) {}

Result<std::unique_ptr<AtomicFile>> AtomicFile::Create(const std::string& path) {
  std::string temporary = TemporaryFor(path);
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0 && errno == ENOENT)
    return IOErrorFromErrno(errno, "there is no folder ", FolderOf(path));
  if (fd < 0) return IOErrorFromErrno(errno, "cannot write into folder ", FolderOf(path));
  auto stream = ::arrow::io::FileOutputStream::Open(fd);
  if (!stream.ok()) {
    ::close(fd);
    ::unlink(temporary.c_str());
    return stream.status();
  }
  return std::unique_ptr<AtomicFile>(
      new AtomicFile(path, std::move(temporary), *std::move(stream)));
}

AtomicFile::~AtomicFile() {
  if (temporary_.empty()) return;
  (void)stream_->Close();  // the bytes are not wanted
  ::unlink(temporary_.c_str());
}

Status AtomicFile::Commit() {
  if (::fsync(stream_->file_descriptor()) != 0) {
    return IOErrorFromErrno(errno, "cannot sync ", temporary_);
  }
  ARROW_RETURN_NOT_OK(stream_->Close());
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    return IOErrorFromErrno(errno, "cannot rename ", temporary_, " to ", path_);
  }
  temporary_.clear();
  return SyncFolder(FolderOf(path_));
}

}  // namespace coeval::plugin
