// The embedded store after a power cut that leaves of what was not synced whatever it likes: it
// opens by itself, and all that was acknowledged is there; lossy_disk_slow_test.cc cuts more often.
#include "online/rocksdb/lossy_disk.h"

#include <cstdint>
#include <random>

#include <gtest/gtest.h>

#include "online/rocksdb/lossy_disk_story.h"

namespace coeval {
namespace {

TEST(LossyDiskTest, WhatWasLoadedIsThereAfterACut) {
  const std::uint64_t seed = std::random_device{}();
  EXPECT_EQ(LossesOfPowerCuts(seed, 60, false, true), 0) << "seed " << seed;
}

TEST(LossyDiskTest, WhatFilesSayThatTheyHoldOfTheLogTheyHoldAfterACut) {
  const std::uint64_t seed = std::random_device{}();
  EXPECT_EQ(LossesOfPowerCuts(seed, 60, true, true), 0) << "seed " << seed;
}

// The proof is worth something: it sees what a disk loses that syncs nothing.
TEST(LossyDiskTest, WithoutSyncsMuchIsLost) {
  const std::uint64_t seed = std::random_device{}();
  EXPECT_GT(LossesOfPowerCuts(seed, 40, false, false), 15) << "seed " << seed;
}

}  // namespace
}  // namespace coeval
