#include "source/glob.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/status.h"

namespace coeval {

namespace fs = std::filesystem;

namespace {

constexpr int kMaxDepth = 64;  // also ends a walk through links that form a ring

bool IsHidden(std::string_view name) {
  return name.starts_with('.') || name.starts_with('_');
}

std::vector<std::string> Parts(const std::string& path) {
  std::vector<std::string> parts;
  std::size_t start = 0;
  while (start <= path.size()) {
    const std::size_t slash = std::min(path.find('/', start), path.size());
    if (slash > start) parts.push_back(path.substr(start, slash - start));
    start = slash + 1;
  }
  return parts;
}

std::string Join(const std::string& folder, const std::string& name) {
  return folder.empty() || folder.back() == '/' ? folder + name : folder + "/" + name;
}

// The names in a folder; none where it is not there.
Result<std::vector<std::string>> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  fs::directory_iterator it(folder.empty() ? "." : folder, failed);
  if (failed == std::errc::no_such_file_or_directory || failed == std::errc::not_a_directory) {
    return names;
  }
  for (; !failed && it != fs::directory_iterator(); it.increment(failed)) {
    names.push_back(it->path().filename().string());
  }
  if (failed) return Status::IoError("cannot list folder " + folder + ": " + failed.message());
  std::sort(names.begin(), names.end());
  return names;
}

bool IsFolder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool Exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

Status Expand(const std::string& folder, const std::vector<std::string>& parts, std::size_t next,
              int depth, std::vector<std::string>* found) {
  if (next == parts.size()) {
    if (Exists(folder)) found->push_back(folder);
    return {};
  }
  const std::string& part = parts[next];
  if (!HasWildCard(part)) return Expand(Join(folder, part), parts, next + 1, depth, found);
  if (depth > kMaxDepth) {
    return Status::InvalidArgument("folders are nested more than 64 deep below " + folder);
  }
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder));
  if (part == "**") {
    COEVAL_RETURN_IF_ERROR(Expand(folder, parts, next + 1, depth, found));
    for (const std::string& name : names) {
      const std::string path = Join(folder, name);
      if (!IsHidden(name) && IsFolder(path)) {
        COEVAL_RETURN_IF_ERROR(Expand(path, parts, next, depth + 1, found));
      }
    }
    return {};
  }
  for (const std::string& name : names) {
    if (!MatchesName(part, name)) continue;
    const std::string path = Join(folder, name);
    if (next + 1 < parts.size() && !IsFolder(path)) continue;
    COEVAL_RETURN_IF_ERROR(Expand(path, parts, next + 1, depth + 1, found));
  }
  return {};
}

Status WalkBelow(const std::string& folder, int depth, std::vector<std::string>* files) {
  if (depth > kMaxDepth) {
    return Status::InvalidArgument("folders are nested more than 64 deep below " + folder +
                                   "; do links form a ring?");
  }
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(folder));
  for (const std::string& name : names) {
    if (IsHidden(name)) continue;
    std::string path = Join(folder, name);
    if (IsFolder(path)) {
      COEVAL_RETURN_IF_ERROR(WalkBelow(path, depth + 1, files));
    } else {
      files->push_back(std::move(path));
    }
  }
  return {};
}

}  // namespace

bool HasWildCard(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

bool MatchesName(std::string_view pattern, std::string_view name) {
  if (IsHidden(name) && !pattern.starts_with(name.front())) return false;
  return ::fnmatch(std::string(pattern).c_str(), std::string(name).c_str(), FNM_NOESCAPE) == 0;
}

std::string FixedFolder(const std::string& pattern) {
  const std::size_t wild = pattern.find_first_of("*?[");
  const std::size_t slash = pattern.rfind('/', wild);
  if (slash == std::string::npos) return pattern.starts_with('/') ? "/" : "";
  return slash == 0 ? "/" : pattern.substr(0, slash);
}

Result<std::vector<std::string>> GlobSourceFiles(const std::string& pattern) {
  std::vector<std::string> found;
  COEVAL_RETURN_IF_ERROR(Expand(pattern.starts_with('/') ? "/" : "", Parts(pattern), 0, 0, &found));
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Result<std::vector<std::string>> FilesBelow(const std::string& folder) {
  std::vector<std::string> files;
  COEVAL_RETURN_IF_ERROR(WalkBelow(folder, 0, &files));
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace coeval
