#include "io/append_file.h"

#include <signal.h>
#include <sys/resource.h>

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/fault.h"
#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

Status Append(AppendFile* file, std::vector<std::string_view> parts) {
  return file->Append(parts);
}

class AppendFileTest : public testing::Test {
 protected:
  [[nodiscard]] std::string Bytes(std::size_t count) const {
    return ReadFile(path_)->substr(0, count);
  }

  TempDirectory folder_ = *TempDirectory::Make();
  std::string path_ = folder_.File("x");
};

TEST_F(AppendFileTest, PartsFollowOneAnother) {
  AppendFile file = *AppendFile::Create(path_, "head", 0);
  EXPECT_EQ(*ReadFile(path_), "head");
  ASSERT_TRUE(Append(&file, {"a", "", "bc"}).ok());
  EXPECT_EQ(file.end(), 7);
  ASSERT_TRUE(file.WriteBehind("behind").ok());
  EXPECT_EQ(*ReadFile(path_), "headabcbehind");
  ASSERT_TRUE(Append(&file, {"def"}).ok());
  EXPECT_EQ(*ReadFile(path_), "headabcdefind");
  EXPECT_FALSE(FileExists(path_ + ".tmp"));
}

TEST_F(AppendFileTest, RoomIsTakenInStepsAndIsZero) {
  AppendFile file = *AppendFile::Create(path_, "head", 4096);
  ASSERT_TRUE(Append(&file, {"a"}).ok());
  EXPECT_EQ(*ReadFile(path_), "heada" + std::string(4091, '\0'));
  ASSERT_TRUE(Append(&file, {std::string(4091, 'b')}).ok());
  EXPECT_EQ(*FileSize(path_), 4096);
  const std::string large(100'000, 'c');
  ASSERT_TRUE(Append(&file, {large}).ok());
  EXPECT_EQ(*FileSize(path_), 106'496);
  EXPECT_EQ(Bytes(104'096).substr(4096), large);
  AppendFile wide = *AppendFile::Create(path_, "", 1 << 20);
  ASSERT_TRUE(Append(&wide, {"x"}).ok());
  EXPECT_EQ(*ReadFile(path_), "x" + std::string((1 << 20) - 1, '\0'));
}

// More parts than one system call takes.
TEST_F(AppendFileTest, ThousandsOfPartsAreWritten) {
  AppendFile file = *AppendFile::Create(path_, "", 0);
  std::vector<std::string> parts;
  std::string all;
  for (int i = 0; i < 5000; ++i) all += parts.emplace_back(std::to_string(i));
  ASSERT_TRUE(file.Append(std::vector<std::string_view>(parts.begin(), parts.end())).ok());
  EXPECT_EQ(*ReadFile(path_), all);
}

TEST_F(AppendFileTest, AfterAnErrorItTakesNothingMore) {
  for (int n = 1; n <= 2; ++n) {
    AppendFile file = *AppendFile::Create(path_, "", 0);
    {
      const FaultInjection fault(n, EIO);
      EXPECT_EQ(Append(&file, {"a"}).code(), StatusCode::kIoError);
    }
    EXPECT_EQ(Append(&file, {"b"}).code(), StatusCode::kIoError);
    EXPECT_EQ(file.Sync().code(), StatusCode::kIoError);
    EXPECT_EQ(file.WriteBehind("c").code(), StatusCode::kIoError);
  }
}

TEST_F(AppendFileTest, WithoutRoomForZerosItStillTakesBytes) {
  AppendFile file = *AppendFile::Create(path_, "", 4096);
  const FaultInjection fault(2, ENOSPC);
  EXPECT_TRUE(Append(&file, {"a"}).ok());
  EXPECT_TRUE(fault.happened());
  EXPECT_EQ(*ReadFile(path_), "a");
}

// The system itself cuts the write short: a limit on the size of files.
TEST_F(AppendFileTest, AShortWriteIsAnError) {
  AppendFile file = *AppendFile::Create(path_, "", 1 << 20);
  ::rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ::rlimit limit = before;
  limit.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  EXPECT_TRUE(Append(&file, {std::string(60, 'a')}).ok());
  const Status status = Append(&file, {std::string(60, 'b')});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(status.code(), StatusCode::kIoError);
  EXPECT_EQ(*ReadFile(path_), std::string(60, 'a') + std::string(40, 'b'));
}

TEST_F(AppendFileTest, WhateverFailsTheFileIsMadeWholeOrNotAtAll) {
  for (int n = 1;; ++n) {
    ASSERT_TRUE(RemoveTree(path_).ok());
    const FaultInjection fault(n, EIO);
    const bool made = AppendFile::Create(path_, "head", 0).ok();
    if (!fault.happened()) {
      EXPECT_TRUE(made);
      EXPECT_EQ(n, 7);
      break;
    }
    EXPECT_FALSE(made);
    if (FileExists(path_)) {
      EXPECT_EQ(Bytes(100), "head");
    }
  }
}

}  // namespace
}  // namespace coeval
