// Writes tables to files, as one step each, and reads a file whole as it stands: results of
// training sets, spines.
#pragma once

#include <string>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_c.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"

namespace coeval {

// By the ending: .parquet .parq .pq, .csv .tsv .txt (also compressed), .arrow .arrows .ipc
// .feather. Errors: InvalidArgument that lists them.
Result<FileFormat> FormatOfName(const std::string& path);

// The path that is standard output: written batch by batch; Arrow IPC as a stream.
inline constexpr const char* kStandardOutput = COEVAL_ARROW_STANDARD_OUTPUT;

// Replaces `path` when all of `data` is written and synced; until then, and on any error, it is as
// it was. Arrow IPC is a stream where the name ends in .arrows, else a file. Takes `data` over,
// also on error. Errors: those of `data`, unchanged but for the file's name; IoError;
// InvalidArgument where the format cannot hold a column's type.
Result<WrittenFile> WriteTable(ArrowArrayStream* data, const std::string& path,
                               const WriteOptions& options, const Context& context);

// All columns of a file, with the types that they have there, batch by batch. CSV types that are
// not given are inferred from all values.
Result<ArrowArrayStream> ReadTable(const std::string& path, const FormatOptions& format,
                                   const Context& context);

}  // namespace coeval
