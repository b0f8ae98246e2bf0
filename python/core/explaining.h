// Explanations for Python: why a feature has the value that it has.
#pragma once

#include <nanobind/nanobind.h>

#include "core/store_handle.h"

namespace coeval::python {

// Binds Explanation, and the methods of Store that give one. REQUIRES: FeaturePlan and TrainingSet
// are bound.
void BindExplaining(nanobind::module_& module, nanobind::class_<StoreHandle>& store);

}  // namespace coeval::python
