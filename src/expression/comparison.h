// How two values compare in an expression, by physical kind (rules 1.5 and 6.3).
//
// Equality: -0.0 = 0.0, and NaN = NaN. Order: NaN is greater than every other number, texts go by
// their bytes, false < true. Ranking (greatest, least) also puts -0.0 before 0.0.
#pragma once

#include <cstdint>
#include <string_view>

#include "column/value.h"

namespace coeval {

// Without branches, so that loops over vectors stay loops.
struct Equal {
  bool operator()(double a, double b) const { return (a == b) | ((a != a) & (b != b)); }

  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
};

struct Less {
  bool operator()(double a, double b) const { return (a < b) | ((a == a) & (b != b)); }

  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a < b;
  }
};

struct NotEqual {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return !Equal{}(a, b);
  }
};

struct Greater {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return Less{}(b, a);
  }
};

struct LessOrEqual {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return !Less{}(b, a);
  }
};

struct GreaterOrEqual {
  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return !Less{}(a, b);
  }
};

// The total order of rule 1.5.
struct RankedLess {
  bool operator()(double a, double b) const {
    if (Less{}(a, b)) return true;
    return a == 0 && b == 0 && __builtin_signbit(a) != 0 && __builtin_signbit(b) == 0;
  }

  template <typename T>
  bool operator()(const T& a, const T& b) const {
    return a < b;
  }
};

}  // namespace coeval
