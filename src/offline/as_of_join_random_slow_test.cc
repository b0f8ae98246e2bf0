// The as-of join against rule 3 by brute force: 1,000,000 small random cases. The seed is printed;
// COEVAL_SEED runs the same again.
#include <cstdint>
#include <iostream>

#include <gtest/gtest.h>

#include "offline/arrow_case.h"
#include "offline/testing.h"

namespace coeval {
namespace {

TEST(AsOfJoinRandomSlowTest, AgreesWithTheRuleInItsOwnWords) {
  constexpr std::int64_t kCases = 1'000'000;
  const RandomRun run = RunRandomCases(TestSeed(), kCases);
  ASSERT_EQ(run.failure, "");
  std::cout << "proof: as-of join, " << kCases
            << " random cases equal to brute force: " << run.found << " answers found, "
            << run.expired << " expired, " << run.ties << " decided by tie bytes, "
            << run.second_passes << " second passes\n";
  // The cases do meet what they are for.
  EXPECT_GT(run.found, kCases / 4);
  EXPECT_GT(run.expired, kCases / 50);
  EXPECT_GT(run.ties, kCases / 50);
  EXPECT_GT(run.second_passes, kCases / 200);
}

TEST(AsOfJoinRandomSlowTest, AgreesWithTheRuleThroughArrowInEveryShape) {
  constexpr std::int64_t kCases = 1'000'000;
  const RandomRun run = RunRandomArrowCases(TestSeed(), kCases);
  ASSERT_EQ(run.failure, "");
  std::cout << "proof: as-of join of Arrow streams, " << kCases
            << " random cases, each in two orders, equal to brute force: " << run.found
            << " answers found, " << run.expired << " expired, " << run.ties
            << " decided by tie bytes\n";
  EXPECT_GT(run.found, kCases / 4);
  EXPECT_GT(run.expired, kCases / 50);
  EXPECT_GT(run.ties, kCases / 50);
}

}  // namespace
}  // namespace coeval
