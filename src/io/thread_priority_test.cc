#include "io/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

namespace coeval {
namespace {

int NiceOfThisThread() {
  return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()));
}

TEST(ThreadPriority, GivingWayIsOfAThreadAndOfThoseThatItStarts) {
  const int before = NiceOfThisThread();
  int of_thread = -1;
  int of_its_own = -1;
  std::thread([&] {
    GiveWay();
    of_thread = NiceOfThisThread();
    std::thread([&] { of_its_own = NiceOfThisThread(); }).join();
  }).join();
  EXPECT_GE(of_thread, 10);
  EXPECT_EQ(of_its_own, of_thread);
  EXPECT_EQ(NiceOfThisThread(), before);
}

TEST(ThreadPriority, WhoGivesWayMoreKeepsItsPlace) {
  const int more = std::max(15, NiceOfThisThread());
  int after = -1;
  std::thread([&] {
    ASSERT_EQ(setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), more), 0);
    GiveWay();
    after = NiceOfThisThread();
  }).join();
  EXPECT_EQ(after, more);
}

}  // namespace
}  // namespace coeval
