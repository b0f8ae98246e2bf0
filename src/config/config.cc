#include "config/config.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/suggest.h"
#include "config/config_loader.h"
#include "config/setting.h"
#include "config/setting_values.h"
#include "config/yaml.h"
#include "io/files.h"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX declares it nowhere

namespace coeval {
namespace {

constexpr const char* kFileName = "coeval.yaml";
constexpr std::int64_t kMaxConfigBytes = std::int64_t{1} << 20;

bool IsName(std::string_view name) {
  return !name.empty() && (name[0] < '0' || name[0] > '9') &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

Result<std::string> AbsoluteFolder(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path path =
      std::filesystem::absolute(folder.empty() ? "." : folder, error);
  if (error) return Status::IoError(folder + ": " + error.message());
  std::string text = path.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

Status AllErrors(const std::vector<std::string>& errors) {
  if (errors.empty()) return {};
  if (errors.size() == 1) return Status::InvalidArgument(errors[0]);
  std::string text = std::to_string(errors.size()) + " mistakes in the configuration:";
  for (const std::string& error : errors) text.append("\n  ").append(error);
  return Status::InvalidArgument(std::move(text));
}

std::string EnvironmentOf(const ConfigOptions& options) {
  if (!options.environment.empty()) return options.environment;
  const auto variable = options.variables.find("COEVAL_ENV");
  return variable == options.variables.end() ? "" : variable->second;
}

}  // namespace

Result<Config> LoadConfig(const std::string& repository, const ConfigOptions& options) {
  Config config;
  COEVAL_ASSIGN_OR_RETURN(config.repository, AbsoluteFolder(repository));
  config.environment = EnvironmentOf(options);
  const Result<std::string> text = ReadFile(config.repository + "/" + kFileName, kMaxConfigBytes);
  if (text.status().code() == StatusCode::kNotFound) {
    return Status::NotFound(config.repository +
                            " holds no coeval.yaml; make a repository with `coeval "
                            "init NAME`, or name its folder with -C DIR");
  }
  if (!text.ok()) return text.status();
  COEVAL_ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(*text, kFileName));
  std::vector<std::string> errors;
  SettingValues values(kFileName, &errors);
  if (root.kind == YamlNode::Kind::kNull) {
    return Status::InvalidArgument("coeval.yaml is empty; add `project: NAME`");
  }
  values.AddFile(root, config.environment);
  values.AddVariables(options.variables);
  values.AddFlags(options.flags);
  ConfigLoader(values, options, &config, &errors).Load();
  COEVAL_RETURN_IF_ERROR(AllErrors(errors));
  return config;
}

Result<std::string> FindRepository(const std::string& start) {
  COEVAL_ASSIGN_OR_RETURN(const std::string first, AbsoluteFolder(start));
  for (std::filesystem::path folder = first;; folder = folder.parent_path()) {
    std::error_code error;
    if (std::filesystem::exists(folder / kFileName, error)) return folder.string();
    if (folder == folder.parent_path()) break;
  }
  return Status::NotFound("neither " + first +
                          " nor a folder above it holds coeval.yaml; make a "
                          "repository with `coeval init NAME`, or name its folder with -C DIR");
}

Result<BoundText> Config::BindPath(std::string_view path) const {
  std::string text;
  std::string shown;
  bool secret = false;
  while (!path.empty()) {
    const std::size_t open = path.find('{');
    text.append(path.substr(0, open));
    shown.append(path.substr(0, open));
    if (open == std::string_view::npos) break;
    path.remove_prefix(open);
    const std::size_t close = path.find('}');
    const std::string_view name =
        close == std::string_view::npos ? std::string_view() : path.substr(1, close - 1);
    if (!IsName(name)) {  // a brace of a file's name
      text += '{';
      shown += '{';
      path.remove_prefix(1);
      continue;
    }
    const auto location = locations.find(std::string(name));
    if (location == locations.end()) {
      std::vector<std::string> names;
      names.reserve(locations.size());
      for (const auto& [other, value] : locations) names.push_back(other);
      return Status::InvalidArgument("no location is bound to {" + std::string(name) + "}" +
                                     DidYouMean(name, names) + "; add `locations: {" +
                                     std::string(name) + ": ...}` to coeval.yaml, or set " +
                                     VariableOf("locations." + std::string(name)));
    }
    text += location->second.value.Reveal();
    shown += location->second.shown;
    if (location->second.shown != location->second.value.Reveal()) secret = true;
    path.remove_prefix(close + 1);
  }
  const bool absolute = text.starts_with('/') || text.find("://") != std::string::npos;
  if (!absolute) text.insert(0, repository + "/");
  if (!secret) shown = text;
  return BoundText{Secret(std::move(text)), std::move(shown)};
}

std::string Config::Redact(std::string text) const {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto secret = std::find_if(secrets_.begin(), secrets_.end(), [&](const auto& item) {
      return text.compare(at, item.first.size(), item.first) == 0;
    });
    if (secret == secrets_.end()) {
      out += text[at++];
    } else {
      out += secret->second;
      at += secret->first.size();
    }
  }
  return out;
}

Status Config::Redact(const Status& status) const {
  return status.ok() ? status : Status(status.code(), Redact(status.message()));
}

Json Config::Dump() const {
  return dump_;
}

std::map<std::string, std::string> ProcessEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

}  // namespace coeval
