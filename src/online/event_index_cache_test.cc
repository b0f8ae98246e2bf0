#include "online/event_index_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace coeval {
namespace {

// A view that nothing was carried to yet has version 0 of its files.
TEST(EventIndexCacheTest, AKeyIsNewOnceAtAnyVersion) {
  EventIndexCache cache({.bytes = 1 << 20});
  for (const std::uint64_t version : {0U, 1U, 7U}) {
    EXPECT_FALSE(cache.Find("ann", version).asked_before) << version;
    EXPECT_TRUE(cache.Find("ann", version).asked_before) << version;
  }
  EXPECT_FALSE(cache.Find("ann", 3).asked_before) << "an older state";
}

TEST(EventIndexCacheTest, KeysThatAreAskedOnceTakeNoMoreThanThereIs) {
  constexpr std::size_t kBytes = 1 << 16;
  for (const std::uint64_t version : {0U, 5U}) {
    EventIndexCache cache({.bytes = kBytes});
    for (int key = 0; key < 10'000; ++key) {
      static_cast<void>(cache.Find("key " + std::to_string(key), version));
    }
    EXPECT_LE(cache.bytes(), kBytes) << version;
    EXPECT_GT(cache.bytes(), kBytes / 2) << version;
  }
}

}  // namespace
}  // namespace coeval
