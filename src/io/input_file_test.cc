#include "io/input_file.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "io/fault.h"
#include "io/files.h"
#include "io/random_bytes.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

TEST(InputFileTest, ReadsAnywhereAndStopsAtTheEnd) {
  const TempDirectory folder = *TempDirectory::Make();
  ASSERT_TRUE(WriteFileAtomically(folder.File("x"), "0123456789").ok());
  const InputFile file = *InputFile::Open(folder.File("x"));
  EXPECT_EQ(file.size(), 10);
  std::string bytes(4, '?');
  EXPECT_EQ(*file.Read(3, bytes), 4U);
  EXPECT_EQ(bytes, "3456");
  EXPECT_EQ(*file.Read(8, bytes), 2U);
  EXPECT_EQ(bytes, "8956");
  EXPECT_EQ(*file.Read(10, bytes), 0U);
  EXPECT_EQ(InputFile::Open(folder.File("y")).status().code(), StatusCode::kNotFound);
  const FaultInjection fault(1, EIO);
  EXPECT_EQ(file.Read(0, bytes).status().code(), StatusCode::kIoError);
}

TEST(RandomBytesTest, AreNeverTheSame) {
  const std::string some = *RandomBytes(16);
  EXPECT_EQ(some.size(), 16U);
  EXPECT_NE(some, *RandomBytes(16));
  const FaultInjection fault(1, EIO);
  EXPECT_EQ(RandomBytes(16).status().code(), StatusCode::kIoError);
}

}  // namespace
}  // namespace coeval
