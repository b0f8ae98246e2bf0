#include "config/expand.h"

#include "base/suggest.h"
#include "io/files.h"

namespace coeval {
namespace {

bool IsVariableName(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && c != '_' && (c < '0' || c > '9')) return false;
  }
  return true;
}

Status Unset(std::string_view name, const std::map<std::string, std::string>& variables) {
  std::vector<std::string> names;
  names.reserve(variables.size());
  for (const auto& [other, value] : variables) names.push_back(other);
  return Status::InvalidArgument("the environment variable " + std::string(name) + " is not set" +
                                 DidYouMean(name, names) + "; set it, or give a default: ${" +
                                 std::string(name) + ":-...}");
}

}  // namespace

Result<Expanded> ExpandVariables(std::string_view text,
                                 const std::map<std::string, std::string>& variables) {
  Expanded out;
  while (!text.empty()) {
    const std::size_t dollar = text.find('$');
    out.text.append(text.substr(0, dollar));
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      out.text += '$';
      text.remove_prefix(2);
      continue;
    }
    if (!text.starts_with("${")) {
      out.text += '$';
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = text.find('}');
    if (end == std::string_view::npos) {
      return Status::InvalidArgument("'${' without '}' (write $$ for a dollar)");
    }
    const std::string_view inside = text.substr(2, end - 2);
    const std::size_t otherwise = inside.find(":-");
    const std::string_view name = inside.substr(0, otherwise);
    if (!IsVariableName(name)) {
      return Status::InvalidArgument("'${" + std::string(inside) +
                                     "}' names no environment variable");
    }
    const auto found = variables.find(std::string(name));
    const bool set =
        found != variables.end() && (!found->second.empty() || otherwise == std::string_view::npos);
    if (set) {
      out.text += found->second;
      out.secrets.emplace_back(found->second, "${" + std::string(name) + "}");
    } else if (otherwise != std::string_view::npos) {
      out.text += inside.substr(otherwise + 2);
    } else {
      return Unset(name, variables);
    }
    text.remove_prefix(end + 1);
  }
  return out;
}

Result<std::string> ReadValueFile(const std::string& path) {
  COEVAL_ASSIGN_OR_RETURN(std::string text, ReadFile(path, 64 << 10));
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace coeval
