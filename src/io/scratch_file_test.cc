#include "io/scratch_file.h"

#include <cerrno>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/fault.h"
#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::uint8_t> Bytes(std::size_t n, std::uint8_t from) {
  std::vector<std::uint8_t> bytes(n);
  std::iota(bytes.begin(), bytes.end(), from);
  return bytes;
}

TEST(ScratchFile, GivesBackWhatWasAppended) {
  const TempDirectory folder = TempDirectory::Make().value();
  ScratchFile file = ScratchFile::Make(folder.path()).value();
  const std::int64_t first = file.Append(Bytes(100, 1)).value();
  const std::int64_t second = file.Append(Bytes(50, 9)).value();
  std::vector<std::uint8_t> read(50);
  ASSERT_TRUE(file.Read(second, read).ok());
  EXPECT_EQ(read, Bytes(50, 9));
  ASSERT_TRUE(file.Read(first + 10, read).ok());
  EXPECT_EQ(read, Bytes(50, 11));
  EXPECT_EQ(file.size(), 150);
}

TEST(ScratchFile, HasNoName) {
  const TempDirectory folder = TempDirectory::Make().value();
  ScratchFile file = ScratchFile::Make(folder.File("deep/er")).value();
  ASSERT_TRUE(file.Append(Bytes(10, 0)).ok());
  EXPECT_THAT(ListDirectory(folder.File("deep/er")).value(), IsEmpty());
}

TEST(ScratchFile, TellsAFullDisk) {
  const TempDirectory folder = TempDirectory::Make().value();
  ScratchFile file = ScratchFile::Make(folder.path()).value();
  const FaultInjection fault(1, ENOSPC);
  const auto appended = file.Append(Bytes(10, 0));
  EXPECT_TRUE(fault.happened());
  EXPECT_THAT(appended.status().message(), HasSubstr("disk full"));
}

TEST(ScratchFile, TellsWhereItCannotBeMade) {
  const TempDirectory folder = TempDirectory::Make().value();
  ASSERT_TRUE(WriteFileAtomically(folder.File("file"), "x").ok());
  EXPECT_FALSE(ScratchFile::Make(folder.File("file")).ok());
}

TEST(ScratchFile, TellsWhatWasNeverWritten) {
  ScratchFile file = ScratchFile::Make("").value();
  std::vector<std::uint8_t> read(5);
  EXPECT_EQ(file.Read(0, read).code(), StatusCode::kIoError);
}

}  // namespace
}  // namespace coeval
