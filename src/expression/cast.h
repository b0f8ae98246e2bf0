// cast(x as type) and the conversions that the checker inserts by itself.
#pragma once

#include <memory>

#include "base/status.h"
#include "expression/value_type.h"
#include "expression/vector.h"

namespace coeval {

// How to convert one register. Without kernel nothing has to be done: the values lie the same.
struct CastPlan {
  Kernel kernel = nullptr;
  std::shared_ptr<const void> prepared;
};

// With `is_try`, values that cannot be converted become null instead of errors.
// Errors: InvalidArgument where no cast leads from one type to the other, with what to use instead.
Result<CastPlan> PlanCast(const ValueType& from, const ValueType& to, bool is_try);

}  // namespace coeval
