// Explanations against the engine: every value of random training sets, as-of joins and windows, is
// explained, and the explained value, status and time are those that the engine found, by bits. The
// two share no code that finds a winner or the events of a window. The seed is printed; COEVAL_SEED
// runs the same again.
#include <cstdint>
#include <iostream>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "offline/explain_testing.h"
#include "offline/testing.h"

namespace coeval {
namespace {

void Show(const char* what, const Met& met) {
  std::cout << what;
  for (const auto& [name, count] : met) std::cout << " " << name << "=" << count;
  std::cout << "\n";
}

TEST(ExplainRandomTest, EveryValueOfAnAsOfJoinIsExplained) {
  constexpr std::uint64_t kCases = 250;
  const std::uint64_t first = TestSeed();
  Met met;
  for (std::uint64_t seed = first; seed < first + kCases; ++seed) {
    std::mt19937_64 random(seed);
    ASSERT_EQ(ExplainAll(RandomFactCase(random), &met), "") << "COEVAL_SEED=" << seed;
  }
  Show("explained as-of values:", met);
  for (const char* name :
       {"wins", "loses", "same", "expired", "future", "known_later", "by event_time",
        "by created_time", "by sequence", "by delete", "by tie_bytes", "PRESENT", "NULL_VALUE",
        "OUTSIDE_MAX_AGE", "NOT_FOUND"}) {
    EXPECT_GT(met[name], 3) << name;
  }
}

TEST(ExplainRandomTest, EveryValueOfAWindowIsExplained) {
  constexpr std::uint64_t kCases = 250;
  const std::uint64_t first = TestSeed();
  Met met;
  for (std::uint64_t seed = first; seed < first + kCases; ++seed) {
    std::mt19937_64 random(seed);
    ASSERT_EQ(ExplainAll(RandomWindowCase(random), &met), "") << "COEVAL_SEED=" << seed;
  }
  Show("explained window values:", met);
  for (const char* name : {"counted", "null_input", "before", "after", "future", "filtered",
                           "beyond_last", "known_later", "too_late", "replaced", "retracted",
                           "retraction", "PRESENT", "NULL_VALUE", "INVALID"}) {
    EXPECT_GT(met[name], 3) << name;
  }
}

}  // namespace
}  // namespace coeval
