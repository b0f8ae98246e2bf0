// SealedTable: a file of the sealed log (log/sealed_log.h): a Parquet file that is written once,
// whole and durable, and read only as it was written.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "log/sealed_log.h"

namespace coeval {

// Durable when it returns OK. `metadata`: of the file, for who reads it with other tools. Errors:
// IoError; InvalidArgument where Parquet cannot hold a column's type.
Result<SealedFile> WriteSealedTable(const std::string& folder, const std::string& name,
                                    const Batch& rows,
                                    std::vector<std::pair<std::string, std::string>> metadata,
                                    const Context& context);

// All of it. Errors: Corruption where it is not what was written; NotFound; IoError.
Result<Batch> ReadSealedTable(const std::string& folder, const SealedFile& file,
                              const Context& context);

}  // namespace coeval
