// The as-of join of two frames, for coeval.asof_join.
#pragma once

#include <nanobind/nanobind.h>

namespace coeval::python {

void BindAsof(nanobind::module_& module);

}  // namespace coeval::python
