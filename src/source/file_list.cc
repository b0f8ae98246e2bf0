#include "source/file_list.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "definition/source.h"
#include "io/files.h"
#include "io/glob.h"

namespace coeval {

namespace {

constexpr std::array<std::string_view, 3> kParquetEndings{".parquet", ".parq", ".pq"};
constexpr std::array<std::string_view, 9> kCsvEndings{
    ".csv", ".tsv", ".txt", ".csv.gz", ".csv.zst", ".csv.bz2", ".tsv.gz", ".tsv.zst", ".tsv.bz2"};
constexpr std::array<std::string_view, 5> kArrowEndings{".arrow", ".arrows", ".ipc", ".feather",
                                                        ".fea"};

std::span<const std::string_view> EndingsOf(FileFormat format) {
  switch (format) {
    case FileFormat::kParquet:
      return kParquetEndings;
    case FileFormat::kCsv:
      return kCsvEndings;
    case FileFormat::kArrow:
      return kArrowEndings;
  }
  return {};
}

constexpr int kMaxDepth = 64;  // also ends a walk through links that form a ring

// Other programs' side files: .crc, _SUCCESS, _temporary.
constexpr std::string_view kHidden = "._";

// Everything that matches, files and folders, sorted by bytes.
Result<std::vector<std::string>> Matches(const std::string& pattern) {
  GlobOptions options;
  options.hidden = kHidden;
  options.follow_links = true;
  return Glob(pattern, options);
}

// The longest leading folder of a pattern without a wild card.
std::string FixedFolder(const std::string& pattern) {
  const std::size_t wild = pattern.find_first_of("*?[");
  const std::size_t slash = pattern.rfind('/', wild);
  if (slash == std::string::npos) return pattern.starts_with('/') ? "/" : "";
  return slash == 0 ? "/" : pattern.substr(0, slash);
}

Status WalkBelow(const std::string& folder, int depth, std::vector<std::string>* files) {
  if (depth > kMaxDepth) {
    return Status::InvalidArgument("folders are nested more than 64 deep below " + folder +
                                   "; do links form a ring?");
  }
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(folder));
  for (const std::string& name : names) {
    if (kHidden.find(name.front()) != std::string_view::npos) continue;
    std::string path = JoinPath(folder, name);
    if (IsDirectory(path)) {
      COEVAL_RETURN_IF_ERROR(WalkBelow(path, depth + 1, files));
    } else {
      files->push_back(std::move(path));
    }
  }
  return {};
}

enum class Kind : std::uint8_t { kMissing, kFolder, kFile };

Result<Kind> KindOf(const std::string& path, struct stat* facts) {
  if (::stat(path.c_str(), facts) == 0)
    return S_ISDIR(facts->st_mode) ? Kind::kFolder : Kind::kFile;
  if (errno == ENOENT || errno == ENOTDIR) return Kind::kMissing;
  return Status::IoError("cannot look at " + path + ": " + std::strerror(errno));
}

// What lies in a folder, shortened, so that a wrong name can be seen.
std::string Holds(const std::string& folder) {
  const auto below = Matches(folder.empty() ? "*" : JoinPath(folder, "*"));
  if (!below.ok() || below->empty()) return "which is empty";
  std::string text = "which holds ";
  for (std::size_t i = 0; i < below->size(); ++i) {
    if (i == 5) return text + " and " + std::to_string(below->size() - i) + " more";
    text += (i == 0 ? "" : ", ") + (*below)[i].substr((*below)[i].rfind('/') + 1);
  }
  return text;
}

Status NothingFound(const Source& source, const std::string& location) {
  std::string folder = FixedFolder(location);
  struct stat facts{};
  std::string missing;
  while (folder.size() > 1) {
    const auto kind = KindOf(folder, &facts);
    if (kind.ok() && *kind == Kind::kFolder) break;
    missing = folder;
    folder = FixedFolder(folder);
  }
  std::string text = "no file for source `" + source.name + "`: nothing matches " + location;
  if (!missing.empty()) text += "; there is no folder " + missing;
  return Status::NotFound(text + "; looked in " + (folder.empty() ? "this folder" : folder) + ", " +
                          Holds(folder) + ". Put the data there, or correct the source's path");
}

Result<std::vector<std::string>> FilesOfFolder(const Source& source, const std::string& folder) {
  std::vector<std::string> all;
  COEVAL_RETURN_IF_ERROR(WalkBelow(folder, 0, &all));
  std::vector<std::string> files;
  for (const std::string& path : all) {
    if (HasEndingOf(path, source.format)) files.push_back(path);
  }
  return files;
}

// "%3A" -> ":"; what is no escape stays as it is.
std::string Unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&text](std::size_t at) {
      const char c = at < text.size() ? text[at] : ' ';
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      if (c >= 'A' && c <= 'F') return c - 'A' + 10;
      return -1;
    };
    if (text[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      result += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::vector<std::pair<std::string, std::string>> PartitionsOf(std::string_view folders) {
  std::vector<std::pair<std::string, std::string>> partitions;
  while (!folders.empty()) {
    const std::size_t slash = std::min(folders.find('/'), folders.size());
    const std::string_view part = folders.substr(0, slash);
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      partitions.emplace_back(Unescape(part.substr(0, equals)), Unescape(part.substr(equals + 1)));
    }
    folders.remove_prefix(std::min(slash + 1, folders.size()));
  }
  return partitions;
}

Status CheckSamePartitions(const SourceFiles& files) {
  const auto names = [](const SourceFile& file) {
    std::set<std::string> result;
    for (const auto& [name, text] : file.partitions) result.insert(name);
    return result;
  };
  for (const SourceFile& file : files.files) {
    if (names(file) == names(files.files.front())) continue;
    return Status::InvalidArgument(
        "hive partitions differ between " + files.files.front().path + " and " + file.path +
        "; every file of a source lies below the same key=value folders");
  }
  return {};
}

// The folder that every path shares, so that names say what tells files apart.
std::string BaseFolder(const std::string& location, bool is_folder) {
  if (is_folder) return location;
  return FixedFolder(location);
}

Result<SourceFile> DescribeFile(const Source& source, const std::string& path,
                                const std::string& folder) {
  struct stat facts{};
  COEVAL_ASSIGN_OR_RETURN(const Kind kind, KindOf(path, &facts));
  if (kind != Kind::kFile) return Status::NotFound("file " + path + " is gone");
  SourceFile file;
  file.path = path;
  file.size_bytes = facts.st_size;
  file.modified = facts.st_mtim.tv_sec * kSecond + facts.st_mtim.tv_nsec / 1000;
  std::size_t start = path.starts_with(folder) ? folder.size() : 0;
  while (start < path.size() && path[start] == '/') ++start;
  file.name = path.substr(start);
  if (source.hive_partitions) {
    const std::size_t slash = path.rfind('/');
    file.partitions = PartitionsOf(std::string_view(path).substr(0, slash));
  }
  return file;
}

}  // namespace

bool HasEndingOf(const std::string& path, FileFormat format) {
  const auto endings = EndingsOf(format);
  return std::any_of(endings.begin(), endings.end(),
                     [&path](std::string_view ending) { return path.ends_with(ending); });
}

Result<SourceFiles> ListFiles(const Source& source, const std::string& location) {
  if (location.empty()) {
    return Status::InvalidArgument("source `" + source.name + "` has no path");
  }
  struct stat facts{};
  COEVAL_ASSIGN_OR_RETURN(const Kind kind, KindOf(location, &facts));
  std::vector<std::string> paths;
  if (kind == Kind::kFile) {
    paths = {location};
  } else if (kind == Kind::kFolder) {
    COEVAL_ASSIGN_OR_RETURN(paths, FilesOfFolder(source, location));
  } else if (IsGlobPattern(location)) {
    COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> matches, Matches(location));
    for (const std::string& match : matches) {
      COEVAL_ASSIGN_OR_RETURN(const Kind of_match, KindOf(match, &facts));
      if (of_match == Kind::kFile) {
        paths.push_back(match);
      } else if (of_match == Kind::kFolder) {
        COEVAL_ASSIGN_OR_RETURN(const auto below, FilesOfFolder(source, match));
        paths.insert(paths.end(), below.begin(), below.end());
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  if (paths.empty()) {
    if (kind != Kind::kFolder) return NothingFound(source, location);
    std::string endings;
    for (const std::string_view ending : EndingsOf(source.format)) {
      endings += (endings.empty() ? "" : ", ") + std::string(ending);
    }
    return Status::NotFound("no file for source `" + source.name + "`: folder " + location + ", " +
                            Holds(location) + ", has no file whose name ends in " + endings +
                            "; name the files by a glob, or correct the source's format");
  }
  SourceFiles files;
  files.folder = BaseFolder(location, kind == Kind::kFolder);
  for (const std::string& path : paths) {
    COEVAL_ASSIGN_OR_RETURN(SourceFile file, DescribeFile(source, path, files.folder));
    files.files.push_back(std::move(file));
  }
  if (source.hive_partitions) COEVAL_RETURN_IF_ERROR(CheckSamePartitions(files));
  return files;
}

}  // namespace coeval
