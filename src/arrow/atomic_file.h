// AtomicFile: a file that appears under its name when it is whole and synced, or not at all.
#pragma once

#include <arrow/io/file.h>
#include <arrow/result.h>

#include <memory>
#include <string>

namespace coeval::plugin {

// Writes beside the target, under a name of its own that begins with a dot; dropped without
// Commit(), it leaves nothing behind.
class AtomicFile {
 public:
  static ::arrow::Result<std::unique_ptr<AtomicFile>> Create(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  [[nodiscard]] const std::shared_ptr<::arrow::io::FileOutputStream>& stream() const {
    return stream_;
  }

  // Syncs the bytes, renames, syncs the folder.
  ::arrow::Status Commit();

 private:
  AtomicFile(std::string path, std::string temporary,
             std::shared_ptr<::arrow::io::FileOutputStream> stream);

  std::string path_;
  std::string temporary_;  // "" once renamed
  std::shared_ptr<::arrow::io::FileOutputStream> stream_;
};

}  // namespace coeval::plugin
