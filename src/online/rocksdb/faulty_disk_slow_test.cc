#include <gtest/gtest.h>

#include "online/rocksdb/faulty_disk_story.h"

namespace coeval {
namespace {

TEST(FaultyDiskSlowTest, ALoadIsWholeOrNotThereAtEveryStepThatCanFail) {
  LoadOnAFailingDisk(1, 1);
}

}  // namespace
}  // namespace coeval
