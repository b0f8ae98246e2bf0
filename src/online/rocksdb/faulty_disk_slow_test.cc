#include <gtest/gtest.h>

#include "online/rocksdb/faulty_disk_story.h"

namespace coeval {
namespace {

TEST(FaultyDiskSlowTest, ALoadIsWholeOrNotThereAtEveryStepThatCanFail) {
  WriteOnAFailingDisk(false, 1, 1);
}

TEST(FaultyDiskSlowTest, WhatWasPushedIsServedWhateverStepOfItsFlushFails) {
  WriteOnAFailingDisk(true, 1, 1);
}

}  // namespace
}  // namespace coeval
