// The structures that states are made of, against plain ones: ordered multiset, HyperLogLog,
// DDSketch.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "aggregation/dd_sketch.h"
#include "aggregation/hyperloglog.h"
#include "aggregation/ordered_multiset.h"
#include "aggregation/sort_key.h"

namespace coeval {
namespace {

template <class K>
void CheckRanks(const OrderedMultiset<K>& set, const std::map<K, std::int64_t>& plain) {
  std::int64_t below = 0;
  for (const auto& [key, count] : plain) {
    ASSERT_EQ(set.CountBelow(key), below);
    ASSERT_EQ(set.CountOf(key), count);
    ASSERT_EQ(set.At(below), key);
    below += count;
    ASSERT_EQ(set.At(below - 1), key);
  }
  ASSERT_EQ(set.size(), below);
  ASSERT_EQ(set.distinct(), static_cast<std::int64_t>(plain.size()));
  if (!plain.empty()) {
    ASSERT_EQ(set.First(), plain.begin()->first);
    ASSERT_EQ(set.Last(), plain.rbegin()->first);
  }
}

// Grows to thousands of values, shrinks to none, and again.
TEST(OrderedMultisetTest, KeepsOrderAndRanks) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  OrderedMultiset<std::uint64_t> set;
  std::map<std::uint64_t, std::int64_t> plain;
  for (int step = 0; step < 200'000; ++step) {
    const bool grows = (step / 25'000) % 2 == 0;
    if (plain.empty() || (random() % 100 < 85) == grows) {
      const std::uint64_t key = random() % 30'000;
      ASSERT_EQ(set.Add(key), plain[key]);
      ++plain[key];
    } else {
      auto found = plain.lower_bound(random() % 30'000);
      if (found == plain.end()) found = plain.begin();
      ASSERT_EQ(set.Remove(found->first), found->second - 1);
      if (--found->second == 0) plain.erase(found);
    }
    if (step % 20'000 == 0) {
      ASSERT_NO_FATAL_FAILURE(CheckRanks(set, plain));
    }
  }
  ASSERT_NO_FATAL_FAILURE(CheckRanks(set, plain));
}

TEST(OrderedMultisetTest, TakesViewsOfStrings) {
  OrderedMultiset<std::string> set;
  set.Add(std::string_view("b"));
  set.Add(std::string_view("a"), 3);
  EXPECT_EQ(set.Remove(std::string_view("a")), 2);
  EXPECT_EQ(set.CountOf(std::string_view("a")), 2);
  EXPECT_EQ(set.CountBelow(std::string_view("b")), 2);
  EXPECT_EQ(set.First(), "a");
}

TEST(HyperLogLogTest, ErrsByLittle) {
  Registers registers(14);
  std::uint64_t next = 0;
  for (const double n : {1000.0, 10'000.0, 100'000.0, 1'000'000.0}) {
    for (; static_cast<double>(next) < n; ++next) registers.Add(HashKey(next), 14);
    const auto estimate = static_cast<double>(EstimateDistinct(registers.Histogram(), 14));
    EXPECT_NEAR(estimate / n, 1.0, 4 * 1.04 / 128) << n;
  }
}

TEST(HyperLogLogTest, ForgetsWhatIsTakenBack) {
  std::mt19937_64 random(7);
  for (const int p : {4, 9, 14}) {
    CountedRegisters counted(p);
    for (std::uint64_t i = 0; i < 5000; ++i) counted.Add(HashKey(i));
    for (std::uint64_t i = 0; i < 5000; ++i) {
      if (i % 3 != 0) counted.Remove(HashKey(i));
    }
    Registers plain(p);
    for (std::uint64_t i = 0; i < 5000; i += 3) plain.Add(HashKey(i), p);
    EXPECT_EQ(counted.ranks(), plain.ranks());
    EXPECT_EQ(counted.histogram(), plain.Histogram());
  }
}

TEST(DdSketchTest, IsWithinOnePercent) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  DdSketch sketch;
  std::vector<double> values;
  for (int i = 0; i < 20'000; ++i) {
    const double unit = static_cast<double>(random() >> 11) * 0x1p-53;
    values.push_back((i % 3 == 0 ? -1 : 1) * std::exp(unit * 40 - 20));
    sketch.Add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.999, 1.0}) {
    const double exact = values[static_cast<std::size_t>(q * 19'999)];
    EXPECT_NEAR(sketch.Quantile(q) / exact, 1.0, 0.0100001) << q;
  }
}

TEST(DdSketchTest, ExtremesHaveBuckets) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const double x : {5e-324, 1e-310, 1e-30, 1.0, 1e30, 1.7976931348623157e308}) {
    const double back = DdSketch::ValueOf(DdSketch::BucketOf(x));
    EXPECT_LE(std::fabs(back - x), x * 0.0100001 + 5e-324) << x;
    EXPECT_EQ(DdSketch::ValueOf(DdSketch::BucketOf(-x)), -back);
  }
  EXPECT_EQ(DdSketch::ValueOf(DdSketch::BucketOf(kInfinity)), kInfinity);
  EXPECT_EQ(DdSketch::ValueOf(DdSketch::BucketOf(-kInfinity)), -kInfinity);
  EXPECT_EQ(DdSketch::ValueOf(DdSketch::BucketOf(-0.0)), 0.0);
  EXPECT_TRUE(std::isnan(DdSketch::ValueOf(DdSketch::BucketOf(CanonicalNan()))));
}

// More than 4,096 buckets: the least collapse, and come apart again when the greatest goes.
TEST(DdSketchTest, CollapsesTowardsZero) {
  const auto bytes = [](const DdSketch& sketch) {
    std::string out;
    StateWriter writer(&out);
    sketch.Encode(&writer);
    return out;
  };
  DdSketch sketch;
  for (int e = -300; e <= 0; ++e) sketch.Add(std::pow(10.0, e));
  const std::string before = bytes(sketch);
  const double low = sketch.Quantile(0);
  EXPECT_GT(low, 1e-37);  // 4,096 buckets below 1
  sketch.Add(1e300);
  EXPECT_GT(sketch.Quantile(0), 1e260);
  sketch.Remove(1e300);
  EXPECT_EQ(bytes(sketch), before);
  EXPECT_EQ(sketch.Quantile(0), low);
}

}  // namespace
}  // namespace coeval
