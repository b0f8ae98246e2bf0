#include "base/distinct_sample.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace coeval {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<std::string> Numbers(int count) {
  std::vector<std::string> numbers;
  for (int i = 0; i < count; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}

std::vector<std::string> SampleOf(const std::vector<std::string>& all, std::size_t most,
                                  std::uint64_t seed) {
  DistinctSample sample(most, seed);
  for (const std::string& each : all) sample.Add(each);
  return sample.Sorted();
}

TEST(DistinctSampleTest, OrderAndRepetitionsDoNotMatter) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::vector<std::string> all = Numbers(1000);
  const std::vector<std::string> sample = SampleOf(all, 10, seed);
  EXPECT_THAT(sample, SizeIs(10));
  const std::vector<std::string> again(all.begin(), all.begin() + 500);
  all.insert(all.end(), again.begin(), again.end());
  std::shuffle(all.begin(), all.end(), std::mt19937_64(seed));
  EXPECT_EQ(SampleOf(all, 10, seed), sample);
}

TEST(DistinctSampleTest, SamplesOfTwoSetsMakeOneOfBoth) {
  const std::vector<std::string> all = Numbers(1000);
  DistinctSample both(20, 7);
  for (const std::size_t begin : {0U, 500U}) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
    for (const std::string& kept : SampleOf({first, first + 500}, 20, 7)) both.Add(kept);
  }
  EXPECT_EQ(both.Sorted(), SampleOf(all, 20, 7));
}

TEST(DistinctSampleTest, FewAreAllKeptAndNoneCanBe) {
  EXPECT_THAT(SampleOf({"b", "a", "b", ""}, 10, 1), ElementsAre("", "a", "b"));
  EXPECT_THAT(SampleOf(Numbers(10), 0, 1), IsEmpty());
}

// Over many seeds each of 100 strings is kept about equally often.
TEST(DistinctSampleTest, EachIsAsLikelyAsAnyOther) {
  std::map<std::string, int> kept;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    for (const std::string& each : SampleOf(Numbers(100), 10, seed)) ++kept[each];
  }
  ASSERT_THAT(kept, SizeIs(100));
  for (const auto& [each, times] : kept) {
    EXPECT_GT(times, 120) << each;  // 200 are expected, 13 is the standard deviation
    EXPECT_LT(times, 280) << each;
  }
}

}  // namespace
}  // namespace coeval
