// The division that ends a formula over exact numerators (rule 5.6).
#pragma once

#include <cmath>
#include <limits>

#include "column/value.h"

namespace coeval {

// IEEE a / b, but never with a NaN of another sign or payload. REQUIRES: b is not negative.
inline double Ratio(double a, double b) {
  if (b == 0.0) {
    return a == 0.0 || std::isnan(a) ? CanonicalNan()
                                     : std::copysign(std::numeric_limits<double>::infinity(), a);
  }
  if (std::isinf(a) && std::isinf(b)) return CanonicalNan();
  return a / b;
}

}  // namespace coeval
