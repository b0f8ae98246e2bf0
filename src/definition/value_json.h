// Values as JSON, without loss: defaults of features in definitions (rule 7.6).
//
//   bool true · int 5 · float 0.5, "nan", "inf", "-inf" · string "a" · bytes "aGk=" (base64) ·
//   timestamp "2013-01-01T00:00:00Z" (or µs) · date "2013-01-01" · decimal "1.25" (or 5) ·
//   list and vector [1, 2] · map {"a": 1} with string keys, else [[1, "a"], [2, "b"]]
#pragma once

#include "base/json.h"
#include "base/status.h"
#include "column/type.h"
#include "column/value.h"

namespace coeval {

// Loses nothing: 5 is a float64 5.0, but 5.5 is no int64. A float32 is the nearest to the number
// given. Errors: InvalidArgument that names value and type.
Result<Value> ValueFromJson(const Json& json, const DataType& type);
// The canonical form. REQUIRES: `value` is of `type`.
Json ValueToJson(const Value& value, const DataType& type);

}  // namespace coeval
