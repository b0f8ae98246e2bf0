// docs/expressions.md, written from the function table, and the inputs that its examples read.
#pragma once

#include <string>

#include "column/batch.h"

namespace coeval {

// The whole page. tests: it is what is committed.
std::string ExpressionDocumentation();

// One row: scores list<float64> = [0.5, 2.0, null], counts map<string, int64> = {'a': 1, 'b': 2}.
Batch ExampleInputs();

}  // namespace coeval
