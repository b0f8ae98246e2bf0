// JSON values as columns and back, in Feast's form (feast-compat 5.2): what a request's entities
// become, and how feature values are written.
//
//   in   {"driver_id": [1001, 1002]}        int64 column
//   out  float64 0.5 -> 0.5    NaN -> null    inf -> "Infinity"    bytes -> "aGk="
//        timestamp -> epoch seconds
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "column/column.h"
#include "column/type.h"

namespace coeval {

// One array as a column of the planned type. Numbers must lose nothing (5.0 is 5); an integer may
// be text ("5"), as Feast takes it; a timestamp is ISO 8601 text or epoch seconds, a date ISO text,
// bytes are base64, a decimal text or a number; null and (for keys) NaN stay null. Errors:
// InvalidArgument naming column `name` and row.
Result<Column> ColumnFromJson(const simdjson::dom::array& values, const DataType& type,
                              std::string_view name);

// Appends one value. float32 is widened to double and printed with all its digits, as Feast does.
void AppendFeastValue(const Column& column, std::int64_t row, std::string* out);

// Appends a time as Feast writes it: RFC 3339 with Z and 0, 3 or 6 digits of fraction; none is
// epoch 0.
void AppendFeastTime(std::int64_t micros, std::string* out);

}  // namespace coeval
