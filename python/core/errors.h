// A Status as the Python exception that says the same (coeval/errors.py), raised in one place.
#pragma once

#include <utility>

#include <nanobind/nanobind.h>

#include "base/status.h"

namespace coeval::python {

// Throws what nanobind turns into the exception. REQUIRES: the GIL; `status` is not OK.
[[noreturn]] void Raise(const Status& status);

inline void Check(const Status& status) {
  if (!status.ok()) Raise(status);
}

template <typename T>
T Unwrap(Result<T> result) {
  if (!result.ok()) Raise(result.status());
  return std::move(result).value();
}

}  // namespace coeval::python
