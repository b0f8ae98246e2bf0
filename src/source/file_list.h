// The files of a source: what a path, a folder or a glob stands for, in one order for ever.
//
//   "data/weather.parquet"      that file
//   "data/weather"              every file of the format's endings below it, at any depth
//   "data/w*/2013-??.parquet"   what matches; * and ? stop at a slash, ** does not, [a-c] a class
//
// Names that begin with "." or "_" are left out of folders and globs (other programs' side files).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "definition/source.h"

namespace coeval {

struct SourceFile {
  std::string path;  // absolute
  std::string name;  // below the source's folder: what manifests show; a lone file's own name
  std::int64_t size_bytes = 0;
  TimeMicros modified = 0;
  // With hive_partitions: (column, text) of the folders key=value in the path, outermost first;
  // %XX undone. A text of __HIVE_DEFAULT_PARTITION__ stands for null.
  std::vector<std::pair<std::string, std::string>> partitions;
};

inline constexpr const char* kHiveNull = "__HIVE_DEFAULT_PARTITION__";

struct SourceFiles {
  std::string folder;             // the longest part of the location without a wild card
  std::vector<SourceFile> files;  // by path, as bytes; at least one
};

// `location`: absolute, names bound by the configuration. Errors: NotFound naming the pattern, the
// folder looked in and what lies there; InvalidArgument where hive partitions differ in their
// columns from file to file; IoError.
Result<SourceFiles> ListFiles(const Source& source, const std::string& location);

// Does the name end as files of that format usually do?
bool HasEndingOf(const std::string& path, FileFormat format);

}  // namespace coeval
