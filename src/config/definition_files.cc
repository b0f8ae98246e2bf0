#include "config/definition_files.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "config/yaml.h"
#include "io/files.h"
#include "io/glob.h"

namespace coeval {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 10'000;

bool IsOfPython(const fs::path& path) {
  return std::find(path.begin(), path.end(), "__pycache__") != path.end();
}

// The files that a pattern names, below the repository.
Status AddMatches(const std::string& repository, const std::string& pattern,
                  std::set<std::string>* found) {
  GlobOptions options;
  options.folder = repository;
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> paths, Glob(pattern, options));
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (IsOfPython(path) || fs::is_directory(fs::path(repository) / path, ignored)) continue;
    found->insert(path);
  }
  if (found->size() > kMaxFiles) {
    return Status::InvalidArgument("definitions: more than " + std::to_string(kMaxFiles) +
                                   " files; name them more closely");
  }
  return {};
}

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() > end.size() && std::string_view(text).substr(text.size() - end.size()) == end;
}

constexpr const char* kLists[] = {"entities", "sources", "feature_views", "on_demand_feature_views",
                                  "feature_services"};

}  // namespace

Result<DefinitionFiles> FindDefinitionFiles(const Config& config) {
  DefinitionFiles files;
  std::set<std::string> found;
  for (const std::string& pattern : config.definitions) {
    const fs::path path = fs::path(pattern).lexically_normal();
    if (path.empty() || path.is_absolute() || *path.begin() == "..") {
      return Status::InvalidArgument("definitions: '" + pattern + "' is not below the repository");
    }
    if (IsGlobPattern(pattern)) {
      COEVAL_RETURN_IF_ERROR(AddMatches(config.repository, path.generic_string(), &found));
      continue;
    }
    std::error_code error;
    if (!fs::exists(config.repository / path, error)) {
      return Status::NotFound("definitions: there is no file '" + pattern + "' in " +
                              config.repository);
    }
    found.insert(path.generic_string());
  }
  for (const std::string& file : found) {
    if (file == "coeval.yaml") continue;
    if (EndsWith(file, ".py")) {
      files.python.push_back(file);
    } else if (EndsWith(file, ".yaml") || EndsWith(file, ".yml")) {
      files.yaml.push_back(file);
    } else {
      return Status::InvalidArgument("definitions: '" + file + "' is neither .py nor .yaml");
    }
  }
  return files;
}

Result<Json> DefinitionsFromYaml(std::string_view text, const std::string& file) {
  COEVAL_ASSIGN_OR_RETURN(const YamlNode root, ParseYaml(text, file));
  if (root.kind == YamlNode::Kind::kNull) return Json::MakeObject();
  if (root.kind != YamlNode::Kind::kMap) {
    return Status::InvalidArgument(YamlPlace(root, file) +
                                   ": a mapping is expected, with the lists entities, sources, "
                                   "feature_views, on_demand_feature_views, feature_services");
  }
  COEVAL_ASSIGN_OR_RETURN(Json document, YamlToJson(root, file));
  for (std::size_t n = 0; n < root.keys.size(); ++n) {
    const std::string& name = root.keys[n];
    const YamlNode& node = root.items[n];
    const bool known = std::find(std::begin(kLists), std::end(kLists), name) != std::end(kLists);
    if (!known) {
      return Status::InvalidArgument(
          YamlPlace(node, file) + ": '" + name +
          "' is no list of definitions; entities, sources, feature_views, "
          "on_demand_feature_views and feature_services are. A file that holds "
          "none: name the others under `definitions:` in coeval.yaml");
    }
    if (node.kind == YamlNode::Kind::kNull) continue;
    if (node.kind != YamlNode::Kind::kList) {
      return Status::InvalidArgument(YamlPlace(node, file) + ": " + name + ": a list is expected");
    }
    Json list = *document.Find(name);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (!list.array()[i].is_object()) {
        return Status::InvalidArgument(YamlPlace(node.items[i], file) + ": " + name +
                                       ": a mapping is expected here");
      }
      list.array()[i].Set("where", file + ":" + std::to_string(node.items[i].line));
    }
    document.Set(name, std::move(list));
  }
  return document;
}

Result<Json> ReadYamlDefinitions(const Config& config, const std::string& file) {
  COEVAL_ASSIGN_OR_RETURN(
      const std::string text,
      ReadFile(config.repository + "/" + file, static_cast<std::int64_t>(kMaxYamlBytes)));
  return DefinitionsFromYaml(text, file);
}

}  // namespace coeval
