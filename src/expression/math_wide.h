// Mathematics over runs of numbers: SLEEF's variants without FMA, two numbers at a time, or four
// where the processor has AVX. They give the bits of the variants for one number (rule 6.4), which
// math_bits_test and random_test hold them to.
#pragma once

#include <cstdint>

namespace coeval {

// out[i] = f(x[i]) or f(x[i], y[i]) for n numbers; out may be x. Threads: any.
struct WideMath {
  using Of1 = void (*)(const double* x, double* out, std::int64_t n);
  using Of2 = void (*)(const double* x, const double* y, double* out, std::int64_t n);

  Of1 exp, ln, log10, log2, sin, cos, tan, asin, acos, atan;
  Of2 pow, atan2;
};

extern const WideMath kSse4Math;  // needs no more than x86-64-v2
extern const WideMath kAvxMath;   // REQUIRES: the processor has AVX

bool HasAvx();
// The widest that this processor can, unless a test chose another.
const WideMath& TheWideMath();
// Null: the widest. Not while anything evaluates.
void ChooseMathForTesting(const WideMath* math);

}  // namespace coeval
