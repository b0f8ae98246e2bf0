// The one file that is compiled for AVX. It includes nothing whose inline functions another file
// might share, and is entered only where the processor has AVX.
#include <immintrin.h>
#include <sleef.h>

#include "expression/math_wide.h"

namespace coeval {

namespace {

using Int = std::int64_t;

template <typename Four, typename One>
void Loop(const double* x, double* out, Int n, Four four, One one) {
  Int i = 0;
  for (; i + 4 <= n; i += 4) _mm256_storeu_pd(out + i, four(_mm256_loadu_pd(x + i)));
  for (; i < n; ++i) out[i] = one(x[i]);
}

template <typename Four, typename One>
void Loop(const double* x, const double* y, double* out, Int n, Four four, One one) {
  Int i = 0;
  for (; i + 4 <= n; i += 4) {
    _mm256_storeu_pd(out + i, four(_mm256_loadu_pd(x + i), _mm256_loadu_pd(y + i)));
  }
  for (; i < n; ++i) out[i] = one(x[i], y[i]);
}

}  // namespace

#define COEVAL_OF_1(name)                                         \
  [](const double* x, double* out, Int n) {                       \
    Loop(                                                         \
        x, out, n, [](__m256d v) { return name##d4_u10avx(v); },  \
        [](double v) -> double { return name##d1_u10purec(v); }); \
  }
#define COEVAL_OF_2(name)                                                         \
  [](const double* x, const double* y, double* out, Int n) {                      \
    Loop(                                                                         \
        x, y, out, n, [](__m256d v, __m256d w) { return name##d4_u10avx(v, w); }, \
        [](double v, double w) -> double { return name##d1_u10purec(v, w); });    \
  }

const WideMath kAvxMath = {
    COEVAL_OF_1(Sleef_cinz_exp),  COEVAL_OF_1(Sleef_cinz_log),  COEVAL_OF_1(Sleef_cinz_log10),
    COEVAL_OF_1(Sleef_cinz_log2), COEVAL_OF_1(Sleef_cinz_sin),  COEVAL_OF_1(Sleef_cinz_cos),
    COEVAL_OF_1(Sleef_cinz_tan),  COEVAL_OF_1(Sleef_cinz_asin), COEVAL_OF_1(Sleef_cinz_acos),
    COEVAL_OF_1(Sleef_cinz_atan), COEVAL_OF_2(Sleef_cinz_pow),  COEVAL_OF_2(Sleef_cinz_atan2)};

}  // namespace coeval
