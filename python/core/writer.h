// Frames into files: Parquet, CSV, Arrow IPC.
#pragma once

#include <nanobind/nanobind.h>

namespace coeval::python {

void BindWriter(nanobind::module_& module);

}  // namespace coeval::python
