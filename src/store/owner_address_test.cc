#include "store/owner_address.h"

#include <string>

#include <gtest/gtest.h>

#include "io/files.h"
#include "io/process.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

TEST(OwnerAddressTest, IsKnownWhileItsWriterOwnsTheStore) {
  const auto folder = TempDirectory::Make();
  ASSERT_TRUE(folder.ok());
  EXPECT_EQ(OwnerAddress(folder->path()), "");
  const std::string id = std::to_string(ProcessId());
  ASSERT_TRUE(WriteFileAtomically(folder->File("OWNER"), id + "\n").ok());
  EXPECT_EQ(OwnerAddress(folder->path()), "");
  ASSERT_TRUE(WriteOwnerAddress(folder->path(), "http://127.0.0.1:6566").ok());
  EXPECT_EQ(OwnerAddress(folder->path()), "http://127.0.0.1:6566");
  // Another process has it now, which tells no address, and whose id begins with the same digits.
  ASSERT_TRUE(WriteFileAtomically(folder->File("OWNER"), id + "0\n").ok());
  EXPECT_EQ(OwnerAddress(folder->path()), "");
}

TEST(OwnerAddressTest, WhatIsNoAddressIsNone) {
  const auto folder = TempDirectory::Make();
  ASSERT_TRUE(folder.ok());
  ASSERT_TRUE(WriteFileAtomically(folder->File("OWNER"), "7\n").ok());
  for (const char* text : {"", "7", "\n", "http://127.0.0.1:6566\n"}) {
    ASSERT_TRUE(WriteFileAtomically(folder->File("ADDRESS"), text).ok());
    EXPECT_EQ(OwnerAddress(folder->path()), "") << text;
  }
}

}  // namespace
}  // namespace coeval
