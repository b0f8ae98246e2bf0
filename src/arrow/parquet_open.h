// Opens Parquet files the same way everywhere: checksums verified, no read-ahead of its own, and
// INT96 (the nanoseconds of old Spark, Hive and Impala files) in a unit that loses nothing.
#pragma once

#include <arrow/io/type_fwd.h>
#include <arrow/result.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/metadata.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/border.h"

namespace coeval::plugin {

struct ParquetOpenOptions {
  ::arrow::TimeUnit::type int96_unit = ::arrow::TimeUnit::NANO;
  int64_t batch_rows = 65536;
  bool use_threads = true;
  bool buffered = false;  // read column chunks piece by piece: less memory, more reads
};

// A file and its footer, read once. Threads: any.
struct ParquetFile {
  std::string path;
  std::shared_ptr<::arrow::io::RandomAccessFile> input;
  std::shared_ptr<::parquet::FileMetaData> footer;
  int64_t bytes = 0;
  int64_t modified = 0;  // µs since 1970
};

// Errors name the file and what to do.
::arrow::Result<ParquetFile> OpenParquetFile(const std::string& path);
::arrow::Result<std::unique_ptr<::parquet::arrow::FileReader>> OpenParquet(
    const ParquetFile& file, const ParquetOpenOptions& options);
::arrow::Result<std::unique_ptr<::parquet::arrow::FileReader>> OpenParquet(
    const std::string& path, const ParquetOpenOptions& options);

bool IsAboutEncryption(const ::arrow::Status& status);
::arrow::Status Encrypted(const std::string& path);

// The leaf columns beneath the top-level fields at `fields`.
std::vector<int> LeavesOf(const ::parquet::arrow::SchemaManifest& manifest,
                          const std::vector<int>& fields);

// INT96 holds any day with any nanosecond; an Arrow timestamp either nanoseconds of 1677..2262 or
// microseconds of any day. Reads those leaves of the row groups in both units and says which unit
// holds all of them. Without an INT96 leaf: NANO, at no cost. Errors: Invalid where neither does.
::arrow::Result<::arrow::TimeUnit::type> UnitForInt96(const std::string& path,
                                                      const ::parquet::arrow::FileReader& reader,
                                                      const std::vector<int>& row_groups,
                                                      const std::vector<int>& leaves,
                                                      const Caller& caller);

// After a failure in reading: the first row group and column that do not read, as
// "row group 2, column `fare`"; "" where each by itself reads.
std::string FindDamage(const std::string& path, const std::vector<int>& row_groups,
                       const std::vector<int>& leaves);

}  // namespace coeval::plugin
