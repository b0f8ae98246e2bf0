#include "expression/lexer.h"

#include <algorithm>
#include <array>

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
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    COEVAL_RETURN_IF_ERROR(CheckText());
    for (;;) {
      SkipBlank();
      Token token;
      token.offset = at_;
      if (at_ == text_.size()) {
        tokens_.push_back(std::move(token));
        return std::move(tokens_);
      }
      COEVAL_RETURN_IF_ERROR(Next(&token));
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
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

std::size_t CountCharacters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace

bool Token::IsWord(std::string_view word) const {
  return kind == TokenKind::kName && text.size() == word.size() && LowerAscii(text) == word;
}

Result<std::vector<Token>> Tokenize(std::string_view text) {
  return Lexer(text).Run();
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

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace coeval
