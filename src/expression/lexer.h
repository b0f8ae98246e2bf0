// Lexer: the text of an expression cut into tokens, and the one form of its error messages.
//
//   coalesce(dep_delay, 0)  ->  name "coalesce", "(", name "dep_delay", ",", integer "0", ")", end
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace coeval {

// Longer texts are refused: an expression is a definition that a person reads.
inline constexpr std::size_t kMaxExpressionBytes = 65536;

enum class TokenKind : std::uint8_t {
  kEnd,
  kInteger,  // text: the digits
  kFloat,    // text: digits with a point, an exponent or both
  kString,   // text: what stood between the quotes, '' made '
  kName,     // text: as written
  kQuoted,   // text: what stood between the double quotes, "" made "
  kSymbol,   // text: an operator, a bracket or a comma
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  std::size_t offset = 0;  // of its first byte in the expression

  [[nodiscard]] bool IsSymbol(std::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }

  // A name, not quoted, equal without regard to case. REQUIRES: `word` is lower case.
  [[nodiscard]] bool IsWord(std::string_view word) const;
};

// The tokens, the last of kind kEnd. `--` starts a comment that lasts to the end of its line.
// Errors: InvalidArgument in the form of ErrorAt: text too long, not UTF-8, a quote that is never
// closed, a malformed number, an unknown character.
Result<std::vector<Token>> Tokenize(std::string_view text);

// "line 1, column 9: <message>", then the line of the text and below it a caret. Columns count
// characters from 1.
Status ErrorAt(std::string_view text, std::size_t offset, std::string_view message);

// ASCII letters made small; other bytes stay.
std::string LowerAscii(std::string_view text);

}  // namespace coeval
