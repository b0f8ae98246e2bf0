// Cells of nested columns: what a register holds of a list, vector or map, and of their elements.
#pragma once

#include <cstdint>

#include "column/column.h"
#include "expression/value_type.h"
#include "expression/vector.h"

namespace coeval {

// Puts cell `source_row` of a column into row `row` of a register of the column's physical kind,
// and gives its state. Floats, ints and dates are widened as value_type.h says; texts are borrowed.
RowState ReadCell(const Column& column, std::int64_t source_row, Vec& out, std::int64_t row);

// A whole run of rows at once: rows [first, first + rows) of the column. Where the column lies as
// the register would, the register points into it.
void LoadColumn(const Column& column, std::int64_t first, std::int64_t rows, Vec& out);

// Elements [first, first + count) of a list's or vector's child as float64, whatever lies at nulls.
// REQUIRES: the child is of an integer or float type.
void ReadNumbers(const Column& column, std::int64_t first, std::int64_t count, double* out);

// Has none of the elements [first, last) a null?
bool NoNulls(const Column& column, std::int64_t first, std::int64_t last);

}  // namespace coeval
