#include "expression/math_wide.h"

#include <sleef.h>
#include <smmintrin.h>

namespace coeval {

namespace {

using Int = std::int64_t;

template <typename Two, typename One>
void Loop(const double* x, double* out, Int n, Two two, One one) {
  Int i = 0;
  for (; i + 2 <= n; i += 2) _mm_storeu_pd(out + i, two(_mm_loadu_pd(x + i)));
  for (; i < n; ++i) out[i] = one(x[i]);
}

template <typename Two, typename One>
void Loop(const double* x, const double* y, double* out, Int n, Two two, One one) {
  Int i = 0;
  for (; i + 2 <= n; i += 2) {
    _mm_storeu_pd(out + i, two(_mm_loadu_pd(x + i), _mm_loadu_pd(y + i)));
  }
  for (; i < n; ++i) out[i] = one(x[i], y[i]);
}

const WideMath* chosen = nullptr;

}  // namespace

// Functions may not be template arguments here: their types carry attributes.
#define COEVAL_OF_1(name)                                         \
  [](const double* x, double* out, Int n) {                       \
    Loop(                                                         \
        x, out, n, [](__m128d v) { return name##d2_u10sse4(v); }, \
        [](double v) -> double { return name##d1_u10purec(v); }); \
  }
#define COEVAL_OF_2(name)                                                          \
  [](const double* x, const double* y, double* out, Int n) {                       \
    Loop(                                                                          \
        x, y, out, n, [](__m128d v, __m128d w) { return name##d2_u10sse4(v, w); }, \
        [](double v, double w) -> double { return name##d1_u10purec(v, w); });     \
  }

const WideMath kSse4Math = {
    COEVAL_OF_1(Sleef_cinz_exp),  COEVAL_OF_1(Sleef_cinz_log),  COEVAL_OF_1(Sleef_cinz_log10),
    COEVAL_OF_1(Sleef_cinz_log2), COEVAL_OF_1(Sleef_cinz_sin),  COEVAL_OF_1(Sleef_cinz_cos),
    COEVAL_OF_1(Sleef_cinz_tan),  COEVAL_OF_1(Sleef_cinz_asin), COEVAL_OF_1(Sleef_cinz_acos),
    COEVAL_OF_1(Sleef_cinz_atan), COEVAL_OF_2(Sleef_cinz_pow),  COEVAL_OF_2(Sleef_cinz_atan2)};

bool HasAvx() {
  static const bool has = __builtin_cpu_supports("avx") != 0;
  return has;
}

const WideMath& TheWideMath() {
  if (chosen != nullptr) return *chosen;
  return HasAvx() ? kAvxMath : kSse4Math;
}

void ChooseMathForTesting(const WideMath* math) {
  chosen = math;
}

}  // namespace coeval
