#include "io/temp_directory.h"

#include <stdlib.h>

#include <cerrno>
#include <utility>

#include "io/files.h"
#include "io/system_error.h"

namespace coeval {

Result<TempDirectory> TempDirectory::Make(const std::string& prefix) {
  const char* base = ::getenv("TMPDIR");
  std::string path = JoinPath(base == nullptr || *base == '\0' ? "/tmp" : base, prefix + "-XXXXXX");
  if (::mkdtemp(path.data()) == nullptr) return SystemError(errno, "make the folder", path);
  return TempDirectory(std::move(path));
}

TempDirectory::TempDirectory(TempDirectory&& other) noexcept
    : path_(std::exchange(other.path_, {})) {}

TempDirectory& TempDirectory::operator=(TempDirectory&& other) noexcept {
  if (this != &other) {
    Remove();
    path_ = std::exchange(other.path_, {});
  }
  return *this;
}

TempDirectory::~TempDirectory() {
  Remove();
}

void TempDirectory::Remove() {
  if (!path_.empty())
    static_cast<void>(RemoveTree(path_));  // what is left is in the temporary folder
}

}  // namespace coeval
