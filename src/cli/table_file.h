// Tables in and out of files for `training-set` and `asof`: the format is the name's ending.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/json.h"
#include "base/status.h"
#include "column/arrow_bridge.h"

namespace coeval {

// The whole file: .parquet, .csv (types inferred), .arrow and their other endings. Errors:
// NotFound; InvalidArgument for other endings; those of the file.
Result<ArrowTable> ReadTableFile(const std::string& path, const Context& context);

// How large what was written is.
struct WrittenTable {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::string manifest;  // the file that holds the manifest, where it is not the table's own
};

// Replaces `path` in one step. Takes `stream` over. A `manifest` goes into the file's metadata
// under "coeval.manifest", or, where the format has none (CSV), into `path`.manifest.json.
Result<WrittenTable> WriteTableFile(ArrowArrayStream* stream, const std::string& path,
                                    const Json* manifest, const Context& context);

// The first rows of a stream as a text table, for a look. Takes `stream` over.
Result<std::string> PreviewTable(ArrowArrayStream* stream, std::int64_t rows);

}  // namespace coeval
