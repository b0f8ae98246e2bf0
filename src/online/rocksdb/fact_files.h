// FactFiles: writes sorted facts of one view as RocksDB's own sorted files, ready to be ingested.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>

#include "base/status.h"
#include "online/rocksdb/keep_context.h"

namespace coeval {

// Files of about 64 MiB, one after the other, whose key ranges do not overlap. Each is synced when
// it is full. Threads: one at a time.
class FactFiles {
 public:
  struct Options {
    rocksdb::Options file;  // of the column family `facts`
    std::string path;       // files are named `path`-<n>.sst
    DataId id = 0;          // goes in front of every key
    // Nothing lies under the id yet: plain values, which read faster than merge operands.
    bool plain_values = false;
  };

  explicit FactFiles(Options options);
  // REQUIRES: keys ascend, each once.
  Status Add(std::string_view key, std::string_view fact_list);
  // Syncs the last file. Add no more after it.
  Status Finish();

  [[nodiscard]] const std::vector<std::string>& paths() const { return paths_; }

  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  Status FinishFile();

  const Options options_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;  // null between files
  std::vector<std::string> paths_;
  std::int64_t bytes_ = 0;
  std::string key_;
};

}  // namespace coeval
