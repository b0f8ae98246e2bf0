#include "io/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/fault.h"
#include "io/system_error.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FilesTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name) const { return folder_.File(name); }

  TempDirectory folder_ = *TempDirectory::Make("coeval-files-test");
};

TEST_F(FilesTest, WritesAndReadsBack) {
  const std::string bytes("a\0b\n", 4);
  ASSERT_TRUE(WriteFileAtomically(File("x"), bytes).ok());
  EXPECT_EQ(*ReadFile(File("x")), bytes);
  EXPECT_EQ(*FileSize(File("x")), 4);
  ASSERT_TRUE(WriteFileAtomically(File("x"), "").ok());
  EXPECT_EQ(*ReadFile(File("x")), "");
  const std::string large(3'000'000, 'z');
  ASSERT_TRUE(WriteFileAtomically(File("x"), large).ok());
  EXPECT_EQ(*ReadFile(File("x")), large);
  EXPECT_THAT(*ListDirectory(folder_.path()), ElementsAre("x"));
}

TEST_F(FilesTest, ReadsFilesThatClaimToBeEmpty) {
  EXPECT_THAT(*ReadFile("/proc/self/status"), HasSubstr("Pid:"));
}

TEST_F(FilesTest, RefusesFilesThatAreTooLarge) {
  ASSERT_TRUE(WriteFileAtomically(File("x"), "12345").ok());
  EXPECT_EQ(*ReadFile(File("x"), 5), "12345");
  EXPECT_EQ(ReadFile(File("x"), 4).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(FilesTest, ErrorsNameThePath) {
  EXPECT_EQ(ReadFile(File("none")).status().code(), StatusCode::kNotFound);
  EXPECT_THAT(ReadFile(File("none")).status().message(), HasSubstr(File("none")));
  EXPECT_EQ(ReadFile(folder_.path()).status().code(), StatusCode::kIoError);
  EXPECT_EQ(WriteFileAtomically(File("none/x"), "").code(), StatusCode::kNotFound);
  EXPECT_EQ(FileSize(File("none")).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ListDirectory(File("none")).status().code(), StatusCode::kNotFound);
  EXPECT_THAT(SystemError(ENOSPC, "write", "/data/x").ToString(),
              HasSubstr("cannot write '/data/x': disk full"));
}

TEST_F(FilesTest, AFullDiskIsSaid) {
  EXPECT_THAT(SystemError(EDQUOT, "write", "x").message(), HasSubstr("disk full"));
  FaultInjection fault(2, ENOSPC);
  EXPECT_THAT(WriteFileAtomically(File("x"), "new").message(), HasSubstr("disk full"));
}

// Whichever call fails, the file holds all of the old or all of the new, and nothing lies beside
// it.
TEST_F(FilesTest, AFailedWriteLeavesTheOldFileWhole) {
  int failures = 0;
  for (int n = 1; n < 100; ++n) {
    ASSERT_TRUE(WriteFileAtomically(File("x"), "old").ok());
    FaultInjection fault(n, EIO);
    const Status status = WriteFileAtomically(File("x"), "new");
    if (!fault.happened()) {
      EXPECT_TRUE(status.ok());
      break;
    }
    ++failures;
    EXPECT_EQ(status.code(), StatusCode::kIoError) << n;
    EXPECT_THAT(*ListDirectory(folder_.path()), ElementsAre("x")) << n;
    EXPECT_THAT(*ReadFile(File("x")), ::testing::AnyOf("old", "new")) << n;
  }
  EXPECT_EQ(failures, 7);  // create, write, sync, close, rename, open and sync of the folder
}

TEST_F(FilesTest, AFailedReadIsAnError) {
  ASSERT_TRUE(WriteFileAtomically(File("x"), "text").ok());
  for (int n = 1; n <= 4; ++n) {
    FaultInjection fault(n, EIO);
    EXPECT_EQ(ReadFile(File("x")).status().code(), StatusCode::kIoError) << n;
    EXPECT_TRUE(fault.happened());
  }
}

TEST_F(FilesTest, NewFilesGetTheModeAskedFor) {
  ASSERT_TRUE(WriteFileAtomically(File("secret"), "x", 0600).ok());
  struct stat info{};
  ASSERT_EQ(::stat(File("secret").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST_F(FilesTest, NewFoldersGetTheModeAskedFor) {
  ASSERT_TRUE(MakeDirectories(File("private/inside"), 0700).ok());
  for (const char* made : {"private", "private/inside"}) {
    struct stat info{};
    ASSERT_EQ(::stat(File(made).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U) << made;
  }
}

// What was there is passed, and neither listed nor synced: /home is often so.
TEST_F(FilesTest, FoldersAreMadeDurablyBelowOneThatCannotBeListed) {
  ASSERT_TRUE(MakeDirectories(File("home/me")).ok());
  ASSERT_EQ(::chmod(File("home").c_str(), 0311), 0);
  const Status made = MakeDirectoriesDurably(File("home/me/a/b"), 0700);
  ASSERT_EQ(::chmod(File("home").c_str(), 0700), 0);
  EXPECT_TRUE(made.ok()) << made.ToString();
  for (const char* folder : {"home/me/a", "home/me/a/b"}) {
    struct stat info{};
    ASSERT_EQ(::stat(File(folder).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U) << folder;
  }
}

TEST_F(FilesTest, ANewFileIsMadeOnce) {
  ASSERT_TRUE(MakeNewFile(File("claim")).ok());
  EXPECT_EQ(*ReadFile(File("claim")), "");
  EXPECT_EQ(MakeNewFile(File("claim")).code(), StatusCode::kAlreadyExists);
  EXPECT_EQ(MakeNewFile(File("none/claim")).code(), StatusCode::kNotFound);
}

TEST_F(FilesTest, PipesDevicesAndFoldersAreNoRegularFiles) {
  ASSERT_TRUE(WriteFileAtomically(File("x"), "x").ok());
  ASSERT_EQ(::symlink(File("x").c_str(), File("link").c_str()), 0);
  ASSERT_EQ(::mkfifo(File("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(IsRegularFile(File("x")));
  EXPECT_TRUE(IsRegularFile(File("link")));
  for (const std::string& path : {File("pipe"), File("none"), folder_.path()}) {
    EXPECT_FALSE(IsRegularFile(path)) << path;
  }
  EXPECT_FALSE(IsRegularFile("/dev/zero"));
}

TEST_F(FilesTest, MakesAndRemovesTrees) {
  ASSERT_TRUE(MakeDirectories(File("a/b/c/")).ok());
  ASSERT_TRUE(MakeDirectories(File("a/b/c")).ok());
  EXPECT_TRUE(IsDirectory(File("a/b/c")));
  ASSERT_TRUE(WriteFileAtomically(File("a/b/x"), "x").ok());
  EXPECT_FALSE(MakeDirectories(File("a/b/x")).ok());
  EXPECT_FALSE(MakeDirectories(File("a/b/x/y")).ok());
  EXPECT_TRUE(FileExists(File("a/b/x")));
  EXPECT_FALSE(IsDirectory(File("a/b/x")));
  EXPECT_THAT(*ListDirectory(File("a/b")), ElementsAre("c", "x"));
  ASSERT_TRUE(RemoveTree(File("a")).ok());
  ASSERT_TRUE(RemoveTree(File("a")).ok());
  EXPECT_FALSE(FileExists(File("a")));
}

TEST_F(FilesTest, RemovingATreeFollowsNoLinks) {
  ASSERT_TRUE(MakeDirectories(File("kept")).ok());
  ASSERT_TRUE(MakeDirectories(File("gone")).ok());
  ASSERT_EQ(::symlink(File("kept").c_str(), File("gone/link").c_str()), 0);
  ASSERT_TRUE(RemoveTree(File("gone")).ok());
  EXPECT_TRUE(IsDirectory(File("kept")));
}

TEST_F(FilesTest, RenamesOverWhatWasThere) {
  ASSERT_TRUE(WriteFileAtomically(File("a"), "1").ok());
  ASSERT_TRUE(WriteFileAtomically(File("b"), "2").ok());
  ASSERT_TRUE(RenameFile(File("a"), File("b")).ok());
  EXPECT_EQ(*ReadFile(File("b")), "1");
  EXPECT_EQ(RenameFile(File("a"), File("b")).code(), StatusCode::kNotFound);
}

TEST_F(FilesTest, ATemporaryFolderGoesWithItsOwner) {
  std::string path;
  {
    TempDirectory first = *TempDirectory::Make();
    path = first.path();
    const TempDirectory second = std::move(first);
    ASSERT_TRUE(WriteFileAtomically(second.File("x"), "x").ok());
    EXPECT_TRUE(FileExists(path + "/x"));
  }
  EXPECT_FALSE(FileExists(path));
}

TEST(PathTest, ParentAndJoin) {
  EXPECT_EQ(ParentDirectory("a/b/c"), "a/b");
  EXPECT_EQ(ParentDirectory("a/b//"), "a");
  EXPECT_EQ(ParentDirectory("c"), ".");
  EXPECT_EQ(ParentDirectory("/c"), "/");
  EXPECT_EQ(ParentDirectory("/"), "/");
  EXPECT_EQ(ParentDirectory(""), ".");
  EXPECT_EQ(WithoutTrailingSlashes("/a/b//"), "/a/b");
  EXPECT_EQ(WithoutTrailingSlashes("//"), "/");
  EXPECT_EQ(WithoutTrailingSlashes(""), "");
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(JoinPath("a", "/b"), "/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
}

}  // namespace
}  // namespace coeval
