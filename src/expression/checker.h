// Checker: a syntax tree and the inputs' types to a typed tree. Resolves names and overloads,
// inserts conversions, prepares constant arguments and folds what is constant.
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"
#include "column/batch.h"
#include "expression/parser.h"
#include "expression/typed_tree.h"

namespace coeval {

// `result`: as in Expression::Compile. Errors: InvalidArgument in the form of ErrorAt (lexer.h).
Result<TypedPtr> CheckExpression(std::string_view text, const Syntax& syntax, const Schema& inputs,
                                 const std::optional<DataType>& result);

}  // namespace coeval
