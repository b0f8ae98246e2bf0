// SourceManifest: which files a source was, so that a training set can say what made it (rule 4.6)
// and a timeless source can be found changed (rule 7.7).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "source/file_list.h"

namespace coeval {

struct SourceManifest {
  std::string source;             // its name
  std::vector<SourceFile> files;  // in reading order
  // SHA-256 over names (below the source's folder), sizes, and the first and last 64 KiB of each
  // file: equal for equal data, wherever and whenever it was copied. Parquet's footer lies there,
  // with the statistics of every column.
  std::string fingerprint;
  // SHA-256 over names, sizes and times of change: differs whenever a file was touched.
  std::string change_token;

  [[nodiscard]] std::int64_t total_bytes() const;
  // {"source", "files": [{"name", "size", "modified"}], "bytes", "fingerprint"}.
  [[nodiscard]] Json ToJson() const;
};

// Errors: IoError where a file cannot be read.
Result<SourceManifest> MakeManifest(const std::string& source, const SourceFiles& files);

}  // namespace coeval
