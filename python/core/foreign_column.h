// Columns of Python as Arrow columns: NumPy arrays as the buffers that they are, without copying,
// and sequences of Python values by conversion.
#pragma once

#include <cstdint>

#include <nanobind/nanobind.h>

#include "core/frame.h"

namespace coeval::python {

// `columns`: tuples (name, Arrow format, values, validity), where `values` is a contiguous buffer
// of fixed-width values (bits for "b") and `validity` a buffer of bits (1 = there is a value) or
// None; or tuples (name, type, cells). The frame keeps the buffers. Raises ValueError where a
// buffer is too small, InvalidArgument where a cell is not of its type. REQUIRES: the GIL; the
// width of the format is the buffer's item size.
Frame FrameOfColumns(const nanobind::list& columns, std::int64_t rows);

}  // namespace coeval::python
