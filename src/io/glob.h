// Paths by pattern:
//
//   *      any characters of one name          data/*.parquet
//   ?      one character of a name             part-?.csv
//   [a-z]  one character of a set, [!a-z] none data/[0-9]*.csv
//   **     any folders, also none              data/**/part-*.parquet
//          at the end: all that lies below     data/**
//
// A hidden name (one that begins with '.', or as the caller says) is matched only by a pattern that
// begins as it does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace coeval {

// Has it any of * ? [ ?
bool IsGlobPattern(std::string_view path);

// Names that begin with one of these characters are hidden.
inline constexpr std::string_view kHiddenNames = ".";

// Does one name (no '/') fit one pattern (no '/')? Cost: O(pattern x name).
bool MatchesGlobName(std::string_view pattern, std::string_view name,
                     std::string_view hidden = kHiddenNames);

struct GlobOptions {
  std::string folder;  // where relative patterns start, no pattern itself; "" = the working folder
  std::string_view hidden = kHiddenNames;
  bool follow_links = false;  // does ** go into folders that are links?
};

// All paths that fit, files and folders, sorted by bytes, none twice; none where there are none.
// They look like the pattern: relative ones are below options.folder.
// Errors: IoError where a folder cannot be read; InvalidArgument for more than a million paths, and
// where ** goes more than 64 folders deep (links that form a ring).
Result<std::vector<std::string>> Glob(const std::string& pattern, const GlobOptions& options = {});

}  // namespace coeval
