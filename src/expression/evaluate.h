// Evaluate: runs a program over columns, a vector of rows at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "column/column.h"
#include "expression/expression.h"
#include "expression/program.h"

namespace coeval {

// As Expression::Evaluate. REQUIRES: the columns read have the types that were compiled for, or
// null.
Evaluation EvaluateProgram(const Program& program, std::span<const Column> columns, std::int64_t n,
                           std::span<const TimeMicros> now);

// The value of a node that reads no input and not now(); nothing where it is an error.
std::optional<Value> EvaluateConstant(const TypedNode& node);

}  // namespace coeval
