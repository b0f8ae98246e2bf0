#include "aggregation/exact_number.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace coeval {

LimbRun::LimbRun(std::size_t size) : LimbRun() {
  size_ = size;
  if (size > kInline) heap_ = std::make_unique_for_overwrite<std::uint64_t[]>(size);
  std::fill_n(data(), size, 0);
}

LimbRun::LimbRun(const LimbRun& other) : LimbRun() {
  size_ = other.size_;
  if (size_ > kInline) heap_ = std::make_unique_for_overwrite<std::uint64_t[]>(size_);
  std::copy_n(other.data(), size_, data());
}

LimbRun& LimbRun::operator=(const LimbRun& other) {
  if (this != &other) *this = LimbRun(other);
  return *this;
}

Exact::Exact(const ExactSum& sum)
    : limbs_(sum.limbs().size()), low_(sum.low()), negative_(sum.is_negative()) {
  std::uint64_t carry = negative_ ? 1 : 0;
  const std::uint64_t sign = std::uint64_t{0} - carry;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    const UInt128 limb = UInt128{sum.limbs()[i] ^ sign} + carry;
    limbs_[i] = static_cast<std::uint64_t>(limb);
    carry = static_cast<std::uint64_t>(limb >> 64);
  }
  Normalize();
}

Exact::Exact(Int128 value) : Exact(ExactTerm(value)) {}

Exact::Exact(const ExactTerm& term)
    : limbs_(term.count == 0 ? 0 : static_cast<std::size_t>(term.count) + 1),
      low_(term.exponent >> 6),
      negative_(term.negative) {
  const int shift = static_cast<int>(term.exponent & 63);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(term.count); ++i) {
    limbs_[i] = (term.limbs[i] << shift) | below;
    below = (term.limbs[i] >> 1) >> (63 - shift);
  }
  if (!limbs_.empty()) limbs_[limbs_.size() - 1] = below;
  Normalize();
}

void Exact::Normalize() {
  std::size_t size = limbs_.size();
  while (size > 0 && limbs_[size - 1] == 0) --size;
  std::size_t zeros = 0;
  while (zeros < size && limbs_[zeros] == 0) ++zeros;
  if (zeros > 0) std::copy(limbs_.data() + zeros, limbs_.data() + size, limbs_.data());
  limbs_.Shrink(size - zeros);
  low_ += static_cast<std::int64_t>(zeros);
  if (limbs_.empty()) {
    low_ = 0;
    negative_ = false;
  }
}

std::int64_t Exact::Magnitude() const {
  const std::size_t last = limbs_.size() - 1;
  return (low_ + static_cast<std::int64_t>(last)) * 64 +
         static_cast<std::int64_t>(std::bit_width(limbs_[last])) - 1;
}

Exact operator*(const Exact& a, const Exact& b) {
  Exact product;
  if (a.is_zero() || b.is_zero()) return product;
  product.limbs_ = LimbRun(a.limbs_.size() + b.limbs_.size());
  for (std::size_t i = 0; i < a.limbs_.size(); ++i) {
    std::uint64_t carry = 0;
    std::uint64_t* const into = product.limbs_.data() + i;
    for (std::size_t j = 0; j < b.limbs_.size(); ++j) {
      const UInt128 sum = UInt128{a.limbs_[i]} * b.limbs_[j] + into[j] + carry;
      into[j] = static_cast<std::uint64_t>(sum);
      carry = static_cast<std::uint64_t>(sum >> 64);
    }
    into[b.limbs_.size()] = carry;
  }
  product.low_ = a.low_ + b.low_;
  product.negative_ = a.negative_ != b.negative_;
  product.Normalize();
  return product;
}

Exact Exact::Sum(const Exact& a, const Exact& b, bool b_negative) {
  if (b.is_zero()) return a;
  if (a.is_zero()) {
    Exact only = b;
    only.negative_ = b_negative;
    return only;
  }
  Exact sum;
  sum.low_ = std::min(a.low_, b.low_);
  const std::int64_t high = std::max(a.low_ + static_cast<std::int64_t>(a.limbs_.size()),
                                     b.low_ + static_cast<std::int64_t>(b.limbs_.size()));
  sum.limbs_ = LimbRun(static_cast<std::size_t>(high - sum.low_ + 1));
  std::copy_n(a.limbs_.data(), a.limbs_.size(), sum.limbs_.data() + (a.low_ - sum.low_));
  // Adds or subtracts the magnitude of b; a result below zero is turned round afterwards.
  const bool subtract = a.negative_ != b_negative;
  std::uint64_t carry = subtract ? 1 : 0;
  const std::uint64_t flip = std::uint64_t{0} - carry;
  for (std::size_t i = 0; i < sum.limbs_.size(); ++i) {
    const std::int64_t at = static_cast<std::int64_t>(i) - (b.low_ - sum.low_);
    const bool inside = at >= 0 && at < static_cast<std::int64_t>(b.limbs_.size());
    const std::uint64_t limb = inside ? b.limbs_[static_cast<std::size_t>(at)] : 0;
    const UInt128 added = UInt128{sum.limbs_[i]} + (limb ^ flip) + carry;
    sum.limbs_[i] = static_cast<std::uint64_t>(added);
    carry = static_cast<std::uint64_t>(added >> 64);
  }
  sum.negative_ = a.negative_;
  if (subtract && carry == 0) {
    sum.negative_ = !a.negative_;
    std::uint64_t one = 1;
    for (std::size_t i = 0; i < sum.limbs_.size(); ++i) {
      const UInt128 limb = UInt128{~sum.limbs_[i]} + one;
      sum.limbs_[i] = static_cast<std::uint64_t>(limb);
      one = static_cast<std::uint64_t>(limb >> 64);
    }
  }
  sum.Normalize();
  return sum;
}

namespace {

// The nearest double to limbs x 2^exponent, half to even; `more` tells of lower bits that are set.
double Round(const LimbRun& limbs, Int128 exponent, bool more) {
  std::size_t size = limbs.size();
  while (size > 0 && limbs[size - 1] == 0) --size;
  if (size == 0) return 0.0;
  const auto width = static_cast<Int128>(64 * (size - 1)) + std::bit_width(limbs[size - 1]);
  if (exponent + width > 1024) return std::numeric_limits<double>::infinity();
  // `drop` bits of the integer are rounded away.
  const Int128 drop = std::max(width - 53, -1074 - exponent);
  if (drop > width) return 0.0;
  if (drop <= 0) return std::ldexp(static_cast<double>(limbs[0]), static_cast<int>(exponent));
  const auto bits = static_cast<std::size_t>(drop);
  const auto bit_at = [&](std::size_t i) { return (limbs[i / 64] >> (i % 64)) & 1; };
  std::uint64_t mantissa = 0;
  if (bits / 64 < size) {
    mantissa = limbs[bits / 64] >> (bits % 64);
    if (bits % 64 != 0 && bits / 64 + 1 < size)
      mantissa |= limbs[bits / 64 + 1] << (64 - bits % 64);
  }
  if (bit_at(bits - 1) != 0) {
    bool above_half = more || (mantissa & 1) != 0;
    for (std::size_t i = 0; i < (bits - 1) / 64 && !above_half; ++i) above_half = limbs[i] != 0;
    const std::uint64_t rest = (std::uint64_t{1} << ((bits - 1) % 64)) - 1;
    if (above_half || (limbs[(bits - 1) / 64] & rest) != 0) ++mantissa;
  }
  return std::ldexp(static_cast<double>(mantissa), static_cast<int>(exponent + drop));
}

}  // namespace

double Exact::ToDouble(std::int64_t shift, std::span<const std::uint64_t> divisors) const {
  if (is_zero()) return 0.0;
  const Int128 exponent = Int128{low_} * 64 + shift;
  if (divisors.empty()) {
    const double rounded = Round(limbs_, exponent, false);
    return negative_ ? -rounded : rounded;
  }
  // Enough limbs below that the integer quotient has more bits than a double; what remains only
  // breaks ties. Dividing by one divisor after the other gives the same quotient as by all at once.
  const std::size_t below = divisors.size() + 2;
  LimbRun quotient(limbs_.size() + below);
  std::copy_n(limbs_.data(), limbs_.size(), quotient.data() + below);
  bool more = false;
  for (const std::uint64_t divisor : divisors) {
    std::uint64_t rest = 0;
    for (std::size_t i = quotient.size(); i-- > 0;) {
      const UInt128 dividend = (UInt128{rest} << 64) | quotient[i];
      quotient[i] = static_cast<std::uint64_t>(dividend / divisor);
      rest = static_cast<std::uint64_t>(dividend % divisor);
    }
    more = more || rest != 0;
  }
  const double rounded = Round(quotient, exponent - 64 * static_cast<Int128>(below), more);
  return negative_ ? -rounded : rounded;
}

bool Exact::ToInt128(Int128* value) const {
  *value = 0;
  if (is_zero()) return true;
  if (low_ < 0 || low_ + static_cast<std::int64_t>(limbs_.size()) > 2) return false;
  UInt128 magnitude = 0;
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    magnitude |= UInt128{limbs_[i]} << (64 * (static_cast<std::size_t>(low_) + i));
  }
  const UInt128 least = UInt128{1} << 127;
  if (magnitude > (negative_ ? least : least - 1)) return false;
  *value = negative_ ? static_cast<Int128>(UInt128{0} - magnitude) : static_cast<Int128>(magnitude);
  return true;
}

TenPowers::TenPowers(int digits) {
  Append(digits);
}

TenPowers::TenPowers(int digits, std::initializer_list<std::uint64_t> more) {
  for (const std::uint64_t value : more) values_[size_++] = value;
  Append(digits);
}

void TenPowers::Append(int digits) {
  for (; digits > 0; digits -= std::min(digits, 19)) {
    std::uint64_t power = 1;
    for (int i = 0; i < std::min(digits, 19); ++i) power *= 10;
    values_[size_++] = power;
  }
}

}  // namespace coeval
