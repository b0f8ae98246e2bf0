#include "config/setting_values.h"

#include <algorithm>
#include <set>

#include "base/suggest.h"
#include "config/setting.h"

namespace coeval {
namespace {

constexpr std::string_view kLocations = "locations";
constexpr std::string_view kEnvironments = "environments";

bool IsLocationName(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// The names that may stand at `prefix`: "port", "host", ... of "serve".
std::vector<std::string> NamesBelow(const std::string& prefix) {
  std::set<std::string> names;
  const std::string start = prefix.empty() ? "" : prefix + ".";
  for (const Setting& setting : AllSettings()) {
    if (!setting.key.starts_with(start)) continue;
    const std::string_view rest = setting.key.substr(start.size());
    names.emplace(rest.substr(0, rest.find('.')));
  }
  if (prefix.empty()) names.insert({std::string(kLocations), std::string(kEnvironments)});
  return {names.begin(), names.end()};
}

std::vector<std::string> AllKeys() {
  std::vector<std::string> keys;
  for (const Setting& setting : AllSettings()) keys.emplace_back(setting.key);
  return keys;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace

void SettingValues::Fail(const YamlNode& node, const std::string& message) {
  errors_->push_back(file_ + ":" + std::to_string(node.line) + ": " + message);
}

void SettingValues::AddFile(const YamlNode& root, const std::string& environment) {
  if (root.kind != YamlNode::Kind::kMap) {
    Fail(root, "a mapping is expected, such as `project: NAME`");
    return;
  }
  AddMembers(root, "", true);
  const YamlNode* environments = root.Find(kEnvironments);
  if (environments != nullptr) {
    AddEnvironments(*environments, environment);
  } else if (!environment.empty()) {
    Fail(root, "there is no environment '" + environment + "'; the file has no `environments:`");
  }
}

void SettingValues::AddEnvironments(const YamlNode& node, const std::string& environment) {
  if (node.kind != YamlNode::Kind::kMap) {
    if (node.kind != YamlNode::Kind::kNull)
      Fail(node, "environments: a mapping by name is expected");
    if (!environment.empty()) Fail(node, "there is no environment '" + environment + "'");
    return;
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const std::string& name = node.keys[i];
    const YamlNode& section = node.items[i];
    names.push_back(name);
    if (section.kind == YamlNode::Kind::kNull) continue;
    if (section.kind != YamlNode::Kind::kMap) {
      Fail(section, "environments." + name + ": a mapping of settings is expected");
      continue;
    }
    if (const YamlNode* inner = section.Find(kEnvironments); inner != nullptr) {
      Fail(*inner, "an environment has no environments of its own");
    }
    AddMembers(section, "", name == environment);
  }
  if (environment.empty() || std::find(names.begin(), names.end(), environment) != names.end())
    return;
  Fail(node, "there is no environment '" + environment + "'" + DidYouMean(environment, names));
}

bool SettingValues::IsLeaf(const std::string& key, const YamlNode& place) {
  if (FindSetting(key) != nullptr) return true;
  const std::string start = std::string(kLocations) + ".";
  if (!key.starts_with(start)) return false;
  if (!IsLocationName(key.substr(start.size()))) {
    Fail(place, key + ": a location's name has only letters, digits and '_'");
  }
  return true;
}

void SettingValues::AddMembers(const YamlNode& node, const std::string& prefix, bool counts) {
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const std::string& name = node.keys[i];
    const YamlNode& value = node.items[i];
    std::string key = prefix;
    key.append(prefix.empty() ? "" : ".").append(name);
    if (key == kEnvironments) continue;
    if (IsLeaf(key, value)) {
      AddLeaf(key, value, counts);
      continue;
    }
    if (key != kLocations && NamesBelow(key).empty()) {
      const std::vector<std::string> names = NamesBelow(prefix);
      Fail(value, "'" + key + "' is no setting" + DidYouMean(name, names));
      continue;
    }
    if (value.kind == YamlNode::Kind::kMap) {
      AddMembers(value, key, counts);
    } else if (value.kind != YamlNode::Kind::kNull) {
      Fail(value, key + ": a mapping is expected");
    }
  }
}

void SettingValues::AddLeaf(const std::string& key, const YamlNode& node, bool counts) {
  RawValue raw;
  raw.origin = file_ + ":" + std::to_string(node.line);
  const Setting* setting = FindSetting(key);
  const bool takes_list = setting != nullptr && setting->kind == SettingKind::kTexts;
  if (node.kind == YamlNode::Kind::kNull) return;
  if (node.kind == YamlNode::Kind::kScalar) {
    raw.texts.push_back(node.text);
  } else if (node.kind == YamlNode::Kind::kList && takes_list) {
    for (const YamlNode& item : node.items) {
      if (item.kind != YamlNode::Kind::kScalar) {
        Fail(item, key + ": a list of texts is expected");
        return;
      }
      raw.texts.push_back(item.text);
    }
  } else if (node.kind == YamlNode::Kind::kMap) {
    const YamlNode* path = node.Find("file");
    if (node.keys.size() != 1 || path == nullptr || path->kind != YamlNode::Kind::kScalar) {
      Fail(node, key + ": a value or {file: path} is expected");
      return;
    }
    raw.kind = RawValue::Kind::kFile;
    raw.texts.push_back(path->text);
  } else {
    Fail(node, key + ": one value is expected");
    return;
  }
  if (counts) values_[key] = std::move(raw);
}

void SettingValues::AddVariables(const std::map<std::string, std::string>& variables) {
  constexpr std::string_view common = "COEVAL_";
  const std::string location_prefix = VariableOf(kLocations) + "_";
  std::map<std::string, std::string> known;  // variable -> key
  std::vector<std::string> suffixes;
  for (const Setting& setting : AllSettings()) known[VariableOf(setting.key)] = setting.key;
  for (const auto& [key, value] : values_) known[VariableOf(key)] = key;
  suffixes.reserve(known.size());
  for (const auto& [name, key] : known) suffixes.push_back(name.substr(common.size()));
  for (const auto& [name, value] : variables) {
    if (!name.starts_with(common) || name == "COEVAL_ENV") continue;
    std::string key;
    if (const auto found = known.find(name); found != known.end()) {
      key = found->second;
    } else if (name.starts_with(location_prefix) && name.size() > location_prefix.size()) {
      key = std::string(kLocations) + "." + Lower(name.substr(location_prefix.size()));
    } else {
      // Other COEVAL_ variables may be somebody else's; one that is nearly ours is a mistake.
      const std::string nearest = Nearest(name.substr(common.size()), suffixes);
      if (!nearest.empty()) {
        std::string error = "the environment variable ";
        error.append(name)
            .append(" is no setting, did you mean COEVAL_")
            .append(nearest)
            .append("?");
        errors_->push_back(std::move(error));
      }
      continue;
    }
    values_[key] = {RawValue::Kind::kVerbatim, {value}, name, true};
  }
}

void SettingValues::AddFlags(const std::map<std::string, std::string>& flags) {
  for (const auto& [key, value] : flags) {
    const std::string start = std::string(kLocations) + ".";
    const bool location = key.starts_with(start) && IsLocationName(key.substr(start.size()));
    if (FindSetting(key) == nullptr && !location) {
      errors_->push_back("flag: '" + key + "' is no setting" + DidYouMean(key, AllKeys()));
      continue;
    }
    values_[key] = {RawValue::Kind::kVerbatim, {value}, "flag " + key, false};
  }
}

}  // namespace coeval
