#include "expression/json_path.h"

#include <bitset>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"

namespace coeval {

namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsSpace(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

bool IsPlain(char c) {  // in a name without quotes
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The end of the string that begins at text[at], behind its closing quote; npos where it has none.
std::size_t EndOfString(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

Status BadPath(std::string_view text, std::size_t at, std::string_view what) {
  return Status::InvalidArgument(
      fmt::format("the path '{}' is wrong at its character {}: {}; write $, .name, .\"any name\" "
                  "and [0]",
                  text, at + 1, what));
}

// Reads a document and follows the path at the same time. Every method that reads leaves at_ behind
// what it read and gives false where that is malformed, having said what is wrong.
class Scanner {
 public:
  Scanner(std::string_view text, const JsonPath& path) : text_(text), path_(path) {}

  JsonFound Run() {
    SkipSpace();
    if (Follow(0)) {
      SkipSpace();
      if (at_ < text_.size()) Fail("more text after the document");
    }
    if (!result_.malformed.empty()) result_.found = false;
    result_.at = at_;
    return result_;
  }

 private:
  bool Fail(std::string_view what) {
    result_.malformed = what;
    return false;
  }

  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool Take(char c) {
    if (Peek() != c || at_ >= text_.size()) return false;
    ++at_;
    return true;
  }

  // The value here stands where the first `step` steps of the path lead.
  bool Follow(std::size_t step) {
    if (step == path_.size()) {
      const std::size_t start = at_;
      if (!Skip()) return false;
      result_.found = true;
      result_.text = text_.substr(start, at_ - start);
      return true;
    }
    const JsonStep& next = path_[step];
    if (Peek() == (next.is_index ? '[' : '{')) {
      ++depth_;
      ++at_;
      const bool good = next.is_index ? FollowElement(next, step) : FollowMember(next, step);
      --depth_;
      return good;
    }
    return Skip();
  }

  bool FollowElement(const JsonStep& next, std::size_t step) {
    SkipSpace();
    if (Take(']')) return true;
    for (std::int64_t i = 0;; ++i) {
      SkipSpace();
      if (!(i == next.index ? Follow(step + 1) : Skip())) return false;
      SkipSpace();
      if (Take(']')) return true;
      if (!Take(',')) return Fail("no ',' or ']' after an element");
    }
  }

  bool FollowMember(const JsonStep& next, std::size_t step) {
    SkipSpace();
    if (Take('}')) return true;
    for (bool met = false;;) {
      std::string_view name;
      if (!ReadName(&name)) return false;
      const bool wanted = !met && Names(name, next.name);
      met = met || wanted;
      if (!(wanted ? Follow(step + 1) : Skip())) return false;
      SkipSpace();
      if (Take('}')) return true;
      if (!Take(',')) return Fail("no ',' or '}' after a member");
    }
  }

  static bool Names(std::string_view quoted, std::string_view name) {
    if (quoted.find('\\') != std::string_view::npos) return JsonStringText(quoted) == name;
    return quoted.substr(1, quoted.size() - 2) == name;
  }

  // `"name" :` and the white space behind it.
  bool ReadName(std::string_view* name) {
    SkipSpace();
    const std::size_t start = at_;
    if (Peek() != '"') return Fail("no '\"' where a member's name is expected");
    if (!SkipString()) return false;
    *name = text_.substr(start, at_ - start);
    SkipSpace();
    if (!Take(':')) return Fail("no ':' after a member's name");
    SkipSpace();
    return true;
  }

  // One value of any kind, without recursion: `objects` tells of each open bracket which it is.
  bool Skip() {
    SkipSpace();
    if (Peek() != '{' && Peek() != '[') return SkipScalar(Peek());
    std::bitset<kMaxJsonDepth> objects;
    const int outside = depth_;
    for (;;) {
      SkipSpace();
      const char c = Peek();
      if (c == '{' || c == '[') {
        if (depth_ >= kMaxJsonDepth) return Fail("nested too deep");
        objects[static_cast<std::size_t>(depth_++)] = c == '{';
        ++at_;
        SkipSpace();
        if (!Take(c == '{' ? '}' : ']')) {
          std::string_view name;
          if (c == '{' && !ReadName(&name)) return false;
          continue;
        }
        --depth_;
      } else if (!SkipScalar(c)) {
        return false;
      }
      // Behind a value: close what ends here, then the next one.
      for (bool more = false; !more;) {
        if (depth_ == outside) return true;
        const bool object = objects[static_cast<std::size_t>(depth_ - 1)];
        SkipSpace();
        if (Take(object ? '}' : ']')) {
          --depth_;
          continue;
        }
        if (!Take(','))
          return Fail(object ? "no ',' or '}' after a member" : "no ',' or ']' after an element");
        std::string_view name;
        if (object && !ReadName(&name)) return false;
        more = true;
      }
    }
  }

  bool SkipScalar(char c) {
    switch (c) {
      case '"':
        return SkipString();
      case 't':
        return SkipWord("true");
      case 'f':
        return SkipWord("false");
      case 'n':
        return SkipWord("null");
      default:
        return SkipNumber();
    }
  }

  bool SkipWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return Fail("an unknown word");
    at_ += word.size();
    return true;
  }

  bool SkipString() {
    const std::size_t start = at_;
    bool escapes = false;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        return Fail("a control character in a string");
      }
      if (text_[at_] != '\\') continue;
      escapes = true;
      ++at_;
    }
    if (at_ >= text_.size()) return Fail("a string without end");
    ++at_;
    if (!escapes || ParseJson(text_.substr(start, at_ - start)).ok()) return true;
    at_ = start;
    return Fail("an unknown escape or half a surrogate pair in a string");
  }

  bool SkipDigits() {
    const std::size_t start = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ > start;
  }

  bool SkipNumber() {
    if (at_ >= text_.size()) return Fail("the text ends where a value is expected");
    Take('-');
    if (!Take('0') && !SkipDigits()) return Fail("no value");
    if (Take('.') && !SkipDigits()) return Fail("no digit after '.'");
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!SkipDigits()) return Fail("no digit in an exponent");
    }
    return true;
  }

  std::string_view text_;
  const JsonPath& path_;
  std::size_t at_ = 0;
  int depth_ = 0;
  JsonFound result_;
};

}  // namespace

Result<JsonPath> ParseJsonPath(std::string_view text) {
  if (text.empty() || text[0] != '$') return BadPath(text, 0, "it does not begin with $");
  JsonPath path;
  for (std::size_t at = 1; at < text.size();) {
    JsonStep step;
    const char kind = text[at];
    const std::size_t start = at + 1;
    if (kind == '.' && start < text.size() && text[start] == '"') {
      const std::size_t end = EndOfString(text, start);
      const Result<Json> name =
          ParseJson(end == std::string_view::npos ? "" : text.substr(start, end - start));
      if (!name.ok()) return BadPath(text, start, "the name in quotes is no JSON string");
      step.name = name->AsString();
      at = end;
    } else if (kind == '.') {
      for (at = start; at < text.size() && IsPlain(text[at]);) ++at;
      if (at == start) return BadPath(text, start, "a name is missing");
      step.name = std::string(text.substr(start, at - start));
    } else if (kind == '[') {
      step.is_index = true;
      const char* const end = text.data() + text.size();
      const auto [behind, error] = std::from_chars(text.data() + start, end, step.index);
      const bool good = error == std::errc() && step.index >= 0 && IsDigit(text[start]);
      if (!good || behind == end || *behind != ']') {
        return BadPath(text, start, "a position such as [0] is expected");
      }
      at = static_cast<std::size_t>(behind - text.data()) + 1;
    } else {
      return BadPath(text, at, "neither . nor [");
    }
    path.push_back(std::move(step));
    if (path.size() > kMaxJsonSteps) {
      return BadPath(text, start, fmt::format("more than {} steps", kMaxJsonSteps));
    }
  }
  return path;
}

JsonFound FindInJson(std::string_view text, const JsonPath& path) {
  return Scanner(text, path).Run();
}

std::string JsonStringText(std::string_view quoted) {
  const Result<Json> string = ParseJson(quoted);
  return string.ok() && string->is_string() ? string->AsString() : std::string();
}

void AppendCompactJson(std::string_view text, std::string* out) {
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at + 1;
    if (text[at] == '"') end = EndOfString(text, at);
    if (!IsSpace(text[at])) out->append(text.substr(at, end - at));
    at = end;
  }
}

}  // namespace coeval
