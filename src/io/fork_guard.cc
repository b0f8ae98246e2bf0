#include "io/fork_guard.h"

#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>

namespace coeval {
namespace {

constexpr int kNone = -1;

struct Guard {
  Guard() {
    for (std::atomic<int>& fd : fds) fd.store(kNone);
    ::pthread_atfork(nullptr, nullptr, &InChild);
  }

  static void InChild();

  std::atomic<std::uint64_t> generation{0};
  std::array<std::atomic<int>, 64> fds;
};

Guard& TheGuard() {
  static Guard guard;
  return guard;
}

// Only what a signal handler may do.
void Guard::InChild() {
  Guard& guard = TheGuard();
  guard.generation.fetch_add(1);
  for (std::atomic<int>& slot : guard.fds) {
    const int fd = slot.exchange(kNone);
    if (fd != kNone) static_cast<void>(::close(fd));
  }
}

void Replace(int from, int to) {
  for (std::atomic<int>& slot : TheGuard().fds) {
    int expected = from;
    if (slot.compare_exchange_strong(expected, to)) return;
  }
}

}  // namespace

std::uint64_t ForkGeneration() {
  return TheGuard().generation.load(std::memory_order_relaxed);
}

void CloseInChildren(int fd) {
  Replace(kNone, fd);
}

void ForgetInChildren(int fd) {
  Replace(fd, kNone);
}

}  // namespace coeval
