// Tables in and out of files for `training-set`, `asof` and `window`: the format is the name's
// ending, or what was said.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/json.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "definition/source.h"

namespace coeval {

// The format of a file, or of the files of a folder or pattern; Parquet where there are none, which
// reading them will say. Errors: InvalidArgument for files of several formats.
Result<FileFormat> FormatOfInput(const std::string& path);

// The whole file: .parquet, .csv (types inferred), .arrow and their other endings; of a folder or
// pattern all files, one after the other by path. Errors: NotFound; InvalidArgument for other
// endings, and for files whose columns differ; those of the file.
Result<ArrowTable> ReadTableFiles(const std::string& path, const Context& context);

// How large what was written is.
struct WrittenTable {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::string manifest;  // the file that holds the manifest, where it is not the table's own
};

// Replaces `path` in one step. Takes `stream` over. A `manifest` goes into the file's metadata
// under "coeval.manifest", or, where the format has none (CSV), into `path`.manifest.json. Without
// `format` the name's ending tells it.
Result<WrittenTable> WriteTableFile(ArrowArrayStream* stream, const std::string& path,
                                    const Json* manifest, const Context& context,
                                    std::optional<FileFormat> format = std::nullopt);

// The first rows of a stream as a text table, for a look. Takes `stream` over.
Result<std::string> PreviewTable(ArrowArrayStream* stream, std::int64_t rows);

}  // namespace coeval
