// Exact sums: of doubles, of integers and of exact products of them, whatever their order (rule
// 5.6). A sum is a two's complement number over 64-bit limbs, of which those between the lowest and
// the highest bit ever touched are held:
//
//   1e16 + 1.0 - 1e16        = 1.0, always
//   limbs  ... [-2] [-1] [0] [1] ...    limb i counts 2^(64 i)
//                    ^ 1.0 = 0x0010'0000'0000'0000 << 12 lies in limbs -1 and 0
//
// Six limbs lie in the object itself (a sum of ordinary doubles needs three); wider sums take
// memory from the heap. Adding costs a few ns: one shift, two additions, and a carry that seldom
// runs. After what was added is taken away, the encoded bytes are those of a sum that never had it.
// Paper: Neal, "Fast exact summation using small and large superaccumulators", 2015; his chunks
// overlap to put off carries, these do not, so that a sum can be read at any time.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "aggregation/state_bytes.h"
#include "column/value.h"

namespace coeval {

__extension__ using UInt128 = unsigned __int128;

// An exact number: (-1)^negative x limbs x 2^exponent, `count` limbs, the least first.
struct ExactTerm {
  static constexpr int kMaxLimbs = 8;  // the fourth power of a decimal
  std::array<std::uint64_t, kMaxLimbs> limbs;
  int count = 0;  // 0: zero
  bool negative = false;
  std::int64_t exponent = 0;

  // Limbs stay unset above `count`: this is a hot path.
  ExactTerm() {}  // NOLINT(modernize-use-equals-default,cppcoreguidelines-pro-type-member-init)

  // REQUIRES: finite.
  explicit ExactTerm(double value);
  explicit ExactTerm(std::int64_t value);
  explicit ExactTerm(Int128 value);
};

// REQUIRES: a.count + b.count <= kMaxLimbs.
ExactTerm Product(const ExactTerm& a, const ExactTerm& b);

class ExactSum {
 public:
  ExactSum() = default;
  ExactSum(const ExactSum& other);
  ExactSum(ExactSum&& other) noexcept;
  ExactSum& operator=(const ExactSum& other);
  ExactSum& operator=(ExactSum&& other) noexcept;
  ~ExactSum() = default;

  // REQUIRES: finite.
  void Add(double value) { AddBits(std::bit_cast<std::uint64_t>(value)); }

  void Remove(double value) { AddBits(std::bit_cast<std::uint64_t>(value) ^ (1ULL << 63)); }

  void Add(const ExactTerm& term) { AddTerm(term, term.negative); }

  void Remove(const ExactTerm& term) { AddTerm(term, !term.negative); }

  void Merge(const ExactSum& other);

  // Limbs [low(), low() + limbs().size()) of the number in two's complement; the last one's sign
  // is that of the number. May have more of them than it needs.
  [[nodiscard]] std::span<const std::uint64_t> limbs() const {
    return {data(), static_cast<std::size_t>(size_)};
  }

  [[nodiscard]] std::int64_t low() const { return low_; }

  [[nodiscard]] bool is_negative() const { return size_ > 0 && (data()[size_ - 1] >> 63) != 0; }

  // The shortest form: equal sums give equal bytes (docs/formats/aggregate_state.md).
  void Encode(StateWriter* out) const;
  // Refuses limbs beyond `farthest` on either side of 1, which no sum of what is added can have:
  // numbers that lie far apart would ask for the memory in between.
  bool Decode(StateReader* in, std::int64_t farthest = kFarthestOfPowers);

  // Fourth powers of doubles lie within.
  static constexpr std::int64_t kFarthestOfPowers = 80;
  // All times, in half-lives of 1 ms, lie within.
  static constexpr std::int64_t kFarthestOfDecay = std::int64_t{1} << 50;

  // Beside the object itself.
  [[nodiscard]] std::size_t HeldBytes() const {
    return heap_ == nullptr ? 0 : static_cast<std::size_t>(size_) * sizeof(std::uint64_t);
  }

 private:
  static constexpr int kInline = 6;
  // 33,000 doublings: fourth powers of doubles span 8,500, a decay of 1,000 half-lives 3,200. What
  // lies further below the highest bit is dropped, so that no input can ask for all memory.
  static constexpr std::int64_t kMaxLimbs = 520;

  [[nodiscard]] std::uint64_t* data() { return heap_ ? heap_.get() : small_.data(); }

  [[nodiscard]] const std::uint64_t* data() const { return heap_ ? heap_.get() : small_.data(); }

  // Without limbs that say nothing.
  struct Trimmed {
    std::span<const std::uint64_t> limbs;
    std::int64_t low;
  };

  [[nodiscard]] Trimmed Shortest() const;
  void AddBits(std::uint64_t bits);
  void AddTerm(const ExactTerm& term, bool negative);
  void AddLimbs(const std::uint64_t* limbs, int count, std::int64_t low, bool negative);
  // Makes [low, high) part of what is held, with a limb above for the sign.
  bool Reserve(std::int64_t low, std::int64_t high);
  void Resize(std::int64_t low, std::int64_t high);

  std::int64_t low_ = 0;
  std::int32_t size_ = 0;  // the last limb takes only carries
  std::array<std::uint64_t, kInline> small_ = {};
  std::unique_ptr<std::uint64_t[]> heap_;  // instead of small_
};

inline void ExactSum::AddBits(std::uint64_t bits) {
  const auto biased = static_cast<std::int64_t>((bits >> 52) & 0x7FF);
  const std::uint64_t fraction = bits & ((1ULL << 52) - 1);
  const std::uint64_t mantissa = biased != 0 ? fraction | (1ULL << 52) : fraction;
  const std::int64_t exponent = (biased != 0 ? biased : 1) - 1075;
  const int shift = static_cast<int>(exponent & 63);
  const std::int64_t limb = exponent >> 6;
  const std::uint64_t low = mantissa << shift;
  const std::uint64_t high = (mantissa >> 1) >> (63 - shift);
  const std::int64_t at = limb - low_;
  if (at < 0 || at + 2 >= size_) [[unlikely]] {
    if (mantissa == 0) return;
    const std::array<std::uint64_t, 2> both = {low, high};
    AddLimbs(both.data(), 2, limb, (bits >> 63) != 0);
    return;
  }
  std::uint64_t* const limbs = data() + at;
  // A negative number is added as its two's complement, so that signs in no order cost no branch.
  const std::uint64_t sign = std::uint64_t{0} - (bits >> 63);
  UInt128 sum = UInt128{limbs[0]} + (low ^ sign) + (sign & 1);
  limbs[0] = static_cast<std::uint64_t>(sum);
  sum = UInt128{limbs[1]} + (high ^ sign) + static_cast<std::uint64_t>(sum >> 64);
  limbs[1] = static_cast<std::uint64_t>(sum);
  auto carry = static_cast<std::uint64_t>(sum >> 64) + sign;  // 1, 0 or -1 for what lies above
  for (std::int64_t i = 2; carry != 0 && i < size_ - at; ++i) {
    const std::uint64_t before = limbs[i];
    limbs[i] = before + carry;
    const bool stops = carry == 1 ? limbs[i] != 0 : before != 0;
    if (stops) break;
  }
}

// A sum of doubles in which NaN, +inf and -inf are counted apart, so that they can be taken back.
class FloatSum {
 public:
  void Add(double value) { Change(value, 1); }

  void Remove(double value) { Change(value, -1); }

  void Merge(const FloatSum& other);

  // The infinity or NaN that they decide, or nothing where all values are finite (rule 5.6).
  [[nodiscard]] bool is_finite() const { return (nans_ | positive_ | negative_) == 0; }

  // REQUIRES: !is_finite().
  [[nodiscard]] double NonFinite() const;

  [[nodiscard]] const ExactSum& finite() const { return finite_; }

  void Encode(StateWriter* out) const;
  bool Decode(StateReader* in);

  [[nodiscard]] std::size_t HeldBytes() const { return finite_.HeldBytes(); }

 private:
  void Change(double value, std::int64_t by) {
    const std::uint64_t bits = std::bit_cast<std::uint64_t>(value);
    if (((bits >> 52) & 0x7FF) == 0x7FF) [[unlikely]] {
      ((bits << 12) != 0 ? nans_ : (bits >> 63) != 0 ? negative_ : positive_) += by;
    } else if (by > 0) {
      finite_.Add(value);
    } else {
      finite_.Remove(value);
    }
  }

  ExactSum finite_;
  std::int64_t nans_ = 0;
  std::int64_t positive_ = 0;
  std::int64_t negative_ = 0;
};

}  // namespace coeval
