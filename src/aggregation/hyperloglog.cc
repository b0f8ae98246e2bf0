#include "aggregation/hyperloglog.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace coeval {

namespace {

// Ertl's series; only + - * / and sqrt, which IEEE fixes.
double Sigma(double x) {
  if (x == 1.0) return std::numeric_limits<double>::infinity();
  double power = 1.0;
  double sum = x;
  for (double before = -1.0; before != sum;) {
    x *= x;
    before = sum;
    sum += x * power;
    power += power;
  }
  return sum;
}

double Tau(double x) {
  if (x == 0.0 || x == 1.0) return 0.0;
  double power = 1.0;
  double sum = 1.0 - x;
  for (double before = -1.0; before != sum;) {
    x = std::sqrt(x);
    before = sum;
    power *= 0.5;
    sum -= (1.0 - x) * (1.0 - x) * power;
  }
  return sum / 3.0;
}

}  // namespace

std::int64_t EstimateDistinct(const RankHistogram& counts, int p) {
  constexpr double kTwoLn2 = 0x1.62e42fefa39efp+0;  // 2 ln 2
  const double m = std::ldexp(1.0, p);
  const int greatest = 65 - p;
  double z = m * Tau(1.0 - counts[static_cast<std::size_t>(greatest)] / m);
  for (int rank = greatest - 1; rank >= 1; --rank) {
    z = 0.5 * (z + counts[static_cast<std::size_t>(rank)]);
  }
  z += m * Sigma(counts[0] / m);
  const double estimate = std::nearbyint(m / kTwoLn2 * m / z);
  // All registers full, which no set of values does.
  constexpr double kMost = 0x1p62;
  return static_cast<std::int64_t>(estimate < kMost ? estimate : kMost);
}

RegisterRank PlaceOf(std::uint64_t hash, int p) {
  const std::uint64_t rest = hash << p;
  const int rank = std::min(std::countl_zero(rest), 64 - p) + 1;
  return {static_cast<std::uint32_t>(hash >> (64 - p)), static_cast<std::uint8_t>(rank)};
}

void Registers::Merge(const Registers& other) {
  for (std::size_t i = 0; i < ranks_.size(); ++i) ranks_[i] = std::max(ranks_[i], other.ranks_[i]);
}

RankHistogram Registers::Histogram() const {
  RankHistogram counts = {};
  for (const std::uint8_t rank : ranks_) ++counts[rank];
  return counts;
}

CountedRegisters::CountedRegisters(int p) : p_(p), ranks_(std::size_t{1} << p, 0) {
  histogram_[0] = std::int32_t{1} << p;
}

void CountedRegisters::Add(std::uint64_t hash) {
  const RegisterRank place = PlaceOf(hash, p_);
  ++behind_[Slot(place)];
  std::uint8_t& rank = ranks_[place.index];
  if (place.rank <= rank) return;
  --histogram_[rank];
  ++histogram_[place.rank];
  rank = place.rank;
}

void CountedRegisters::Remove(std::uint64_t hash) {
  const RegisterRank place = PlaceOf(hash, p_);
  const auto found = behind_.find(Slot(place));
  if (--found->second > 0) return;
  behind_.erase(found);
  std::uint8_t& rank = ranks_[place.index];
  if (place.rank < rank) return;
  --histogram_[rank];
  // The next lower rank that some value still stands behind.
  RegisterRank lower = place;
  while (lower.rank > 0 && !behind_.contains(Slot(lower))) --lower.rank;
  rank = lower.rank;
  ++histogram_[rank];
}

}  // namespace coeval
