// The same as random_test, a million times each.
#include <cstdio>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "aggregation/random_cases.h"

namespace coeval {
namespace {

constexpr int kCases = 1'000'000;

TEST(RandomSlowTest, StatesAreFunctionsOfTheEvents) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < kCases && !HasFailure(); ++i) CheckState(random);
  if (HasFailure()) return;
  std::printf("proof: aggregates: %d random windows split, merged, shuffled, taken back: equal\n",
              kCases);
}

TEST(RandomSlowTest, ValuesAreThoseOfTheLaw) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::unique_ptr<LawModel> model = LawModel::Start();
  ASSERT_NE(model, nullptr) << "tests/model is not there; run from the source tree";
  int compared = 0;
  while (compared < kCases && !HasFailure()) compared += CheckAgainstModel(random, *model) ? 1 : 0;
  if (HasFailure()) return;
  std::printf("proof: aggregates: %d of %d values equal the executable law, by bits\n", compared,
              kCases);
}

}  // namespace
}  // namespace coeval
