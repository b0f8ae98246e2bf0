#include "io/copy_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "io/fault.h"
#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using ::testing::HasSubstr;

class CopyFileTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(WriteFileAtomically(from_, text_).ok()); }

  TempDirectory folder_ = *TempDirectory::Make();
  const std::string from_ = folder_.File("from");
  const std::string to_ = folder_.File("to");
  const std::string text_ = std::string(3 << 20, 'a') + "end";
};

TEST_F(CopyFileTest, ACopyIsWholeAndItsHashIsThatOfTheFile) {
  const auto copied = CopyFileDurably(from_, to_);
  ASSERT_TRUE(copied.ok()) << copied.status().ToString();
  EXPECT_EQ(*ReadFile(to_), text_);
  EXPECT_EQ(copied->bytes, std::ssize(text_));
  EXPECT_EQ(copied->sha256, Sha256Hex(text_));
  EXPECT_EQ(*HashFile(to_), *copied);
}

TEST_F(CopyFileTest, ABeginningCanBeTaken) {
  const auto copied = CopyFileDurably(from_, to_, 5);
  ASSERT_TRUE(copied.ok());
  EXPECT_EQ(*ReadFile(to_), "aaaaa");
  EXPECT_EQ(copied->sha256, Sha256Hex("aaaaa"));
  ASSERT_TRUE(CopyFileDurably(from_, folder_.File("none"), 0).ok());
  EXPECT_EQ(*ReadFile(folder_.File("none")), "");
}

TEST_F(CopyFileTest, AFileThatIsTooShortIsNoCopy) {
  const Status status = CopyFileDurably(from_, to_, std::ssize(text_) + 1).status();
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_THAT(status.message(), HasSubstr("ends after"));
}

TEST_F(CopyFileTest, NoMoreIsHashedThanWasAskedFor) {
  EXPECT_EQ(HashFile(from_, 5)->sha256, Sha256Hex("aaaaa"));
  EXPECT_EQ(HashFile(from_, std::ssize(text_) + 1).status().code(), StatusCode::kIoError);
}

// A pipe that nobody writes to would be waited for, and a device be read without end.
TEST_F(CopyFileTest, WhatIsNoRegularFileIsRefused) {
  const std::string pipe_path = folder_.File("pipe");
  ASSERT_EQ(::mkfifo(pipe_path.c_str(), 0600), 0);
  const std::string link_path = folder_.File("link");
  ASSERT_EQ(::symlink("/dev/zero", link_path.c_str()), 0);
  for (const std::string& path : {pipe_path, link_path, folder_.path()}) {
    const Status hashed = HashFile(path).status();
    EXPECT_EQ(hashed.code(), StatusCode::kIoError) << path;
    EXPECT_THAT(hashed.message(), HasSubstr("no regular file"));
    EXPECT_EQ(CopyFileDurably(path, to_).status().code(), StatusCode::kIoError) << path;
    EXPECT_FALSE(FileExists(to_));
  }
}

TEST_F(CopyFileTest, WhatIsThereIsLeftAlone) {
  ASSERT_TRUE(WriteFileAtomically(to_, "mine").ok());
  EXPECT_EQ(CopyFileDurably(from_, to_).status().code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(*ReadFile(to_), "mine");
  EXPECT_EQ(CopyFileDurably(folder_.File("no"), to_).status().code(), StatusCode::kNotFound);
}

TEST_F(CopyFileTest, EveryFailureIsTold) {
  int tried = 0;
  for (int n = 1;; ++n) {
    ASSERT_TRUE(RemoveTree(to_).ok());
    const FaultInjection fault(n, ENOSPC);
    const auto copied = CopyFileDurably(from_, to_);
    if (!fault.happened()) break;
    EXPECT_FALSE(copied.ok()) << n;
    ++tried;
  }
  EXPECT_GT(tried, 8);
}

TEST_F(CopyFileTest, ItCanBeStopped) {
  int asked = 0;
  const GoOn go_on = [&] { return ++asked < 3 ? Status() : Status::Cancelled("enough"); };
  EXPECT_EQ(CopyFileDurably(from_, to_, -1, go_on).status().code(), StatusCode::kCancelled);
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace coeval
