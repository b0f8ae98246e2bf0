#include "registry/difference.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/time.h"

namespace coeval {
namespace {

constexpr std::array<std::string_view, 7> kDurations = {
    "ttl", "sla", "every", "data_delay", "lateness", "overlap", "max_future"};

std::string LastPart(const std::string& path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string::npos ? path : path.substr(dot + 1);
}

// A value in as few words as possible; what is absent is at its default.
std::string Shown(const std::string& path, const Json* value) {
  if (value == nullptr || value->is_null()) return "none";
  const std::string name = LastPart(path);
  if (value->is_int() &&
      std::find(kDurations.begin(), kDurations.end(), name) != kDurations.end()) {
    return FormatDuration(value->AsInt());
  }
  if (value->is_string()) return value->AsString();
  std::string text = value->Write();
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

// How an element of a list is known: "temp", "weather as there"; "" where it has no name.
std::string NameOf(const Json& item) {
  if (!item.is_object()) return "";
  std::string name = item.GetString("name");
  if (!name.empty()) return name;
  const std::string alias = item.GetString("alias");
  return alias.empty() ? item.GetString("view") : alias;
}

bool HasUniqueNames(const Json& list) {
  std::vector<std::string> names;
  for (const Json& item : list.array()) {
    const std::string name = NameOf(item);
    if (name.empty() || std::find(names.begin(), names.end(), name) != names.end()) return false;
    names.push_back(name);
  }
  return true;
}

const Json* FindNamed(const Json& list, const std::string& name) {
  for (const Json& item : list.array()) {
    if (NameOf(item) == name) return &item;
  }
  return nullptr;
}

std::string Kind(const Json& item) {
  const std::string type = item.GetString("type");
  return type.empty() ? "" : " (" + type + ")";
}

void CompareObjects(const Json& before, const Json& after, const std::string& prefix,
                    std::vector<std::string>* lines);

void CompareLists(const Json& before, const Json& after, const std::string& path,
                  std::vector<std::string>* lines) {
  std::vector<std::string> kept_before;
  std::vector<std::string> kept_after;
  for (const Json& item : before.array()) {
    const std::string name = NameOf(item);
    if (FindNamed(after, name) == nullptr) {
      lines->push_back(path + "." + name + ": removed" + Kind(item));
    } else {
      kept_before.push_back(name);
    }
  }
  for (const Json& item : after.array()) {
    const std::string name = NameOf(item);
    const Json* old = FindNamed(before, name);
    if (old == nullptr) {
      lines->push_back(path + "." + name + ": added" + Kind(item));
      continue;
    }
    kept_after.push_back(name);
    CompareObjects(*old, item, path + "." + name + ".", lines);
  }
  if (kept_before != kept_after) lines->push_back(path + ": order changed");
}

void CompareMembers(const Json* before, const Json* after, const std::string& path,
                    std::vector<std::string>* lines) {
  if (before != nullptr && after != nullptr) {
    if (*before == *after && before->Write() == after->Write()) return;
    if (before->is_object() && after->is_object()) {
      return CompareObjects(*before, *after, path + ".", lines);
    }
    if (before->is_array() && after->is_array() && HasUniqueNames(*before) &&
        HasUniqueNames(*after)) {
      return CompareLists(*before, *after, path, lines);
    }
  }
  // A list of named things that was empty, or became so.
  const Json* list = before != nullptr ? before : after;
  if ((before == nullptr || after == nullptr) && list->is_array() && HasUniqueNames(*list) &&
      !list->array().empty()) {
    const Json nothing = Json::MakeArray();
    return CompareLists(before != nullptr ? *before : nothing, after != nullptr ? *after : nothing,
                        path, lines);
  }
  lines->push_back(path + ": " + Shown(path, before) + " -> " + Shown(path, after));
}

void CompareObjects(const Json& before, const Json& after, const std::string& prefix,
                    std::vector<std::string>* lines) {
  for (const auto& [name, value] : before.object()) {
    CompareMembers(&value, after.Find(name), prefix + name, lines);
  }
  for (const auto& [name, value] : after.object()) {
    if (before.Find(name) == nullptr) CompareMembers(nullptr, &value, prefix + name, lines);
  }
}

}  // namespace

std::vector<std::string> Differences(const Json& before, const Json& after,
                                     const std::string& prefix) {
  std::vector<std::string> lines;
  CompareObjects(before, after, prefix.empty() ? "" : prefix + ".", &lines);
  return lines;
}

}  // namespace coeval
