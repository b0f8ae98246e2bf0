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
  kInteger,   // text: the digits
  kFloat,     // text: digits with a point, an exponent or both
  kString,    // text: what stood between the quotes, '' made '
  kName,      // text: as written
  kQuoted,    // text: what stood between the double quotes, "" made "
  kSymbol,    // text: an operator, a bracket or a comma
  kDuration,  // text: as written, 1d12h; only where durations are asked for
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;
  std::size_t offset = 0;  // of its first byte in the expression
  std::size_t end = 0;     // behind its last byte

  [[nodiscard]] bool IsSymbol(std::string_view symbol) const {
    return kind == TokenKind::kSymbol && text == symbol;
  }

  // A name, not quoted, equal without regard to case. REQUIRES: `word` is lower case.
  [[nodiscard]] bool IsWord(std::string_view word) const;
};

// What a number that letters follow is: a mistake in expressions, a duration in the texts around
// them (definition/aggregation_text.h).
enum class Durations : std::uint8_t { kNone, kAllowed };

// The tokens, the last of kind kEnd. `--` starts a comment that lasts to the end of its line.
// Errors: InvalidArgument in the form of ErrorAt: text too long, not UTF-8, a quote that is never
// closed, a malformed number, an unknown character.
Result<std::vector<Token>> Tokenize(std::string_view text, Durations durations = Durations::kNone);

// "line 1, column 9: <message>", then the line of the text and below it a caret. Columns count
// characters from 1.
Status ErrorAt(std::string_view text, std::size_t offset, std::string_view message);

// An error of ErrorAt about a text that stands in `whole` from `first` on, told of the whole: its
// line, column and caret. Any other error stays as it is.
Status ErrorWithin(std::string_view whole, std::size_t first, const Status& error);

// The token as errors name it: "the string 'ok'", "the end of the expression".
std::string DescribeToken(const Token& token);

// ASCII letters made small; other bytes stay.
std::string LowerAscii(std::string_view text);

}  // namespace coeval
