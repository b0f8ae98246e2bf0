// Every function over random windows: what must hold of its states, and the values of the law.
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "aggregation/random_cases.h"

namespace coeval {
namespace {

TEST(RandomTest, StatesAreFunctionsOfTheEvents) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000 && !HasFailure(); ++i) CheckState(random);
}

TEST(RandomTest, ValuesAreThoseOfTheLaw) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::unique_ptr<LawModel> model = LawModel::Start();
  ASSERT_NE(model, nullptr) << "tests/model is not there; run from the source tree";
  int compared = 0;
  while (compared < 20'000 && !HasFailure()) compared += CheckAgainstModel(random, *model) ? 1 : 0;
}

}  // namespace
}  // namespace coeval
