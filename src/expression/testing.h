// What the tests of expressions share: one row of inputs written as text, and the answer as text.
//
//   Ask("a + b", "a: int64 = 1, b: float64 = null")   ->   "float64 null"
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "column/batch.h"

namespace coeval {

// Values are constant expressions; lists are "[1, 2, null]", maps "{'a': 1}". "" is a row without
// inputs.
Result<Batch> ParseInputs(std::string_view text);

// The batch's rows, `times` over.
Batch Repeat(const Batch& batch, std::int64_t times);

// "<type> <value>", "invalid: <message>" where the row is an error, "error: <message>" where the
// expression does not compile. The row is asked alone and in a batch of 1,500 copies; where the two
// differ the answer says so. now() is 2013-10-01T00:00:00Z.
std::string Ask(std::string_view expression, const Batch& inputs);
std::string Ask(std::string_view expression, std::string_view inputs = "");

// What a Python program (the project's interpreter) prints: an oracle that shares no code with us.
// Fails the test where it cannot run.
std::string RunPython(const std::string& program);

}  // namespace coeval
