// A folder of its own under $TMPDIR or /tmp, removed with all that is in it when dropped.
#pragma once

#include <string>
#include <utility>

#include "base/status.h"

namespace coeval {

// Movable. Threads: one.
class TempDirectory {
 public:
  static Result<TempDirectory> Make(const std::string& prefix = "coeval");

  TempDirectory(TempDirectory&& other) noexcept;
  TempDirectory& operator=(TempDirectory&& other) noexcept;
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;
  ~TempDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }

  // The path of a name inside.
  [[nodiscard]] std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit TempDirectory(std::string path) : path_(std::move(path)) {}

  void Remove();

  std::string path_;
};

}  // namespace coeval
