// Exact arithmetic on what sums hold, to be rounded once: the numerators of rule 5.6.
//
//   n Σx² − (Σx)²   Exact(n) * Exact(s2) - Exact(s1) * Exact(s1), then ToDouble()
//
// Numbers are dyadic (an integer times a power of two), so that +, − and × lose nothing.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

#include "aggregation/exact_sum.h"

namespace coeval {

// A run of limbs of which the first few need no memory from the heap.
class LimbRun {
 public:
  // Inline limbs stay unset above size().
  LimbRun() {}  // NOLINT(modernize-use-equals-default,cppcoreguidelines-pro-type-member-init)

  explicit LimbRun(std::size_t size);  // zeros
  LimbRun(const LimbRun& other);
  LimbRun(LimbRun&&) noexcept = default;
  LimbRun& operator=(const LimbRun& other);
  LimbRun& operator=(LimbRun&&) noexcept = default;
  ~LimbRun() = default;

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] bool empty() const { return size_ == 0; }

  [[nodiscard]] std::uint64_t* data() { return heap_ ? heap_.get() : small_.data(); }

  [[nodiscard]] const std::uint64_t* data() const { return heap_ ? heap_.get() : small_.data(); }

  std::uint64_t& operator[](std::size_t i) { return data()[i]; }

  std::uint64_t operator[](std::size_t i) const { return data()[i]; }

  // REQUIRES: size <= size().
  void Shrink(std::size_t size) { size_ = size; }

 private:
  static constexpr std::size_t kInline = 28;

  std::size_t size_ = 0;
  std::array<std::uint64_t, kInline> small_;
  std::unique_ptr<std::uint64_t[]> heap_;
};

// (-1)^negative x limbs x 2^(64 low). A value type.
class Exact {
 public:
  Exact() = default;  // zero
  explicit Exact(const ExactSum& sum);
  explicit Exact(Int128 value);
  explicit Exact(const ExactTerm& term);

  [[nodiscard]] bool is_zero() const { return limbs_.empty(); }

  [[nodiscard]] bool is_negative() const { return negative_; }

  // The power of two of its highest bit. REQUIRES: not zero.
  [[nodiscard]] std::int64_t Magnitude() const;

  // x 2^shift / (each of the divisors), rounded once, half to even; subnormals included, zero is
  // +0.0, what is too great an infinity. REQUIRES: no divisor is 0.
  [[nodiscard]] double ToDouble(std::int64_t shift = 0,
                                std::span<const std::uint64_t> divisors = {}) const;

  // As an integer, if it is one and fits.
  [[nodiscard]] bool ToInt128(Int128* value) const;

  friend Exact operator*(const Exact& a, const Exact& b);

  friend Exact operator+(const Exact& a, const Exact& b) { return Sum(a, b, b.negative_); }

  friend Exact operator-(const Exact& a, const Exact& b) { return Sum(a, b, !b.negative_); }

 private:
  static Exact Sum(const Exact& a, const Exact& b, bool b_negative);
  void Normalize();  // drops zeros at both ends

  LimbRun limbs_;  // the first and the last are not zero
  std::int64_t low_ = 0;
  bool negative_ = false;
};

// 10^digits as divisors for ToDouble. REQUIRES: 0 <= digits <= 152.
class TenPowers {
 public:
  explicit TenPowers(int digits);

  // `more` come first.
  TenPowers(int digits, std::initializer_list<std::uint64_t> more);

  [[nodiscard]] std::span<const std::uint64_t> divisors() const { return {values_.data(), size_}; }

 private:
  void Append(int digits);

  std::array<std::uint64_t, 12> values_ = {};
  std::size_t size_ = 0;
};

}  // namespace coeval
