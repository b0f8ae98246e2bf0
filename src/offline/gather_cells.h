// Cells of texts, lists and the like, gathered out of several columns into one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/status.h"
#include "column/batch.h"
#include "column/column.h"

namespace coeval {

struct CellPlace {
  const Column* column = nullptr;  // null: the cell is null
  std::int64_t row = 0;
};

// Bytes that one cell takes in the buffers of a column.
std::int64_t CellBytes(const Column& column, std::int64_t row);

// A column of `n` cells, the i-th of them at(i). Errors: InvalidArgument where they take more than
// the 2 GiB that a column can hold.
Result<Column> GatherCells(const ColumnSchema& schema, std::int64_t n,
                           const std::function<CellPlace(std::size_t i)>& at);

}  // namespace coeval
