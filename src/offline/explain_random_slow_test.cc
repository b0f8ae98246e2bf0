// Explanations against the engine, as explain_random_test.cc, over many more cases. The seed is
// printed; COEVAL_SEED runs the same again.
#include <cstdint>
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "offline/explain_testing.h"
#include "offline/testing.h"

namespace coeval {
namespace {

TEST(ExplainRandomSlowTest, EveryValueIsExplained) {
  constexpr std::uint64_t kCases = 20'000;
  const std::uint64_t first = TestSeed();
  Met met;
  for (std::uint64_t seed = first; seed < first + kCases; ++seed) {
    std::mt19937_64 random(seed);
    ASSERT_EQ(ExplainAll(RandomFactCase(random), &met), "") << "COEVAL_SEED=" << seed;
    ASSERT_EQ(ExplainAll(RandomWindowCase(random), &met), "") << "COEVAL_SEED=" << seed;
  }
  std::cout << "proof: explanations of " << met["PRESENT"]
            << " values that are there, all equal to the engine's\n";
  EXPECT_GT(met["PRESENT"], 100'000);
}

}  // namespace
}  // namespace coeval
