#include "io/slot_file.h"

#include <cerrno>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "io/fault.h"
#include "io/files.h"
#include "io/temp_directory.h"

namespace coeval {
namespace {

class SlotFileTest : public testing::Test {
 protected:
  std::string Record() {
    Result<SlotFile> file = SlotFile::Open(path_);
    EXPECT_TRUE(file.ok()) << file.status().ToString();
    return file.ok() ? file->record() : "?";
  }

  Status Write(std::string_view record) { return SlotFile::Open(path_)->Write(record); }

  // Overwrites a byte of a slot.
  void Damage(std::size_t slot) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(slot * 4096 + 17));
    file.put('?');
  }

  TempDirectory folder_ = *TempDirectory::Make();
  std::string path_ = folder_.File("lease");
};

TEST_F(SlotFileTest, TheNewestRecordIsFoundAgain) {
  EXPECT_EQ(Record(), "");
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Write("record " + std::to_string(i)).ok());
    EXPECT_EQ(Record(), "record " + std::to_string(i));
  }
  EXPECT_EQ(*FileSize(path_), 8192);
}

TEST_F(SlotFileTest, ADamagedSlotTakesNothingAway) {
  ASSERT_TRUE(Write("first").ok());
  ASSERT_TRUE(Write("second").ok());
  Damage(1);
  EXPECT_EQ(Record(), "second");
  ASSERT_TRUE(Write("third").ok());
  EXPECT_EQ(Record(), "third");
  Damage(0);
  EXPECT_EQ(Record(), "third");
  Damage(1);
  EXPECT_EQ(SlotFile::Open(path_).status().code(), StatusCode::kCorruption);
}

TEST_F(SlotFileTest, ATornFirstWriteWasNeverMade) {
  SlotFile file = *SlotFile::Open(path_);
  {
    const FaultInjection fault(4, EIO);  // open, write, sync; then the second slot
    ASSERT_TRUE(file.Write("first").ok());
    ASSERT_TRUE(fault.happened());
  }
  EXPECT_EQ(Record(), "first");
  Damage(0);
  EXPECT_EQ(Record(), "");
}

// A retry goes where the failure went, so that the last good record is never at stake.
TEST_F(SlotFileTest, WhateverFailsTheRecordIsTheOldOrTheNew) {
  SlotFile file = *SlotFile::Open(path_);
  ASSERT_TRUE(file.Write("0").ok());
  std::string last = "0";
  for (int n = 1; n <= 5; ++n) {
    for (int round = 0; round < 3; ++round) {
      const std::string next = last + "+";
      bool happened = false;
      Status status;
      {
        const FaultInjection fault(n, ENOSPC);
        status = file.Write(next);
        happened = fault.happened();
      }
      EXPECT_TRUE(status.ok() || happened);
      if (status.ok()) last = next;
      const std::string found = Record();
      EXPECT_TRUE(found == last || found == next) << found;
      EXPECT_EQ(file.record(), last);
    }
    ASSERT_TRUE(file.Write("n").ok());
    last = "n";
    EXPECT_EQ(Record(), "n");
  }
}

TEST_F(SlotFileTest, TooLargeARecordIsRefused) {
  EXPECT_TRUE(Write(std::string(SlotFile::kMaxRecord, 'x')).ok());
  EXPECT_EQ(Write(std::string(SlotFile::kMaxRecord + 1, 'x')).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace coeval
