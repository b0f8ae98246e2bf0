#include "io/copy_file.h"

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
