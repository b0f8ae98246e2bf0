// Python's values as Coeval's, one by one, and back: keys and request data of an online read,
// answers.
//
// In: a conversion loses nothing (rule 2.1). None, pandas' NA and NaT are null; a NaN is null but
// for floats; 5.0 is an int64 5, True and "5" are none; a datetime without zone is UTC; a date is a
// timestamp at 00:00, a datetime is no date. NumPy's and pyarrow's scalars count as what they hold.
//
// Out: int, float, bool, str, bytes, datetime (UTC), date, Decimal, list, dict, None. Times and
// dates that Python's own types cannot hold (year 0, year 10000) come as integers: µs, days.
#pragma once

#include <span>
#include <string>

#include <nanobind/nanobind.h>

#include "column/column.h"
#include "column/type.h"

namespace coeval::python {

// The cells of a sequence as a column. Raises InvalidArgument that names `name`, the row and the
// value. REQUIRES: the GIL.
Column ColumnFromCells(nanobind::handle cells, const DataType& type, const std::string& name);

// All cells of a column, as a list; of columns, by name. REQUIRES: the GIL.
nanobind::list CellsOf(const Column& column);
nanobind::dict CellsOf(std::span<const std::string> names, std::span<const Column> columns);

}  // namespace coeval::python
