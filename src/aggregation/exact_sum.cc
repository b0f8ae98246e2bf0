#include "aggregation/exact_sum.h"

#include <algorithm>
#include <limits>

namespace coeval {

namespace {

void SetMagnitude(UInt128 magnitude, ExactTerm* term) {
  term->limbs[0] = static_cast<std::uint64_t>(magnitude);
  term->limbs[1] = static_cast<std::uint64_t>(magnitude >> 64);
  term->count = term->limbs[1] != 0 ? 2 : (term->limbs[0] != 0 ? 1 : 0);
}

}  // namespace

ExactTerm::ExactTerm(double value) : ExactTerm() {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  const auto biased = static_cast<std::int64_t>((bits >> 52) & 0x7FF);
  const std::uint64_t fraction = bits & ((1ULL << 52) - 1);
  limbs[0] = biased != 0 ? fraction | (1ULL << 52) : fraction;
  count = limbs[0] != 0 ? 1 : 0;
  negative = (bits >> 63) != 0;
  exponent = (biased != 0 ? biased : 1) - 1075;
}

ExactTerm::ExactTerm(std::int64_t value) : ExactTerm() {
  negative = value < 0;
  limbs[0] = value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                       : static_cast<std::uint64_t>(value);
  count = value != 0 ? 1 : 0;
}

ExactTerm::ExactTerm(Int128 value) : ExactTerm() {
  negative = value < 0;
  SetMagnitude(value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value),
               this);
}

ExactTerm Product(const ExactTerm& a, const ExactTerm& b) {
  ExactTerm product;
  product.negative = a.negative != b.negative;
  product.exponent = a.exponent + b.exponent;
  if (a.count == 0 || b.count == 0) return product;
  product.count = a.count + b.count;
  for (int i = 0; i < product.count; ++i) product.limbs[static_cast<std::size_t>(i)] = 0;
  for (int i = 0; i < a.count; ++i) {
    std::uint64_t carry = 0;
    for (int j = 0; j < b.count; ++j) {
      const auto at = static_cast<std::size_t>(i) + static_cast<std::size_t>(j);
      const UInt128 sum =
          UInt128{a.limbs[static_cast<std::size_t>(i)]} * b.limbs[static_cast<std::size_t>(j)] +
          product.limbs[at] + carry;
      product.limbs[at] = static_cast<std::uint64_t>(sum);
      carry = static_cast<std::uint64_t>(sum >> 64);
    }
    product.limbs[static_cast<std::size_t>(i) + static_cast<std::size_t>(b.count)] = carry;
  }
  if (product.limbs[static_cast<std::size_t>(product.count - 1)] == 0) --product.count;
  return product;
}

ExactSum::ExactSum(const ExactSum& other)
    : low_(other.low_), size_(other.size_), small_(other.small_) {
  if (!other.heap_) return;
  heap_ = std::make_unique_for_overwrite<std::uint64_t[]>(static_cast<std::size_t>(size_));
  std::copy_n(other.heap_.get(), size_, heap_.get());
}

ExactSum::ExactSum(ExactSum&& other) noexcept
    : low_(other.low_), size_(other.size_), small_(other.small_), heap_(std::move(other.heap_)) {
  other.size_ = 0;
  other.small_.fill(0);
}

ExactSum& ExactSum::operator=(const ExactSum& other) {
  if (this != &other) *this = ExactSum(other);
  return *this;
}

ExactSum& ExactSum::operator=(ExactSum&& other) noexcept {
  if (this == &other) return *this;
  low_ = other.low_;
  size_ = other.size_;
  small_ = other.small_;
  heap_ = std::move(other.heap_);
  other.size_ = 0;
  other.small_.fill(0);
  return *this;
}

void ExactSum::AddTerm(const ExactTerm& term, bool negative) {
  if (term.count == 0) return;
  const int shift = static_cast<int>(term.exponent & 63);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): set as far as it is read
  std::array<std::uint64_t, ExactTerm::kMaxLimbs + 1> shifted;
  std::uint64_t below = 0;
  for (int i = 0; i < term.count; ++i) {
    const std::uint64_t limb = term.limbs[static_cast<std::size_t>(i)];
    shifted[static_cast<std::size_t>(i)] = (limb << shift) | below;
    below = (limb >> 1) >> (63 - shift);
  }
  shifted[static_cast<std::size_t>(term.count)] = below;
  AddLimbs(shifted.data(), below != 0 ? term.count + 1 : term.count, term.exponent >> 6, negative);
}

void ExactSum::AddLimbs(const std::uint64_t* limbs, int count, std::int64_t low, bool negative) {
  if (low < low_ || low + count >= low_ + size_) {
    if (!Reserve(low, low + count)) {
      // More doublings apart than are held: what lies below is dropped.
      const std::int64_t below = low_ - low;
      if (below >= count) return;
      limbs += below;
      count -= static_cast<int>(below);
      low = low_;
    }
  }
  std::uint64_t* const into = data() + (low - low_);
  const std::int64_t above = size_ - (low - low_);
  std::uint64_t carry = negative ? 1 : 0;
  const std::uint64_t sign = std::uint64_t{0} - carry;
  for (int i = 0; i < count; ++i) {
    const UInt128 sum = UInt128{into[i]} + (limbs[i] ^ sign) + carry;
    into[i] = static_cast<std::uint64_t>(sum);
    carry = static_cast<std::uint64_t>(sum >> 64);
  }
  carry += sign;
  for (std::int64_t i = count; carry != 0 && i < above; ++i) {
    const std::uint64_t before = into[i];
    into[i] = before + carry;
    if (carry == 1 ? into[i] != 0 : before != 0) break;
  }
}

bool ExactSum::Reserve(std::int64_t low, std::int64_t high) {
  if (size_ == 0) {
    // A little room below for lesser numbers, where it is free.
    const bool fits = high - low + 2 <= kInline;
    Resize(fits ? low - 1 : low, std::max(high + 1, (fits ? low - 1 : low) + kInline));
    return true;
  }
  const std::int64_t new_low = std::min(low, low_);
  const std::int64_t new_high = std::max(high + 1, low_ + size_);
  if (new_high - new_low <= kMaxLimbs) {
    // Two limbs more on the side that grew: the next one is likely to be near.
    Resize(low < low_ ? new_low - 2 : new_low, high >= low_ + size_ ? new_high + 2 : new_high);
    return true;
  }
  const std::int64_t kept = std::max(new_low, new_high - kMaxLimbs);
  Resize(kept, new_high);
  return low >= low_;
}

void ExactSum::Resize(std::int64_t low, std::int64_t high) {
  const auto size = static_cast<std::size_t>(high - low);
  const std::uint64_t sign = is_negative() ? ~std::uint64_t{0} : 0;
  auto limbs = size > kInline ? std::make_unique_for_overwrite<std::uint64_t[]>(size) : nullptr;
  std::array<std::uint64_t, kInline> small = {};
  std::uint64_t* const into = limbs ? limbs.get() : small.data();
  for (std::int64_t i = low; i < high; ++i) {
    const std::int64_t from = i - low_;
    // data() holds size_ limbs. NOLINTNEXTLINE(clang-analyzer-core.NullDereference)
    into[i - low] = from < 0 ? 0 : (from < size_ ? data()[from] : sign);
  }
  heap_ = std::move(limbs);
  small_ = small;
  low_ = low;
  size_ = static_cast<std::int32_t>(size);
}

ExactSum::Trimmed ExactSum::Shortest() const {
  Trimmed shortest = {limbs(), low_};
  while (!shortest.limbs.empty() && shortest.limbs.front() == 0) {
    shortest.limbs = shortest.limbs.subspan(1);
    ++shortest.low;
  }
  // The last limb says the sign; those above it that only repeat the sign go.
  while (shortest.limbs.size() > 1) {
    const std::uint64_t sign = std::uint64_t{0} - (shortest.limbs[shortest.limbs.size() - 2] >> 63);
    if (shortest.limbs.back() != sign) break;
    shortest.limbs = shortest.limbs.first(shortest.limbs.size() - 1);
  }
  return shortest;
}

void ExactSum::Merge(const ExactSum& other) {
  Trimmed from = other.Shortest();
  if (from.limbs.empty()) return;
  const std::uint64_t sign = other.is_negative() ? ~std::uint64_t{0} : 0;
  const auto high = from.low + static_cast<std::int64_t>(from.limbs.size());
  if (from.low < low_ || high >= low_ + size_) {
    if (!Reserve(from.low, high)) {
      const auto below = std::min(static_cast<std::size_t>(low_ - from.low), from.limbs.size());
      from.limbs = from.limbs.subspan(below);
      from.low = low_;
    }
  }
  std::uint64_t* const into = data() + (from.low - low_);
  const auto above = static_cast<std::size_t>(size_ - (from.low - low_));
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < above; ++i) {
    const UInt128 sum = UInt128{into[i]} + (i < from.limbs.size() ? from.limbs[i] : sign) + carry;
    into[i] = static_cast<std::uint64_t>(sum);
    carry = static_cast<std::uint64_t>(sum >> 64);
  }
}

void ExactSum::Encode(StateWriter* out) const {
  const Trimmed shortest = Shortest();
  out->Count(shortest.limbs.size());
  if (shortest.limbs.empty()) return;
  out->Signed(shortest.low);
  for (const std::uint64_t limb : shortest.limbs) out->Fixed(limb);
}

bool ExactSum::Decode(StateReader* in, std::int64_t farthest) {
  *this = ExactSum();
  std::size_t count = 0;
  if (!in->Items(sizeof(std::uint64_t), &count) || count > kMaxLimbs) return false;
  if (count == 0) return true;
  std::int64_t low = 0;
  const auto limbs = static_cast<std::int64_t>(count);
  if (!in->Signed(&low) || low < -farthest || low > farthest - limbs) return false;
  Reserve(low, low + static_cast<std::int64_t>(count));
  std::uint64_t* const into = data() + (low - low_);
  for (std::size_t i = 0; i < count; ++i) {
    if (!in->Fixed(&into[i])) return false;
  }
  if (into[0] == 0) return false;
  const std::uint64_t sign = std::uint64_t{0} - (into[count - 1] >> 63);
  if (count > 1 && into[count - 1] == sign && (into[count - 2] >> 63) == (sign & 1)) return false;
  for (std::int64_t i = low - low_ + static_cast<std::int64_t>(count); i < size_; ++i) {
    data()[i] = sign;
  }
  return true;
}

void FloatSum::Merge(const FloatSum& other) {
  finite_.Merge(other.finite_);
  nans_ += other.nans_;
  positive_ += other.positive_;
  negative_ += other.negative_;
}

double FloatSum::NonFinite() const {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (nans_ != 0 || (positive_ != 0 && negative_ != 0)) return CanonicalNan();
  return positive_ != 0 ? kInfinity : -kInfinity;
}

void FloatSum::Encode(StateWriter* out) const {
  for (const std::int64_t count : {nans_, positive_, negative_}) {
    out->Count(static_cast<std::uint64_t>(count));
  }
  finite_.Encode(out);
}

bool FloatSum::Decode(StateReader* in) {
  return in->Count(&nans_) && in->Count(&positive_) && in->Count(&negative_) && finite_.Decode(in);
}

}  // namespace coeval
