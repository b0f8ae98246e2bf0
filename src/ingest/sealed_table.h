// SealedTable: a file of the sealed log (log/sealed_log.h): a Parquet file that is written once,
// whole and durable, and read only as it was written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "log/sealed_log.h"

namespace coeval {

using TableMetadata = std::vector<std::pair<std::string, std::string>>;

// Durable when it returns OK. `metadata`: of the file, for who reads it with other tools. Errors:
// IoError; InvalidArgument where Parquet cannot hold a column's type.
Result<SealedFile> WriteSealedTable(const std::string& folder, const std::string& name,
                                    const Batch& rows, TableMetadata metadata,
                                    const Context& context);

// The same of rows that are not held: in row groups of about `row_group_bytes` in columns.
Result<SealedFile> WriteSealedStream(const std::string& folder, const std::string& name,
                                     std::unique_ptr<BatchStream> rows,
                                     std::int64_t row_group_bytes, TableMetadata metadata,
                                     const Context& context);

// Its rows, batch by batch. `ahead`: decoded by other threads, some batches in advance. Errors: as
// below. Cost: reads it once for its hash.
Result<std::unique_ptr<BatchStream>> OpenSealedTable(const std::string& folder,
                                                     const SealedFile& file, bool ahead,
                                                     const Context& context);

// All of it. Errors: Corruption where it is not what was written; NotFound; IoError.
Result<Batch> ReadSealedTable(const std::string& folder, const SealedFile& file,
                              const Context& context);

}  // namespace coeval
