#include "base/time_spread.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

TEST(TimeSpreadTest, NoTimesHaveNone) {
  const TimeSpread spread = SpreadOf({});
  EXPECT_EQ(spread.low, kMaxTime);
  EXPECT_EQ(spread.high, kMinTime);
  EXPECT_TRUE(spread.in_order);
}

TEST(TimeSpreadTest, EqualTimesAreInOrder) {
  const std::vector<TimeMicros> times(300, 7);
  EXPECT_TRUE(SpreadOf(times).in_order);
}

// One time too small, at any place of blocks of any length.
TEST(TimeSpreadTest, OneDescentIsSeenWhereverItIs) {
  for (std::size_t n = 2; n < 200; n += n < 70 ? 1 : 13) {
    for (std::size_t at = 1; at < n; ++at) {
      std::vector<TimeMicros> times(n);
      for (std::size_t i = 0; i < n; ++i) times[i] = static_cast<TimeMicros>(i);
      times[at] = static_cast<TimeMicros>(at) - 2;
      EXPECT_FALSE(SpreadOf(times).in_order) << n << " times, descent at " << at;
    }
  }
}

TEST(TimeSpreadTest, IsWhatTheStandardLibrarySays) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 2000; ++round) {
    std::vector<TimeMicros> times(1 + random() % 300);
    const std::uint64_t below = 1 + random() % 1000;
    for (TimeMicros& time : times) {
      time = static_cast<TimeMicros>(random() % below) - 500;
      if (random() % 500 == 0) time = random() % 2 == 0 ? kMinTime : kMaxTime;
    }
    if (random() % 2 == 0) std::sort(times.begin(), times.end());
    if (random() % 4 == 0) std::swap(times[random() % times.size()], times[0]);
    const TimeSpread spread = SpreadOf(times);
    EXPECT_EQ(spread.low, *std::min_element(times.begin(), times.end()));
    EXPECT_EQ(spread.high, *std::max_element(times.begin(), times.end()));
    EXPECT_EQ(spread.in_order, std::is_sorted(times.begin(), times.end()));
  }
}

}  // namespace
}  // namespace coeval
