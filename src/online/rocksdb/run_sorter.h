// RunSorter: sorts full buffers while the next one fills, on a thread of its own; what does not fit
// into memory goes to disk, merged first, so that runs stay few.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <rocksdb/env.h>

#include "base/status.h"
#include "online/rocksdb/fact_buffer.h"
#include "online/rocksdb/fact_run.h"
#include "online/winner.h"

namespace coeval {

// Threads: one at a time.
class RunSorter {
 public:
  struct Options {
    rocksdb::Env* env = nullptr;
    std::string scratch;           // files are named `scratch`-<n>.spill
    KeepRule rule;                 // facts are collapsed by it on their way to disk
    std::size_t memory_bytes = 0;  // of sorted runs; two buffers come on top
  };

  explicit RunSorter(Options options);
  ~RunSorter();
  RunSorter(const RunSorter&) = delete;
  RunSorter& operator=(const RunSorter&) = delete;

  // Waits while two buffers are on their way. Errors: of earlier buffers (IoError).
  Status Push(std::unique_ptr<FactBuffer> buffer);
  // Everything that was pushed. Push no more after it.
  Result<std::vector<std::shared_ptr<const FactRun>>> Finish();

 private:
  void WorkUntilClosed();
  Status Spill();

  const Options options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<FactBuffer>> waiting_;
  bool closed_ = false;
  Status status_;

  // The worker's own.
  std::vector<std::shared_ptr<const FactRun>> in_memory_;
  std::size_t in_memory_bytes_ = 0;
  std::vector<std::shared_ptr<const FactRun>> on_disk_;
  std::thread worker_;
};

}  // namespace coeval
