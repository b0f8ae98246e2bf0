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

bool IsLeftOut(const std::string& name) {
  return name.starts_with('.') || name == "__pycache__";
}

Status Walk(const fs::path& root, const fs::path& folder, fs::path::const_iterator part,
            fs::path::const_iterator end, std::set<std::string>* found) {
  const std::string pattern = part->string();
  const auto next = std::next(part);
  const bool any_folders = pattern == "**";
  if (any_folders && next != end) COEVAL_RETURN_IF_ERROR(Walk(root, folder, next, end, found));
  std::error_code error;
  fs::directory_iterator entries(root / folder, error);
  if (error) return Status::IoError((root / folder).string() + ": " + error.message());
  for (; entries != fs::directory_iterator(); entries.increment(error)) {
    if (error) return Status::IoError((root / folder).string() + ": " + error.message());
    const std::string name = entries->path().filename().string();
    if (IsLeftOut(name)) continue;
    std::error_code ignored;
    const bool is_folder = entries->is_directory(ignored) && !entries->is_symlink(ignored);
    const fs::path path = folder / name;
    if (any_folders) {
      if (is_folder) COEVAL_RETURN_IF_ERROR(Walk(root, path, part, end, found));
      if (next == end && !is_folder) found->insert(path.generic_string());
    } else if (MatchesGlobName(pattern, name)) {
      if (next == end && !is_folder) found->insert(path.generic_string());
      if (next != end && is_folder) COEVAL_RETURN_IF_ERROR(Walk(root, path, next, end, found));
    }
    if (found->size() > kMaxFiles) {
      return Status::InvalidArgument("definitions: more than " + std::to_string(kMaxFiles) +
                                     " files; name them more closely");
    }
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
      COEVAL_RETURN_IF_ERROR(Walk(config.repository, "", path.begin(), path.end(), &found));
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
