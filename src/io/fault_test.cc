#include "io/fault.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

std::vector<int> ErrorsOf(int calls) {
  std::vector<int> errors;
  for (int i = 0; i < calls; ++i) errors.push_back(InjectedError());
  return errors;
}

TEST(FaultInjectionTest, FailsOnceOrForGood) {
  EXPECT_EQ(ErrorsOf(2), (std::vector{0, 0}));
  {
    const FaultInjection fault(2, EIO);
    EXPECT_FALSE(fault.happened());
    EXPECT_EQ(ErrorsOf(4), (std::vector{0, EIO, 0, 0}));
    EXPECT_TRUE(fault.happened());
  }
  {
    const FaultInjection fault(2, ENOSPC, FaultInjection::Lasts::kForGood);
    EXPECT_EQ(ErrorsOf(4), (std::vector{0, ENOSPC, ENOSPC, ENOSPC}));
  }
  EXPECT_EQ(ErrorsOf(2), (std::vector{0, 0}));
}

TEST(FaultInjectionTest, KillsTheProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    const FaultInjection fault(3, FaultInjection::kKill);
    ErrorsOf(3);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

}  // namespace
}  // namespace coeval
