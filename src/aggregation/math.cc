#include "aggregation/math.h"

#include <sleef.h>

namespace coeval {

double DeterministicExp2(double x) {
  return Sleef_cinz_exp2d1_u10purec(x);
}

double DeterministicExp(double x) {
  return Sleef_cinz_expd1_u10purec(x);
}

double DeterministicLog(double x) {
  return Sleef_cinz_logd1_u10purec(x);
}

double DeterministicLog2(double x) {
  return Sleef_cinz_log2d1_u10purec(x);
}

}  // namespace coeval
