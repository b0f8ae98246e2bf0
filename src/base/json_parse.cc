// ParseJson: RFC 8259, nothing more, by recursive descent. Our own rather than simdjson's, because
// an error in a file written by hand must name its line and column, which simdjson's DOM cannot.
#include <fast_float/fast_float.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>
#include <unordered_set>

#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"

namespace coeval {

namespace {

class Parser {
 public:
  Parser(std::string_view text, int max_depth) : text_(text), max_depth_(max_depth) {}

  Result<Json> Parse() {
    if (const std::size_t bad = FindInvalidUtf8(text_); bad != std::string_view::npos) {
      at_ = bad;
      return Fail("bytes that are not UTF-8");
    }
    Json json;
    COEVAL_RETURN_IF_ERROR(ParseValue(&json, 0));
    SkipSpace();
    if (at_ < text_.size()) return Fail("more text after the document");
    return json;
  }

 private:
  [[nodiscard]] Status Fail(std::string_view what) const {
    const std::string_view before = text_.substr(0, at_);
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const std::size_t last_newline = before.rfind('\n');
    const std::size_t column =
        last_newline == std::string_view::npos ? at_ + 1 : at_ - last_newline;
    return Status::InvalidArgument(
        fmt::format("malformed JSON: {} at byte {} (line {}, column {})", what, at_, line, column));
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  [[nodiscard]] bool PeekDigit() const { return Peek() >= '0' && Peek() <= '9'; }

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Status ParseValue(Json* out, int depth) {
    SkipSpace();
    if (at_ >= text_.size()) return Fail("the text ends where a value is expected");
    switch (Peek()) {
      case '{':
        return ParseObject(out, depth);
      case '[':
        return ParseArray(out, depth);
      case '"': {
        std::string text;
        COEVAL_RETURN_IF_ERROR(ParseString(&text));
        *out = Json(std::move(text));
        return {};
      }
      case 't':
        return ParseWord("true", Json(true), out);
      case 'f':
        return ParseWord("false", Json(false), out);
      case 'n':
        return ParseWord("null", Json(), out);
      default:
        return ParseNumber(out);
    }
  }

  Status ParseWord(std::string_view word, Json value, Json* out) {
    if (text_.substr(at_, word.size()) != word) return Fail("an unknown word");
    at_ += word.size();
    *out = std::move(value);
    return {};
  }

  Status ParseArray(Json* out, int depth) {
    if (depth >= max_depth_) return Fail(fmt::format("more than {} levels", max_depth_));
    ++at_;
    *out = Json::MakeArray();
    SkipSpace();
    if (Take(']')) return {};
    for (;;) {
      COEVAL_RETURN_IF_ERROR(ParseValue(&out->array().emplace_back(), depth + 1));
      SkipSpace();
      if (Take(']')) return {};
      if (!Take(',')) return Fail("no ',' or ']' after an element");
    }
  }

  Status ParseObject(Json* out, int depth) {
    if (depth >= max_depth_) return Fail(fmt::format("more than {} levels", max_depth_));
    ++at_;
    Json::Object members;
    std::unordered_set<std::string> keys;
    SkipSpace();
    bool open = !Take('}');
    while (open) {
      SkipSpace();
      if (Peek() != '"') return Fail("no '\"' where a member's name is expected");
      const std::size_t key_at = at_;
      auto& member = members.emplace_back();
      COEVAL_RETURN_IF_ERROR(ParseString(&member.first));
      if (!keys.insert(member.first).second) {
        at_ = key_at;
        return Fail(fmt::format("a second member \"{}\"", member.first));
      }
      SkipSpace();
      if (!Take(':')) return Fail("no ':' after a member's name");
      COEVAL_RETURN_IF_ERROR(ParseValue(&member.second, depth + 1));
      SkipSpace();
      open = !Take('}');
      if (open && !Take(',')) return Fail("no ',' or '}' after a member");
    }
    *out = Json::FromMembers(std::move(members));
    return {};
  }

  Status ParseString(std::string* out) {
    ++at_;
    for (;;) {
      if (at_ >= text_.size()) return Fail("a string without end");
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return Fail("a control character in a string");
      if (c == '"') {
        ++at_;
        return {};
      }
      if (c == '\\') {
        COEVAL_RETURN_IF_ERROR(ParseEscape(out));
      } else {
        out->push_back(c);
        ++at_;
      }
    }
  }

  Status ParseEscape(std::string* out) {
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";
    const char name = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (name == 'u') return ParseUnicodeEscape(out);
    const std::size_t found = kNames.find(name);
    if (found == std::string_view::npos || name == '\0') return Fail("an unknown escape");
    out->push_back(kMeanings[found]);
    at_ += 2;
    return {};
  }

  // Four hex digits after \u at `at`, or -1.
  [[nodiscard]] std::int32_t HexAt(std::size_t at) const {
    if (at + 6 > text_.size() || text_[at] != '\\' || text_[at + 1] != 'u') return -1;
    std::uint32_t value = 0;
    const char* end = text_.data() + at + 6;
    const auto parsed = std::from_chars(text_.data() + at + 2, end, value, 16);
    return parsed.ec == std::errc() && parsed.ptr == end ? static_cast<std::int32_t>(value) : -1;
  }

  Status ParseUnicodeEscape(std::string* out) {
    const std::int32_t first = HexAt(at_);
    if (first < 0) return Fail("\\u without four hex digits");
    if (first >= 0xD800 && first <= 0xDFFF) {
      const std::int32_t second = HexAt(at_ + 6);
      if (first > 0xDBFF || second < 0xDC00 || second > 0xDFFF)
        return Fail("half a surrogate pair");
      AppendUtf8(static_cast<std::uint32_t>(0x10000 + (first - 0xD800) * 0x400 + second - 0xDC00),
                 out);
      at_ += 12;
      return {};
    }
    AppendUtf8(static_cast<std::uint32_t>(first), out);
    at_ += 6;
    return {};
  }

  Status ParseNumber(Json* out) {
    const std::size_t start = at_;
    Take('-');
    if (!PeekDigit()) {
      at_ = start;
      return Fail("no value");
    }
    if (!Take('0')) {
      while (PeekDigit()) ++at_;
    }
    bool integer = true;
    if (Take('.')) {
      integer = false;
      if (!PeekDigit()) return Fail("no digit after '.'");
      while (PeekDigit()) ++at_;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      ++at_;
      integer = false;
      if (!Take('+')) Take('-');
      if (!PeekDigit()) return Fail("no digit in an exponent");
      while (PeekDigit()) ++at_;
    }
    return integer ? ConvertInteger(start, out) : ConvertDouble(start, out);
  }

  Status ConvertInteger(std::size_t start, Json* out) {
    std::int64_t value = 0;
    if (std::from_chars(text_.data() + start, text_.data() + at_, value).ec != std::errc()) {
      at_ = start;
      return Fail("an integer that does not fit 64 bits");
    }
    *out = Json(value);
    return {};
  }

  Status ConvertDouble(std::size_t start, Json* out) {
    double value = 0;
    const auto parsed = fast_float::from_chars(text_.data() + start, text_.data() + at_, value);
    if (parsed.ec != std::errc() || !std::isfinite(value)) {
      at_ = start;
      return Fail("a number that does not fit 64 bits");
    }
    *out = Json(value);
    return {};
  }

  std::string_view text_;
  int max_depth_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Json> ParseJson(std::string_view text, int max_depth) {
  return Parser(text, max_depth).Parse();
}

}  // namespace coeval
