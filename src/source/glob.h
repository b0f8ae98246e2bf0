// Globs over the file system, as ListFiles explains them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace coeval {

// Does the text hold a wild card (* ? [)?
bool HasWildCard(std::string_view text);

// Does a name (without slashes) match a part of a pattern? * any run, ? one character, [a-c] and
// [!a-c] classes. A name that begins with "." or "_" matches only where the pattern says so itself.
bool MatchesName(std::string_view pattern, std::string_view name);

// The longest leading folder of a pattern without a wild card.
std::string FixedFolder(const std::string& pattern);

// Everything that matches, files and folders, sorted by bytes; ** stands for any number of folders.
// Errors: IoError where a folder cannot be read. A folder that is not there holds nothing.
Result<std::vector<std::string>> GlobSourceFiles(const std::string& pattern);

// All files below a folder, at any depth; hidden ones (".", "_") left out. Sorted by bytes.
Result<std::vector<std::string>> FilesBelow(const std::string& folder);

}  // namespace coeval
