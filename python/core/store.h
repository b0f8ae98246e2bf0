// The class Store of the extension: a FeatureStore for the Python SDK. Methods take and give plain
// values, JSON as text, and frames; python/coeval/store.py makes people's calls of them.
#pragma once

#include <nanobind/nanobind.h>

namespace coeval::python {

void BindStore(nanobind::module_& module);

}  // namespace coeval::python
