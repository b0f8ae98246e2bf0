// DDSketch: quantiles within 1 % of the value, from counts in buckets whose bounds grow by a fixed
// factor, so that the counts are a function of the multiset (rule 5.6).
//
//   γ = 1.01 / 0.99     bucket i holds γ^(i-1) < |x| <= γ^i, and stands for 2 γ^i / (γ + 1)
//
// Negative numbers have buckets of their own, zero, the infinities and NaN one each. Of each sign
// the 4,096 greatest buckets are told apart (35 orders of magnitude); what is nearer to zero counts
// in the least of them. A bucket's number is kept as it is and cut when the sketch is asked, so
// that values can be taken back. Paper: Masson, Rim, Lee, "DDSketch", VLDB 2019.
#pragma once

#include <cstdint>

#include "aggregation/ordered_multiset.h"
#include "aggregation/state_bytes.h"

namespace coeval {

class DdSketch {
 public:
  static constexpr int kMaxBuckets = 4096;

  void Add(double value, std::int64_t count = 1) { buckets_.Add(BucketOf(value), count); }

  // REQUIRES: it was added.
  void Remove(double value) { buckets_.Remove(BucketOf(value)); }

  void Merge(const DdSketch& other) { buckets_.Merge(other.buckets_); }

  [[nodiscard]] std::int64_t size() const { return buckets_.size(); }

  // The value at position floor(q (n - 1)). REQUIRES: not empty, 0 <= q <= 1.
  [[nodiscard]] double Quantile(double q) const;

  void Encode(StateWriter* out) const;
  bool Decode(StateReader* in);

  [[nodiscard]] std::size_t HeldBytes() const { return buckets_.HeldBytes(); }

  // Ascending with the value: -inf lowest, 0 for zeros, NaN the greatest.
  static std::int32_t BucketOf(double value);
  static double ValueOf(std::int32_t bucket);

 private:
  // The greatest finite magnitude of each sign; 0 or of the other sign where there is none.
  struct Bounds {
    std::int32_t least = 0;
    std::int32_t greatest = 0;

    // The bucket that counts for `bucket`.
    [[nodiscard]] std::int32_t Cut(std::int32_t bucket) const;
  };

  [[nodiscard]] Bounds FindBounds() const;

  OrderedMultiset<std::int32_t> buckets_;
};

}  // namespace coeval
