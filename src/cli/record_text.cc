#include "cli/record_text.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/terminal.h"

namespace coeval {
namespace {

bool IsEmpty(const Json& value) {
  if (value.is_string()) return value.AsString().empty();
  if (value.is_array()) return value.array().empty();
  if (value.is_object()) return value.object().empty();
  return value.is_null();
}

bool IsObjectList(const Json& value) {
  return value.is_array() && !value.array().empty() &&
         std::all_of(value.array().begin(), value.array().end(),
                     [](const Json& item) { return item.is_object(); });
}

// Shown beside its name.
bool IsPlain(const Json& value) {
  return !value.is_object() && !IsObjectList(value);
}

std::string Indented(std::string_view lines) {
  std::string text;
  while (!lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    text.append("  ").append(lines.substr(0, end)).append("\n");
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  if (!text.empty()) text.pop_back();
  return text;
}

// The plain members, their values in one column.
std::string PlainMembers(const Json& record) {
  std::size_t width = 0;
  for (const auto& [name, value] : record.object()) {
    if (!IsEmpty(value) && IsPlain(value)) width = std::max(width, name.size());
  }
  std::string text;
  for (const auto& [name, value] : record.object()) {
    if (IsEmpty(value) || !IsPlain(value)) continue;
    text += Paint(name, Colour::kBold) + std::string(width + 2 - name.size(), ' ') +
            CellText(value) + "\n";
  }
  return text;
}

}  // namespace

std::string RecordText(const Json& record) {
  std::string text = PlainMembers(record);
  for (const auto& [name, value] : record.object()) {
    if (IsEmpty(value) || IsPlain(value)) continue;
    text += (text.empty() ? "" : "\n") + Paint(name, Colour::kBold) + "\n" +
            Indented(value.is_object() ? RecordText(value) : TableText(value)) + "\n";
  }
  if (!text.empty()) text.pop_back();
  return text;
}

std::string TableText(const Json& objects) {
  std::vector<std::string> members;
  for (const Json& object : objects.array()) {
    for (const auto& [name, value] : object.object()) {
      if (IsEmpty(value) || !IsPlain(value)) continue;
      if (std::find(members.begin(), members.end(), name) == members.end()) {
        members.push_back(name);
      }
    }
  }
  return FormatTable(members, objects);
}

}  // namespace coeval
