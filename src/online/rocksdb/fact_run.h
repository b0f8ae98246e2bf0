// Sorted runs of encoded facts, in memory or on disk, and a merge over them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/env.h>

#include "base/status.h"
#include "online/rocksdb/fact_buffer.h"
#include "online/winner.h"

namespace coeval {

// A place in a run. Threads: one at a time; several cursors over one run may be used at once.
class RunCursor {
 public:
  virtual ~RunCursor() = default;
  [[nodiscard]] virtual bool valid() const = 0;
  // REQUIRES: valid(). What they give stays until the next call but one of Next().
  [[nodiscard]] virtual std::string_view key() const = 0;
  [[nodiscard]] virtual std::string_view value() const = 0;
  virtual Status Next() = 0;
};

// Immutable. Threads: any.
class FactRun {
 public:
  virtual ~FactRun() = default;
  // At the first key that is not less.
  [[nodiscard]] virtual Result<std::unique_ptr<RunCursor>> Seek(std::string_view key) const = 0;
  // Some keys, evenly spread: for cutting the key space into parts of equal size.
  [[nodiscard]] virtual std::vector<std::string> SampleKeys() const = 0;
};

// `buffer` is sorted.
std::shared_ptr<const FactRun> MakeMemoryRun(std::unique_ptr<FactBuffer> buffer);

// A run on disk, removed with its last user. It is scratch: never read by another process.
//   blocks of about 64 KiB, each: length uint32, checksum uint32 (XXH3), then pairs of
//   key length uint32, value length uint32, key, value
class SpillWriter {
 public:
  static Result<std::unique_ptr<SpillWriter>> Create(rocksdb::Env* env, std::string path);
  // REQUIRES: keys ascend, each once.
  Status Add(std::string_view key, std::string_view value);
  Result<std::shared_ptr<const FactRun>> Finish();

 private:
  SpillWriter(rocksdb::Env* env, std::string path, std::unique_ptr<rocksdb::WritableFile> file);
  Status WriteBlock();

  rocksdb::Env* env_;
  std::string path_;
  std::unique_ptr<rocksdb::WritableFile> file_;
  std::string block_;
  std::string first_key_;  // of block_
  std::uint64_t offset_ = 0;
  std::vector<std::pair<std::string, std::uint64_t>> index_;  // first key, offset of each block
};

// One key and its collapsed facts.
using EmitFacts =
    std::function<Status(std::string_view key, std::string_view fact_list, std::int64_t facts)>;

// Visits the keys in [from, to) of all runs, ascending, each once, its facts collapsed by `rule`; a
// key that keeps none is passed over. An empty `to` is the end. Cost: O(pairs x log runs).
Status MergeRuns(const std::vector<std::shared_ptr<const FactRun>>& runs, const KeepRule& rule,
                 std::string_view from, std::string_view to, const EmitFacts& emit);

}  // namespace coeval
