// Values of columns for people and, without loss, for programs.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/time.h"
#include "column/column.h"

namespace coeval {

// "3.5", "JFK", "2013-01-01T00:00:00Z", "[1, 2]"; "" of null; long ones end with "…".
std::string CellText(const Column& column, std::int64_t row);
// As definition/value_json.h: NaN is "nan", a time ISO 8601 with its microseconds, bytes base 64.
Json CellJson(const Column& column, std::int64_t row);

// Of a value's time (rule 7.2): null, or "", where it has none.
Json TimeJson(TimeMicros time);
std::string TimeText(TimeMicros time);

}  // namespace coeval
