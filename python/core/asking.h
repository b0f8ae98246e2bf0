// Asking a store from Python: plans, training sets, online reads.
#pragma once

#include <nanobind/nanobind.h>

#include "core/store_handle.h"

namespace coeval::python {

// Binds FeaturePlan, TrainingSet and OnlineAnswer, and the methods of Store that give them.
void BindAsking(nanobind::module_& module, nanobind::class_<StoreHandle>& store);

}  // namespace coeval::python
