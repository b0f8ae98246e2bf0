// Paths by pattern:
//
//   *      any characters of one name          data/*.parquet
//   ?      one character of a name             part-?.csv
//   [a-z]  one character of a set, [!a-z] none data/[0-9]*.csv
//   **     any folders, also none              data/**/part-*.parquet
//
// A name that begins with '.' is matched only by a pattern that begins with '.'.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace coeval {

// Has it any of * ? [ ?
bool IsGlobPattern(std::string_view path);

// Does one name (no '/') fit one pattern (no '/')? Cost: O(pattern x name).
bool MatchesGlobName(std::string_view pattern, std::string_view name);

// All paths that fit, files and folders, sorted by bytes, none twice; none where there are none.
// `**` follows no links. Errors: IoError where a folder cannot be read; InvalidArgument for more
// than a million paths.
Result<std::vector<std::string>> Glob(const std::string& pattern);

}  // namespace coeval
