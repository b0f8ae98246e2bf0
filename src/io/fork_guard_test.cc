// What a child of a fork knows of its parent's things.
#include "io/fork_guard.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

#include "io/lock_file.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

// Runs `check` in a child: its exit code.
template <typename Check>
int InChild(Check check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check());
  int result = -1;
  return ::waitpid(child, &result, 0) == child && WIFEXITED(result) ? WEXITSTATUS(result) : -1;
}

TEST(ForkGuardTest, AChildKnowsThatItIsOne) {
  const std::uint64_t mine = ForkGeneration();
  EXPECT_EQ(InChild([mine] { return ForkGeneration() == mine ? 1 : 0; }), 0);
  EXPECT_EQ(ForkGeneration(), mine);
}

TEST(ForkGuardTest, AChildClosesWhatItIsToldTo) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  CloseInChildren(ends[1]);
  const auto is_closed = [&ends] { return ::write(ends[1], "x", 1) == -1 ? 0 : 1; };
  EXPECT_EQ(InChild(is_closed), 0);
  EXPECT_EQ(::write(ends[1], "x", 1), 1);
  ForgetInChildren(ends[1]);
  EXPECT_EQ(InChild(is_closed), 1);
  ::close(ends[0]);
  ::close(ends[1]);
}

// Else a worker that outlives a killed notebook would keep its store from everybody.
TEST(ForkGuardTest, AChildDoesNotHoldItsParentsLock) {
  const TempDirectory folder = *TempDirectory::Make("coeval-fork-test");
  const std::string path = folder.File("LOCK");
  std::array<int, 2> done{};
  std::array<int, 2> there{};
  ASSERT_EQ(::pipe(done.data()), 0);
  ASSERT_EQ(::pipe(there.data()), 0);
  auto lock = LockFile::Acquire(path);
  ASSERT_TRUE(lock.ok());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    char byte = 0;
    ::close(done[1]);
    static_cast<void>(::write(there[1], "x", 1));
    static_cast<void>(::read(done[0], &byte, 1));  // until the parent has looked
    {
      const LockFile dropped = *std::move(lock);
    }
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(there[0], &byte, 1), 1);
  EXPECT_FALSE(LockFile::Acquire(path).ok());
  {
    const LockFile dropped = *std::move(lock);
  }
  EXPECT_TRUE(LockFile::Acquire(path).ok());
  ::close(done[1]);
  int result = -1;
  EXPECT_EQ(::waitpid(child, &result, 0), child);
  EXPECT_EQ(result, 0);
  for (const int fd : {done[0], there[0], there[1]}) ::close(fd);
}

}  // namespace
}  // namespace coeval
