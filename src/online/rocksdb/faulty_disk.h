// For tests: a disk that counts what is done to it, and fails, or takes the process with it, at the
// n-th step.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace coeval {

// Threads: internally locked.
class FaultyDisk {
 public:
  enum class Fault : std::uint8_t {
    kNone,
    kFull,  // no space left
    kIo,    // an I/O error
    kKill,  // SIGKILL to this process
  };

  FaultyDisk();

  // Must outlive all that is opened with it.
  [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }

  // From now on the n-th change (write, sync, link, rename, delete; the first is 1) has the fault,
  // and where `sticky` is set, every later one too.
  void FailAt(std::int64_t n, Fault fault, bool sticky);

  // It works again.
  void Heal() { FailAt(0, Fault::kNone, false); }

  // Changes since FailAt.
  [[nodiscard]] std::int64_t steps() const { return steps_.load(); }

  [[nodiscard]] bool happened() const { return happened_.load(); }

  // One change; called by the files.
  rocksdb::IOStatus Step();

 private:
  std::unique_ptr<rocksdb::Env> env_;
  std::atomic<std::int64_t> steps_{0};
  std::atomic<std::int64_t> at_{0};
  std::atomic<Fault> fault_{Fault::kNone};
  std::atomic<bool> sticky_{false};
  std::atomic<bool> happened_{false};
};

}  // namespace coeval
