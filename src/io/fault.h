// Faults on request: lets a test fail the 1st, 2nd, ... n-th system call of io/, to see that every
// error path leaves the files whole.
//
//   for (int n = 1;; ++n) {
//     FaultInjection fault(n, ENOSPC);
//     const Status status = WriteFileAtomically(path, "new");
//     if (!fault.happened()) break;      // fewer calls than n: all were tried
//     EXPECT_FALSE(status.ok());
//   }
#pragma once

#include <cstdint>

namespace coeval {

// While it lives, the n-th call of io/ from its start on, in any thread, fails with `error`. One at
// a time in a process.
class FaultInjection {
 public:
  // In place of an error: SIGKILL for the whole process, for tests that fork.
  static constexpr int kKill = -1;

  enum class Lasts { kOnce, kForGood };  // kForGood: all later calls fail too

  FaultInjection(std::int64_t nth, int error, Lasts lasts = Lasts::kOnce);
  ~FaultInjection();
  FaultInjection(const FaultInjection&) = delete;
  FaultInjection& operator=(const FaultInjection&) = delete;
  [[nodiscard]] bool happened() const;
};

// Asked by io/ before each system call: the error that it must report instead, or 0.
int InjectedError();

}  // namespace coeval
