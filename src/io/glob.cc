#include "io/glob.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <optional>

#include "io/files.h"

namespace coeval {

namespace {

constexpr std::size_t kMostPaths = 1'000'000;
constexpr int kDeepestFolder = 64;

// One character against the set at pattern[*at] == '['; moves *at behind it. No value: not a set,
// the bracket stands for itself.
std::optional<bool> MatchSet(std::string_view pattern, std::size_t* at, char c) {
  std::size_t i = *at + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  const std::size_t first = i;
  bool found = false;
  for (; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    found = found || (low <= byte && byte <= high);
  }
  if (i >= pattern.size()) return std::nullopt;
  *at = i + 1;
  return found != negated;
}

bool MatchOne(std::string_view pattern, std::size_t* at, char c) {
  if (pattern[*at] == '[') {
    if (const auto matched = MatchSet(pattern, at, c)) return *matched;
  }
  const char wanted = pattern[(*at)++];
  return wanted == '?' || wanted == c;
}

class Walk {
 public:
  Walk(std::vector<std::string_view> segments, const GlobOptions& options)
      : segments_(std::move(segments)), options_(options) {}

  // Paths below `folder` ("" = where relative patterns start) that fit the segments from `segment`
  // on.
  Status Visit(const std::string& folder, std::size_t segment, int depth) {
    if (segment == segments_.size()) return Found(folder);
    const std::string_view pattern = segments_[segment];
    if (pattern == "**") {
      COEVAL_RETURN_IF_ERROR(Visit(folder, segment + 1, depth));
      if (segment + 1 == segments_.size()) COEVAL_RETURN_IF_ERROR(FoundIn(folder));
      return VisitBelow(folder, segment, depth);
    }
    if (!IsGlobPattern(pattern)) {
      const std::string path = JoinPath(folder, pattern);
      return FileExists(Real(path)) ? Visit(path, segment + 1, depth) : Status();
    }
    COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(folder));
    const bool last = segment + 1 == segments_.size();
    for (const std::string& name : names) {
      if (!MatchesGlobName(pattern, name, options_.hidden)) continue;
      const std::string path = JoinPath(folder, name);
      if (!last && !IsDirectory(Real(path))) continue;
      COEVAL_RETURN_IF_ERROR(Visit(path, segment + 1, depth));
    }
    return {};
  }

  std::vector<std::string> Take() {
    std::sort(paths_.begin(), paths_.end());
    paths_.erase(std::unique(paths_.begin(), paths_.end()), paths_.end());
    return std::move(paths_);
  }

 private:
  // A path of the walk as one of the file system.
  [[nodiscard]] std::string Real(const std::string& path) const {
    if (options_.folder.empty() || path.starts_with('/')) return path;
    return path.empty() ? options_.folder : JoinPath(options_.folder, path);
  }

  [[nodiscard]] bool IsHidden(const std::string& name) const {
    return options_.hidden.find(name.front()) != std::string_view::npos;
  }

  // What `**` at the end finds in a folder: all of its files; its folders find themselves.
  Status FoundIn(const std::string& folder) {
    COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(folder));
    for (const std::string& name : names) {
      const std::string path = JoinPath(folder, name);
      if (IsHidden(name) || IsDirectory(Real(path))) continue;
      COEVAL_RETURN_IF_ERROR(Found(path));
    }
    return {};
  }

  [[nodiscard]] bool IsFolderToVisit(const std::string& path) const {
    struct stat info{};
    const std::string real = Real(path);
    const int failed = options_.follow_links ? ::stat(real.c_str(), &info)  //
                                             : ::lstat(real.c_str(), &info);
    return failed == 0 && S_ISDIR(info.st_mode);
  }

  // `**` in each folder of `folder`.
  Status VisitBelow(const std::string& folder, std::size_t segment, int depth) {
    if (depth >= kDeepestFolder) {
      return Status::InvalidArgument("folders lie more than " + std::to_string(kDeepestFolder) +
                                     " deep below a '**' pattern, at '" + folder +
                                     "'; do links form a ring?");
    }
    COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, Names(folder));
    for (const std::string& name : names) {
      const std::string path = JoinPath(folder, name);
      if (IsHidden(name) || !IsFolderToVisit(path)) continue;
      COEVAL_RETURN_IF_ERROR(Visit(path, segment, depth + 1));
    }
    return {};
  }

  // What is in a folder; nothing where there is no such folder.
  [[nodiscard]] Result<std::vector<std::string>> Names(const std::string& folder) const {
    const std::string real = Real(folder);
    if (!real.empty() && !IsDirectory(real)) return std::vector<std::string>();
    return ListDirectory(real.empty() ? "." : real);
  }

  Status Found(const std::string& path) {
    if (path.empty()) return {};
    if (paths_.size() >= kMostPaths) {
      return Status::InvalidArgument("a pattern fits more than " + std::to_string(kMostPaths) +
                                     " paths; make it narrower");
    }
    paths_.push_back(path);
    return {};
  }

  std::vector<std::string_view> segments_;
  const GlobOptions& options_;
  std::vector<std::string> paths_;
};

}  // namespace

bool IsGlobPattern(std::string_view path) {
  return path.find_first_of("*?[") != std::string_view::npos;
}

bool MatchesGlobName(std::string_view pattern, std::string_view name, std::string_view hidden) {
  if (!name.empty() && hidden.find(name.front()) != std::string_view::npos &&
      !pattern.starts_with(name.front())) {
    return false;
  }
  // On a mismatch the last * takes one character more; earlier ones need no second look.
  std::size_t at = 0;
  std::size_t i = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  while (i < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      taken = i;
      continue;
    }
    std::size_t next = at;
    if (at < pattern.size() && MatchOne(pattern, &next, name[i])) {
      at = next;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++taken;
    } else {
      return false;
    }
  }
  while (at < pattern.size() && pattern[at] == '*') ++at;
  return at == pattern.size();
}

Result<std::vector<std::string>> Glob(const std::string& pattern, const GlobOptions& options) {
  std::vector<std::string_view> segments;
  std::string_view rest = pattern;
  const bool absolute = rest.starts_with('/');
  while (!rest.empty()) {
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    const std::string_view segment = rest.substr(0, slash);
    const bool repeated = segment == "**" && !segments.empty() && segments.back() == "**";
    if (!segment.empty() && !repeated) segments.push_back(segment);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
  }
  Walk walk(std::move(segments), options);
  COEVAL_RETURN_IF_ERROR(walk.Visit(absolute ? "/" : "", 0, 0));
  return walk.Take();
}

}  // namespace coeval
