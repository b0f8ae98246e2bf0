// Values as another type, where that loses nothing: how what a file holds becomes what a view
// declares. A value that does not fit is an error, never a neighbour of it.
//
//   int32 -> int64, float32 -> float64, date -> timestamp, string -> bytes   always
//   int64 -> int32, float64 -> int64, int64 -> float64, float64 -> float32   where the value is
//   kept bytes -> string                                                          where it is UTF-8
//   list <-> vector, element by element                                      where sizes agree
//   string -> number, number -> string, bool <-> number, timestamp -> date   never
#pragma once

#include <cstdint>

#include "base/status.h"
#include "column/column.h"
#include "column/type.h"

namespace coeval {

// Could some value of `from` become one of `to`? Errors: InvalidArgument with both types and what
// to do.
Status CheckCastable(const DataType& from, const DataType& to);

// Errors: InvalidArgument with the first value that does not fit; `*bad_row` is its row, or -1
// where the types do not allow it at all.
Result<Column> CastLossless(const Column& column, const DataType& to, std::int64_t* bad_row);

}  // namespace coeval
