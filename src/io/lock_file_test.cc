#include "io/lock_file.h"

#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "io/process.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

TEST(LockFileTest, OneHolderAtATime) {
  const TempDirectory folder = *TempDirectory::Make("coeval-lock-test");
  const std::string path = folder.File("LOCK");
  {
    auto first = LockFile::Acquire(path);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(*ReadFile(path), std::to_string(ProcessId()) + "\n");
    const auto second = LockFile::Acquire(path);
    EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
    EXPECT_THAT(second.status().message(), HasSubstr("process " + std::to_string(ProcessId())));
    const LockFile moved = *std::move(first);
    EXPECT_EQ(moved.path(), path);
    EXPECT_FALSE(LockFile::Acquire(path).ok());
  }
  EXPECT_TRUE(LockFile::Acquire(path).ok());
}

// A crash leaves no lock behind.
TEST(LockFileTest, TheEndOfAProcessGivesItsLocksBack) {
  const TempDirectory folder = *TempDirectory::Make("coeval-lock-test");
  const std::string path = folder.File("LOCK");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto lock = LockFile::Acquire(path);
    ::_exit(lock.ok() ? 0 : 1);
  }
  int result = 0;
  ASSERT_EQ(::waitpid(child, &result, 0), child);
  EXPECT_EQ(result, 0);
  EXPECT_TRUE(LockFile::Acquire(path).ok());
}

TEST(LockFileTest, ErrorsNameThePath) {
  const auto lock = LockFile::Acquire("/nowhere/LOCK");
  EXPECT_EQ(lock.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(lock.status().message(), HasSubstr("/nowhere/LOCK"));
}

}  // namespace
}  // namespace coeval
