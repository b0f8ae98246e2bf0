#include "aggregation/dd_sketch.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "aggregation/math.h"
#include "column/value.h"

namespace coeval {

namespace {

// ln γ, and buckets moved up by kShift so that those of all doubles are positive: ln of the least
// subnormal is -744.4: bucket -37,221.
constexpr double kLogGamma = 0x1.47b0e059d057dp-6;  // ln(1.01 / 0.99)
constexpr double kGamma = 1.01 / 0.99;
constexpr std::int32_t kShift = 40'000;
constexpr std::int32_t kInfinite = 90'000;
constexpr std::int32_t kNan = 90'001;

}  // namespace

std::int32_t DdSketch::BucketOf(double value) {
  if (std::isnan(value)) return kNan;
  if (value == 0.0) return 0;
  if (std::isinf(value)) return value > 0 ? kInfinite : -kInfinite;
  const double i = std::ceil(DeterministicLog(std::fabs(value)) / kLogGamma);
  const std::int32_t bucket = static_cast<std::int32_t>(i) + kShift;
  return value > 0 ? bucket : -bucket;
}

double DdSketch::ValueOf(std::int32_t bucket) {
  if (bucket == kNan) return CanonicalNan();
  if (bucket == 0) return 0.0;
  const std::int32_t size = std::abs(bucket);
  const double magnitude =
      size == kInfinite
          ? std::numeric_limits<double>::infinity()
          : std::min(std::numeric_limits<double>::max(),
                     DeterministicExp((size - kShift) * kLogGamma) * (2.0 / (kGamma + 1.0)));
  return bucket > 0 ? magnitude : -magnitude;
}

DdSketch::Bounds DdSketch::FindBounds() const {
  Bounds bounds;
  buckets_.ForEachDown([&](std::int32_t b, std::int64_t) {
    if (b < kInfinite) bounds.greatest = b;
    return b >= kInfinite;
  });
  buckets_.ForEach([&](std::int32_t b, std::int64_t) {
    if (b > -kInfinite) bounds.least = b;
    return b <= -kInfinite;
  });
  return bounds;
}

std::int32_t DdSketch::Bounds::Cut(std::int32_t bucket) const {
  if (bucket == 0 || std::abs(bucket) >= kInfinite) return bucket;
  return bucket > 0 ? std::max(bucket, greatest - kMaxBuckets + 1)
                    : std::min(bucket, least + kMaxBuckets - 1);
}

double DdSketch::Quantile(double q) const {
  const auto n = static_cast<double>(buckets_.size() - 1);
  const auto rank = std::min(static_cast<std::int64_t>(std::floor(q * n)), buckets_.size() - 1);
  return ValueOf(FindBounds().Cut(buckets_.At(rank)));
}

void DdSketch::Encode(StateWriter* out) const {
  // Cut first: equal sketches are equal in what can still be told apart.
  OrderedMultiset<std::int32_t> cut;
  const Bounds bounds = FindBounds();
  buckets_.ForEach([&](std::int32_t b, std::int64_t count) {
    cut.Add(bounds.Cut(b), count);
    return true;
  });
  out->Count(static_cast<std::uint64_t>(cut.distinct()));
  std::int64_t before = -kNan;
  cut.ForEach([&](std::int32_t b, std::int64_t count) {
    out->Count(static_cast<std::uint64_t>(b - before));
    out->Count(static_cast<std::uint64_t>(count));
    before = b;
    return true;
  });
}

bool DdSketch::Decode(StateReader* in) {
  buckets_.Clear();
  std::size_t count = 0;
  if (!in->Items(2, &count)) return false;
  std::int64_t bucket = -kNan;
  std::int64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t step = 0;
    std::int64_t times = 0;
    if (!in->Count(&step) || !in->Count(&times) || step == 0 || times == 0) return false;
    if (step > 2 * kNan || __builtin_add_overflow(total, times, &total)) return false;
    bucket += step;
    if (bucket > kNan) return false;
    const bool special = bucket == 0 || std::abs(bucket) >= kInfinite;
    if (!special && (std::abs(bucket) < 2'700 || std::abs(bucket) > 75'500)) return false;
    buckets_.Add(static_cast<std::int32_t>(bucket), times);
  }
  const Bounds bounds = FindBounds();
  bool cut = true;
  buckets_.ForEach([&](std::int32_t b, std::int64_t) { return cut = bounds.Cut(b) == b; });
  return cut;
}

}  // namespace coeval
