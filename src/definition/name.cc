#include "definition/name.h"

#include <cstddef>

#include "base/utf8.h"

namespace coeval {
namespace {

constexpr std::size_t kMaxName = 200;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

std::string TooLong(std::string_view name) {
  return "a name has at most " + std::to_string(kMaxName) + " bytes, this one has " +
         std::to_string(name.size());
}

}  // namespace

std::string FoldName(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

std::string WhyBadObjectName(std::string_view name) {
  if (name.empty()) return "a name may not be empty";
  if (name.size() > kMaxName) return TooLong(name);
  if (!IsLetter(name[0]) && name[0] != '_') return "a name begins with a letter or '_'";
  for (const char c : name) {
    if (IsLetter(c) || IsDigit(c) || c == '_' || c == '-') continue;
    if (c == ':' || c == '@') {
      return std::string("'") + c + "' belongs to references (view@v3:feature) and not to names";
    }
    return "a name has only letters, digits, '_' and '-'";
  }
  if (name.find("__") != std::string_view::npos) {
    return "'__' is reserved (view__feature, view__v3); use one '_'";
  }
  return "";
}

std::string WhyBadFieldName(std::string_view name) {
  if (name.empty()) return "a name may not be empty";
  if (name.size() > kMaxName) return TooLong(name);
  if (!IsUtf8(name)) return "a name must be UTF-8";
  if (name.front() == ' ' || name.back() == ' ') return "a name has no blank at either end";
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      return "a name has no control characters";
    if (c == ':' || c == '*') {
      return std::string("'") + c +
             "' belongs to references (view:feature, view:*) and not to names";
    }
  }
  return "";
}

std::string WhyBadVersionLabel(std::string_view label) {
  if (label.size() > kMaxName) return TooLong(label);
  if (label == "latest" || label == "active") return "this word means a version by itself";
  bool all_digits = true;
  for (const char c : label) {
    if (!IsDigit(c)) all_digits = false;
    if (!IsLetter(c) && !IsDigit(c) && c != '.' && c != '-') {
      return "a version label has only letters, digits, '.' and '-'";
    }
  }
  if (label.empty() || all_digits)
    return "a plain number is a version's own; write \"1.0\" instead";
  return "";
}

}  // namespace coeval
