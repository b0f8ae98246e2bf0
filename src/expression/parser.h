// Parser: tokens to a syntax tree, by precedence climbing. It knows no types and no functions.
//
//   a + b * 2 > 3 and not c   ->   and(>(+(a, *(b, 2)), 3), not(c))
//
// Binding, loosest first: or; and; not; = <> < <= > >=, is, in, between, like; ||; + -; * / // %;
// unary -; :: and [ ].
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "expression/lexer.h"

namespace coeval {

// Deeper nesting is refused, so that no text can exhaust the stack.
inline constexpr int kMaxNesting = 200;      // brackets, calls, case and not within each other
inline constexpr int kMaxTreeHeight = 1000;  // also a chain a + b + c + ...

struct Syntax;
using SyntaxPtr = std::unique_ptr<Syntax>;

struct Syntax {
  enum class Kind : std::uint8_t {
    kNothing,    // null
    kBool,       // text "true" or "false"
    kInteger,    // text: digits, a minus before them where one was written
    kFloat,      // likewise
    kString,     // text: its bytes
    kTimestamp,  // text between the quotes
    kDate,
    kInterval,
    kName,  // text: a column, "view.feature" where it was qualified
    kCall,  // text: a function's name in lower case, or an operator ("+", "and", "is null",
            // "element")
    kCast,  // text: the type; flag: try_cast
    kCase,  // flag: begins with an operand; then condition, result, ..., at last the else
  };

  Kind kind = Kind::kNothing;
  bool flag = false;
  int height = 1;
  std::string text;
  std::size_t offset = 0;       // where errors about it point
  std::size_t text_offset = 0;  // kCast: of the type
  std::vector<SyntaxPtr> children;
};

// Errors: InvalidArgument in the form of ErrorAt (lexer.h): what was found and what was expected.
Result<SyntaxPtr> ParseExpression(std::string_view text);

// Of an expression within a longer text, from tokens[first] on: the first token behind it.
// REQUIRES: `tokens` are those of the text, the last of kind kEnd. Errors: as above.
Result<std::size_t> FindExpressionEnd(std::string_view text, std::span<const Token> tokens,
                                      std::size_t first);

}  // namespace coeval
