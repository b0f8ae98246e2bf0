// Kernels of the forms that the compiler builds itself: conditions, coalesce, logic, membership.
// All of them drop errors of what is not used (rule 6.2): a branch not taken, what stands after a
// false in `and`, after a true in `or`, after the first value in coalesce.
#pragma once

#include <memory>
#include <vector>

#include "column/value.h"
#include "expression/value_type.h"
#include "expression/vector.h"

namespace coeval {

// condition, then, else.
Kernel SelectKernel(Physical kind);
// a, or b where a is null.
Kernel CoalesceKernel(Physical kind);
// equal, a: null where `equal` is true, else a.
Kernel NullIfKernel(Physical kind);
// Three-valued logic over two arguments, the left one first.
void AndKernel(const Call& call);
void OrKernel(const Call& call);

// Is the argument one of some constants? Null where it is null, and where it is none of them and
// `has_null`. Null for nested types.
Kernel InKernel(Physical kind);
// What InKernel finds in Call::prepared. REQUIRES: the values are of that kind and not null.
std::shared_ptr<const void> PrepareIn(Physical kind, const std::vector<Value>& values,
                                      bool has_null);

}  // namespace coeval
