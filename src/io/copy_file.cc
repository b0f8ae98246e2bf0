#include "io/copy_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "io/input_file.h"
#include "io/system_call.h"
#include "io/system_error.h"

namespace coeval {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;

// A new file. Closed on all ways out; what counts is that it was synced before.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {}

  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  ~NewFile() {
    if (fd_ >= 0) static_cast<void>(::close(fd_));
  }

  Status Make() {
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
    fd_ = Try([&] { return ::open(path_.c_str(), flags, 0600); });
    return fd_ < 0 ? SystemError(errno, "create", path_) : Status();
  }

  Status Write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = Try([&] { return ::write(fd_, bytes.data(), bytes.size()); });
      if (n < 0) return SystemError(errno, "write", path_);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  Status Sync() const {
    if (Try([&] { return ::fsync(fd_); }) != 0) return SystemError(errno, "sync", path_);
    return {};
  }

 private:
  const std::string path_;
  int fd_ = -1;
};

// Gives the first `bytes` of a file (-1: all) to `take`, in pieces.
Result<FileContent> ReadThrough(const InputFile& file, std::int64_t bytes, const GoOn& go_on,
                                const std::function<Status(std::string_view)>& take) {
  const std::int64_t most = bytes < 0 ? std::numeric_limits<std::int64_t>::max() : bytes;
  std::vector<char> buffer(kPiece);
  Sha256 hash;
  FileContent content;
  while (content.bytes < most) {
    if (go_on) COEVAL_RETURN_IF_ERROR(go_on());
    const auto wanted =
        static_cast<std::size_t>(std::min<std::int64_t>(kPiece, most - content.bytes));
    COEVAL_ASSIGN_OR_RETURN(const std::size_t have,
                            file.Read(content.bytes, std::span(buffer.data(), wanted)));
    const std::string_view piece(buffer.data(), have);
    hash.Update(piece);
    if (take) COEVAL_RETURN_IF_ERROR(take(piece));
    content.bytes += static_cast<std::int64_t>(have);
    if (have < wanted) break;
  }
  if (bytes >= 0 && content.bytes < bytes) {
    return Status::IoError("'" + file.path() + "' ends after " + std::to_string(content.bytes) +
                           " bytes, but had " + std::to_string(bytes));
  }
  content.sha256 = hash.HexDigest();
  return content;
}

}  // namespace

Result<FileContent> HashFile(const std::string& path, std::int64_t bytes, const GoOn& go_on) {
  COEVAL_ASSIGN_OR_RETURN(const InputFile file, InputFile::OpenRegular(path));
  return ReadThrough(file, bytes, go_on, {});
}

Result<FileContent> CopyFileDurably(const std::string& from, const std::string& to,
                                    std::int64_t bytes, const GoOn& go_on) {
  COEVAL_ASSIGN_OR_RETURN(const InputFile file, InputFile::OpenRegular(from));
  NewFile copy(to);
  COEVAL_RETURN_IF_ERROR(copy.Make());
  COEVAL_ASSIGN_OR_RETURN(
      FileContent content,
      ReadThrough(file, bytes, go_on, [&](std::string_view piece) { return copy.Write(piece); }));
  COEVAL_RETURN_IF_ERROR(copy.Sync());
  return content;
}

}  // namespace coeval
