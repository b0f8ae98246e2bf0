#include "io/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace coeval {
namespace {

constexpr int kNice = 10;  // a tenth of the weight of 0 (man sched(7))

}  // namespace

// On Linux a nice value is a thread's, not its process'.
void GiveWay() {
  const auto thread = static_cast<id_t>(gettid());
  if (getpriority(PRIO_PROCESS, thread) < kNice) (void)setpriority(PRIO_PROCESS, thread, kNice);
}

}  // namespace coeval
