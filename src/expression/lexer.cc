#include "expression/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

#include <fmt/format.h>

#include "base/utf8.h"

namespace coeval {

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool IsNamePart(char c) {
  return IsNameStart(c) || IsDigit(c);
}

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Longest first.
constexpr std::array<std::string_view, 23> kSymbols = {
    "<>", "!=", "<=", ">=", "==", "||", "//", "::", "(", ")", "[", "]",
    ",",  ".",  "+",  "-",  "*",  "/",  "%",  "<",  ">", "=", ";"};

class Lexer {
 public:
  Lexer(std::string_view text, Durations durations) : text_(text), durations_(durations) {}

  Result<std::vector<Token>> Run() {
    COEVAL_RETURN_IF_ERROR(CheckText());
    for (;;) {
      SkipBlank();
      Token token;
      token.offset = at_;
      if (at_ == text_.size()) {
        token.end = at_;
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      COEVAL_RETURN_IF_ERROR(Next(&token));
      token.end = at_;
      tokens_.push_back(std::move(token));
    }
  }

 private:
  Status CheckText() const {
    if (text_.size() > kMaxExpressionBytes) {
      return Status::InvalidArgument(fmt::format(
          "an expression of {} bytes is too long: at most {} are allowed; compute parts "
          "of it as features of their own",
          text_.size(), kMaxExpressionBytes));
    }
    const std::size_t invalid = FindInvalidUtf8(text_);
    if (invalid != std::string_view::npos) {
      return Status::InvalidArgument(
          fmt::format("the expression is not UTF-8: byte 0x{:02x} at offset {}",
                      static_cast<unsigned char>(text_[invalid]), invalid));
    }
    return Status::Ok();
  }

  void SkipBlank() {
    while (at_ < text_.size()) {
      if (IsSpace(text_[at_])) {
        ++at_;
      } else if (text_.substr(at_, 2) == "--") {
        const std::size_t end = text_.find('\n', at_);
        at_ = end == std::string_view::npos ? text_.size() : end;
      } else {
        return;
      }
    }
  }

  Status Next(Token* token) {
    const char c = text_[at_];
    if (c == '\'') return Quoted('\'', TokenKind::kString, token);
    if (c == '"') return Quoted('"', TokenKind::kQuoted, token);
    if (IsDigit(c) || (c == '.' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) {
      return Number(token);
    }
    if (IsNameStart(c)) {
      std::size_t end = at_;
      while (end < text_.size() && IsNamePart(text_[end])) ++end;
      token->kind = TokenKind::kName;
      token->text = std::string(text_.substr(at_, end - at_));
      at_ = end;
      return Status::Ok();
    }
    for (const std::string_view symbol : kSymbols) {
      if (text_.substr(at_, symbol.size()) != symbol) continue;
      token->kind = TokenKind::kSymbol;
      token->text = std::string(symbol);
      at_ += symbol.size();
      return Status::Ok();
    }
    return ErrorAt(text_, at_, fmt::format("unexpected character '{}'", c));
  }

  Status Quoted(char quote, TokenKind kind, Token* token) {
    const std::size_t start = at_++;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] != quote) {
        token->text += text_[at_];
      } else if (at_ + 1 < text_.size() && text_[at_ + 1] == quote) {
        token->text += quote;
        ++at_;
      } else {
        ++at_;
        token->kind = kind;
        if (kind == TokenKind::kQuoted && token->text.empty()) {
          return ErrorAt(text_, start, "an empty name");
        }
        return Status::Ok();
      }
    }
    return ErrorAt(text_, start,
                   fmt::format("the {} that begins here is never closed by {}",
                               kind == TokenKind::kString ? "string" : "name", quote));
  }

  void Digits() {
    while (at_ < text_.size() && IsDigit(text_[at_])) ++at_;
  }

  Status Number(Token* token) {
    const std::size_t start = at_;
    bool whole = true;
    Digits();
    if (at_ < text_.size() && text_[at_] == '.') {
      whole = false;
      ++at_;
      Digits();
    }
    if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      whole = false;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
      if (at_ == text_.size() || !IsDigit(text_[at_])) {
        return ErrorAt(text_, start, "a number whose exponent has no digits");
      }
      Digits();
    }
    if (durations_ == Durations::kAllowed && at_ < text_.size() && IsNameStart(text_[at_])) {
      while (at_ < text_.size() && IsNamePart(text_[at_])) ++at_;
      token->kind = TokenKind::kDuration;
      token->text = std::string(text_.substr(start, at_ - start));
      return Status::Ok();
    }
    if (at_ < text_.size() && (IsNamePart(text_[at_]) || text_[at_] == '.')) {
      return ErrorAt(text_, start,
                     "a malformed number; a name that starts with a digit is written in double "
                     "quotes");
    }
    token->kind = whole ? TokenKind::kInteger : TokenKind::kFloat;
    token->text = std::string(text_.substr(start, at_ - start));
    return Status::Ok();
  }

  std::string_view text_;
  Durations durations_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

std::size_t CountCharacters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

// Reads a number, and what stands behind it.
bool TakeNumber(std::string_view* text, std::string_view behind, std::size_t* number) {
  const char* const end = text->data() + text->size();
  const auto read = std::from_chars(text->data(), end, *number);
  if (read.ec != std::errc()) return false;
  text->remove_prefix(static_cast<std::size_t>(read.ptr - text->data()));
  if (!text->starts_with(behind)) return false;
  text->remove_prefix(behind.size());
  return true;
}

// The byte of a line (from 1) and column (from 1) of `text`; npos where it has none.
std::size_t OffsetOf(std::string_view text, std::size_t line, std::size_t column) {
  std::size_t at = 0;
  for (; line > 1; --line) {
    const std::size_t newline = text.find('\n', at);
    if (newline == std::string_view::npos) return newline;
    at = newline + 1;
  }
  for (; column > 1; --column) {
    if (at >= text.size()) return std::string_view::npos;
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) ++at;
  }
  return at;
}

}  // namespace

bool Token::IsWord(std::string_view word) const {
  return kind == TokenKind::kName && text.size() == word.size() && LowerAscii(text) == word;
}

Result<std::vector<Token>> Tokenize(std::string_view text, Durations durations) {
  return Lexer(text, durations).Run();
}

Status ErrorAt(std::string_view text, std::size_t offset, std::string_view message) {
  const std::string_view before = text.substr(0, offset);
  std::size_t line_number = 1;
  for (const char c : before) line_number += c == '\n';
  const std::size_t newline = before.rfind('\n');
  const std::size_t line_start = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t line_end = std::min(text.find('\n', line_start), text.size());
  const std::size_t column = CountCharacters(text.substr(line_start, offset - line_start)) + 1;

  std::string line(text.substr(line_start, line_end - line_start));
  std::size_t caret = column - 1;
  // A very long line is shown around the caret only; cut where characters begin.
  if (line.size() > 160) {
    std::size_t first = offset - line_start > 60 ? offset - line_start - 60 : 0;
    while (first > 0 && (static_cast<unsigned char>(line[first]) & 0xC0) == 0x80) --first;
    std::size_t last = std::min(line.size(), first + 140);
    while (last < line.size() && (static_cast<unsigned char>(line[last]) & 0xC0) == 0x80) ++last;
    caret = CountCharacters(std::string_view(line).substr(first, offset - line_start - first));
    line = line.substr(first, last - first);
  }
  for (char& c : line) {
    if (c == '\t' || c == '\r') c = ' ';
  }
  return Status::InvalidArgument(fmt::format("line {}, column {}: {}\n  {}\n  {:>{}}", line_number,
                                             column, message, line, "^", caret + 1));
}

Status ErrorWithin(std::string_view whole, std::size_t first, const Status& error) {
  std::string_view rest = error.message();
  constexpr std::string_view kBegin = "line ";
  if (!rest.starts_with(kBegin)) return error;
  rest.remove_prefix(kBegin.size());
  std::size_t line = 0;
  std::size_t column = 0;
  if (!TakeNumber(&rest, ", column ", &line) || !TakeNumber(&rest, ": ", &column)) return error;
  // Behind the message stand the line of the text and that of the caret.
  const std::size_t caret = rest.rfind("\n  ");
  if (caret == std::string_view::npos || caret == 0) return error;
  const std::size_t shown = rest.rfind("\n  ", caret - 1);
  const std::size_t offset = OffsetOf(whole.substr(first), line, column);
  if (shown == std::string_view::npos || offset == std::string_view::npos) return error;
  return ErrorAt(whole, first + offset, rest.substr(0, shown));
}

std::string DescribeToken(const Token& token) {
  switch (token.kind) {
    case TokenKind::kEnd:
      return "the end of the expression";
    case TokenKind::kString:
      return fmt::format("the string '{}'", token.text);
    case TokenKind::kQuoted:
      return fmt::format("the name \"{}\"", token.text);
    case TokenKind::kInteger:
    case TokenKind::kFloat:
      return fmt::format("the number {}", token.text);
    case TokenKind::kDuration:
      return fmt::format("the duration {}", token.text);
    case TokenKind::kName:
    case TokenKind::kSymbol:
      break;
  }
  return fmt::format("'{}'", token.text);
}

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace coeval
