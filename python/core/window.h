// Aggregates over windows of one frame at the rows of another, for coeval.window.
#pragma once

#include <nanobind/nanobind.h>

namespace coeval::python {

void BindWindow(nanobind::module_& module);

}  // namespace coeval::python
