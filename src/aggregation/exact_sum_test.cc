// Sums that no order can change, at the ends of what doubles can hold.
#include "aggregation/exact_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "aggregation/exact_number.h"
#include "aggregation/state_bytes.h"

namespace coeval {
namespace {

constexpr double kTiny = std::numeric_limits<double>::denorm_min();
constexpr double kHuge = std::numeric_limits<double>::max();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double SumOf(const std::vector<double>& values) {
  ExactSum sum;
  for (const double value : values) sum.Add(value);
  return Exact(sum).ToDouble();
}

std::string BytesOf(const ExactSum& sum) {
  std::string bytes;
  StateWriter writer(&bytes);
  sum.Encode(&writer);
  return bytes;
}

TEST(ExactSumTest, LosesNothing) {
  EXPECT_EQ(SumOf({1e16, 1.0, -1e16}), 1.0);
  EXPECT_EQ(SumOf({1e308, 1e308, -1e308}), 1e308);
  EXPECT_EQ(SumOf({kHuge, kTiny, -kHuge}), kTiny);
  EXPECT_EQ(SumOf({1e100, 1.0, 1e-300, -1e100, -1.0}), 1e-300);
  EXPECT_EQ(SumOf({0.1, 0.2, -0.3}), 2.7755575615628914e-17);
}

TEST(ExactSumTest, RoundsOnceHalfToEven) {
  EXPECT_EQ(SumOf({0x1p53, 1.0}), 0x1p53);
  EXPECT_EQ(SumOf({0x1p53, 1.0, kTiny}), 0x1p53 + 2);
  EXPECT_EQ(SumOf({0x1p53 + 2, 1.0}), 0x1p53 + 4);
  EXPECT_EQ(SumOf({-0x1p53, -1.0, -kTiny}), -0x1p53 - 2);
  EXPECT_EQ(SumOf({kHuge, 0x1p969}), kHuge);      // below half of the last place
  EXPECT_EQ(SumOf({kHuge, 0x1p970}), kInfinity);  // half, to even
  EXPECT_EQ(SumOf({-kHuge, -kHuge}), -kInfinity);
}

TEST(ExactSumTest, AZeroSumIsPositive) {
  EXPECT_FALSE(std::signbit(SumOf({-0.0})));
  EXPECT_FALSE(std::signbit(SumOf({-1.5, 1.5})));
  EXPECT_FALSE(std::signbit(SumOf({})));
}

TEST(ExactSumTest, SubnormalsAreRoundedOnTheirOwnGrid) {
  const ExactTerm half(0.5);
  ExactSum sum;
  sum.Add(Product(ExactTerm(kTiny), half));
  EXPECT_EQ(Exact(sum).ToDouble(), 0.0);  // half of the least, to even
  sum.Add(Product(ExactTerm(kTiny), ExactTerm(0.25)));
  EXPECT_EQ(Exact(sum).ToDouble(), kTiny);
  EXPECT_EQ(Exact(ExactTerm(1.0)).ToDouble(-1074), kTiny);
  EXPECT_EQ(Exact(ExactTerm(1.0)).ToDouble(-1076), 0.0);
  EXPECT_EQ(Exact(ExactTerm(1.0)).ToDouble(std::numeric_limits<std::int64_t>::min()), 0.0);
  EXPECT_EQ(Exact(ExactTerm(-1.0)).ToDouble(std::numeric_limits<std::int64_t>::max()), -kInfinity);
}

TEST(ExactSumTest, ProductsOfIntegersAreExact) {
  constexpr auto kLeast = std::numeric_limits<std::int64_t>::min();
  const ExactTerm least(kLeast);
  const ExactTerm fourth = Product(Product(least, least), Product(least, least));
  EXPECT_EQ(Exact(fourth).ToDouble(), 0x1p252);
  const Int128 decimal = Int128{999'999'999'999'999'999} * 1'000'000'000'000'000'000 * 99;
  const ExactTerm square = Product(ExactTerm(decimal), ExactTerm(decimal));
  // The nearest double to (999999999999999999 x 99 x 10^18)^4.
  EXPECT_EQ(Exact(Product(square, square)).ToDouble(), 0x1.d5879086d8862p+504);
  Int128 back = 0;
  EXPECT_TRUE(Exact(decimal).ToInt128(&back));
  EXPECT_TRUE(back == decimal);
  const Int128 smallest = static_cast<Int128>(UInt128{1} << 127);
  EXPECT_TRUE(Exact(smallest).ToInt128(&back));
  EXPECT_TRUE(back == smallest);
  EXPECT_FALSE((Exact(smallest) - Exact(Int128{1})).ToInt128(&back));
  EXPECT_FALSE(Exact(ExactTerm(0.5)).ToInt128(&back));
}

TEST(ExactSumTest, QuotientsAreRoundedOnce) {
  const std::vector<std::uint64_t> three = {3};
  EXPECT_EQ(Exact(Int128{1}).ToDouble(0, three), 1.0 / 3.0);
  EXPECT_EQ(Exact(Int128{-2}).ToDouble(0, three), -2.0 / 3.0);
  EXPECT_EQ(Exact(Int128{125}).ToDouble(0, TenPowers(2).divisors()), 1.25);
  EXPECT_EQ(Exact(Int128{1}).ToDouble(0, TenPowers(76).divisors()), 1e-76);
}

double RandomDouble(std::mt19937_64& random, int spread) {
  const double mantissa = static_cast<double>(static_cast<std::int64_t>(random())) * 0x1p-63;
  return std::ldexp(mantissa,
                    static_cast<int>(random() % static_cast<unsigned>(2 * spread + 1)) - spread);
}

// Whatever is added, in whatever order and parts, with others that are taken back: one state.
TEST(ExactSumTest, OneSumHasOneForm) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const int spread : {0, 10, 100, 500, 1073}) {
    for (int round = 0; round < 200; ++round) {
      std::vector<double> values(1 + random() % 40);
      for (double& value : values) value = RandomDouble(random, spread);
      ExactSum sum;
      for (const double value : values) sum.Add(value);
      std::shuffle(values.begin(), values.end(), random);
      ExactSum other;
      ExactSum part;
      for (const double value : values) {
        const double guest = RandomDouble(random, 1073);
        (random() % 2 == 0 ? other : part).Add(guest);
        (random() % 2 == 0 ? other : part).Add(value);
        (random() % 2 == 0 ? other : part).Remove(guest);
      }
      other.Merge(part);
      ASSERT_EQ(BytesOf(other), BytesOf(sum));
      ExactSum read;
      const std::string bytes = BytesOf(sum);
      StateReader reader(bytes);
      ASSERT_TRUE(read.Decode(&reader));
      ASSERT_EQ(reader.left(), 0U);
      ASSERT_EQ(BytesOf(read), bytes);
      for (const double value : values) read.Remove(ExactTerm(value));
      ASSERT_EQ(BytesOf(read), BytesOf(ExactSum()));
      ExactSum copy = sum;
      const ExactSum moved = std::move(copy);
      ASSERT_EQ(BytesOf(moved), bytes);
    }
  }
}

TEST(ExactSumTest, NotNumbersAreCountedApart) {
  FloatSum sum;
  sum.Add(1.0);
  EXPECT_TRUE(sum.is_finite());
  sum.Add(kInfinity);
  EXPECT_EQ(sum.NonFinite(), kInfinity);
  sum.Add(-kInfinity);
  EXPECT_TRUE(std::isnan(sum.NonFinite()));
  sum.Remove(kInfinity);
  EXPECT_EQ(sum.NonFinite(), -kInfinity);
  sum.Add(CanonicalNan());
  EXPECT_TRUE(std::isnan(sum.NonFinite()));
  sum.Remove(CanonicalNan());
  sum.Remove(-kInfinity);
  EXPECT_TRUE(sum.is_finite());
  EXPECT_EQ(Exact(sum.finite()).ToDouble(), 1.0);
}

// Only a decay over a window that CheckWindow refuses comes here: it must not take all memory.
TEST(ExactSumTest, NumbersTooFarApartLoseTheLesser) {
  ExactSum sum;
  ExactTerm far(1.0);
  far.exponent += 1'000'000'000'000;
  sum.Add(1.0);
  sum.Add(far);
  EXPECT_LT(sum.HeldBytes(), 8192U);
  EXPECT_EQ(Exact(sum).ToDouble(-1'000'000'000'000), 1.0);
  sum.Add(1.0);  // far below
  EXPECT_EQ(Exact(sum).ToDouble(-1'000'000'000'000), 1.0);
}

// Two damaged sums that lie far apart would ask for the memory in between.
TEST(ExactSumTest, BytesOfAnImpossibleSumAreRefused) {
  const auto decodes = [](std::int64_t low, std::int64_t farthest) {
    std::string bytes;
    StateWriter writer(&bytes);
    writer.Count(1);
    writer.Signed(low);
    writer.Fixed(std::uint64_t{1});
    StateReader reader(bytes);
    return ExactSum().Decode(&reader, farthest);
  };
  EXPECT_TRUE(decodes(-68, ExactSum::kFarthestOfPowers));
  EXPECT_FALSE(decodes(std::int64_t{1} << 40, ExactSum::kFarthestOfPowers));
  EXPECT_FALSE(decodes(-(std::int64_t{1} << 40), ExactSum::kFarthestOfPowers));
  EXPECT_TRUE(decodes(std::int64_t{1} << 40, ExactSum::kFarthestOfDecay));
}

}  // namespace
}  // namespace coeval
