#include "lost_syncs.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace coeval {
namespace {

std::atomic<bool> g_lost{false};

}  // namespace

void LoseSyncs() {
  g_lost.store(true);
}

}  // namespace coeval

// The program's own come before those of the C library, for every shared library in it.
extern "C" {

#pragma GCC visibility push(default)

int fsync(int fd) {
  return coeval::g_lost.load() ? 0 : static_cast<int>(::syscall(SYS_fsync, fd));
}

int fdatasync(int fd) {
  return coeval::g_lost.load() ? 0 : static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int msync(void* address, size_t size, int flags) {
  return coeval::g_lost.load() ? 0 : static_cast<int>(::syscall(SYS_msync, address, size, flags));
}

#pragma GCC visibility pop

}  // extern "C"
