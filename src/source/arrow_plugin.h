// ArrowPlugin: the host's side of arrow/plugin_abi.h. Finds libcoeval_arrow.so, opens it at first
// use, never closes it, and gives its functions Coeval's types.
//
// Looked for in this order, relative to the file that holds this code (the program, or Python's
// _core extension):
//   $COEVAL_ARROW_PLUGIN
//   ./lib/libcoeval_arrow.so              the Python wheel
//   ../lib/coeval/libcoeval_arrow.so      an installation
//   <above>/lib/coeval/libcoeval_arrow.so a build tree (a folder above that has a CMakeCache.txt)
// It is opened with RTLD_LOCAL: Arrow's own copies of OpenSSL and gRPC must not meet ours.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/plugin_abi.h"
#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/type.h"
#include "definition/source.h"

namespace coeval {

// How to read a file: the format, and what CSV needs to know. `csv.types` are given to the plugin
// as they are; a timestamp there means text that Coeval parses itself (any zone, any precision).
struct FormatOptions {
  FileFormat format = FileFormat::kParquet;
  CsvOptions csv = {};
};

// Of one column in one row group: coeval_arrow_statistics. Times in µs, min rounded down and max
// up; of strings and bytes the ends, perhaps cut short.
struct ColumnStatistics {
  bool has_range = false;
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t nulls = -1;  // -1 = not known
  bool has_bytes = false;
  std::string min_bytes = {};
  std::string max_bytes = {};
  // Of a Bloom filter that can be asked (MayHold); 0 = none.
  std::int64_t filter_bytes = 0;
};

struct RowGroup {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::vector<ColumnStatistics> statistics = {};  // one for each column asked for
  std::vector<std::int64_t> column_bytes = {};    // what `bytes` counts, by column
};

struct FileInspection {
  SharedArrowSchema schema = {};
  std::int64_t rows = -1;  // -1 = not known without reading
  std::int64_t file_bytes = 0;
  std::vector<RowGroup> row_groups = {};  // none where the format has none
};

struct InspectOptions {
  bool infer_csv = false;  // else untyped columns of a CSV file are strings
  std::vector<std::string> statistics_of = {};
  std::vector<std::string> columns = {};  // what RowGroup::bytes counts
};

// A Parquet file whose footer was read once, for several scans, at the same time too. Cheap to
// copy; threads: any.
class ArrowFile {
 public:
  ArrowFile() = default;

  [[nodiscard]] bool is_open() const { return file_ != nullptr; }

  // Its size and time of change (µs) when it was opened.
  [[nodiscard]] std::int64_t size_bytes() const { return file_->bytes; }

  [[nodiscard]] std::int64_t modified() const { return file_->modified; }

 private:
  friend class ArrowPlugin;
  std::shared_ptr<const coeval_arrow_file> file_;
};

// May a column of a row group hold one of these values, as its statistics have them? Either numbers
// or texts; at least one. A Bloom filter of more than `most_bytes` is not read.
struct ValueQuestion {
  const std::string& column;
  std::int64_t row_group = 0;
  std::int64_t most_bytes = 0;
  std::span<const std::int64_t> numbers = {};
  std::span<const std::string> texts = {};
};

struct ScanOptions {
  std::vector<std::string> columns = {};
  std::optional<std::vector<std::int64_t>> row_groups = {};  // none = all
  // Rows to give, ascending, counted over the row groups read; none = all. Parquet only.
  std::optional<std::span<const std::int64_t>> rows = {};
  std::int64_t batch_rows = 65536;
  ArrowFile file = {};  // that path, opened before; else the scan opens it
  bool ahead = true;    // read ahead by other threads; else decoded by who asks for a batch
};

struct WriteOptions {
  FileFormat format = FileFormat::kParquet;
  std::string compression = "zstd";                                // snappy, lz4, gzip, none
  std::int64_t row_group_rows = 0;                                 // 0 = by the width of a row
  std::vector<std::pair<std::string, std::string>> metadata = {};  // Parquet and Arrow
  // Asked when all data has been read, for what only then is known (row count, hash); Parquet only.
  std::function<std::vector<std::pair<std::string, std::string>>()> late_metadata = {};
};

struct WrittenFile {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
};

// A stream of record batches and whatever must live as long. Move only.
class ArrowStream {
 public:
  ArrowStream() = default;
  // Takes `*stream` over.
  explicit ArrowStream(ArrowArrayStream* stream, std::shared_ptr<void> keep_alive = nullptr);
  ArrowStream(ArrowStream&&) noexcept = default;
  ArrowStream& operator=(ArrowStream&&) noexcept = default;

  [[nodiscard]] bool is_open() const { return stream_ != nullptr; }

  [[nodiscard]] Result<SharedArrowSchema> ReadSchema();
  // Null at the end. Errors keep the kind that their errno tells (plugin_abi.h).
  [[nodiscard]] Result<SharedArrowArray> Next();
  // As a plain stream that owns all of this.
  ArrowArrayStream Export() &&;

 private:
  std::shared_ptr<void> keep_alive_;
  std::shared_ptr<ArrowArrayStream> stream_;  // released by its deleter, before keep_alive_
};

// Threads: any.
class ArrowPlugin {
 public:
  // The plugin, opened with `context.threads` by whoever comes first. Errors: FailedPrecondition
  // that lists where it was looked for, or says why it does not open.
  static Result<const ArrowPlugin*> Get(const Context& context);

  [[nodiscard]] std::string version() const { return table_.version; }  // Arrow's

  [[nodiscard]] Result<FileInspection> Inspect(const std::string& path, const FormatOptions& format,
                                               const InspectOptions& options,
                                               const Context& context) const;
  // Reads the footer of a Parquet file.
  [[nodiscard]] Result<ArrowFile> OpenParquet(const std::string& path,
                                              const Context& context) const;
  // False only where a sound Bloom filter denies all of the values.
  [[nodiscard]] Result<bool> MayHold(const ArrowFile& file, const ValueQuestion& question,
                                     const Context& context) const;
  [[nodiscard]] Result<ArrowStream> Scan(const std::string& path, const FormatOptions& format,
                                         const ScanOptions& options, const Context& context) const;
  // Replaces `path` in one step, or leaves it as it was. Takes `data` over.
  [[nodiscard]] Result<WrittenFile> Write(ArrowArrayStream* data, const std::string& path,
                                          const WriteOptions& options,
                                          const Context& context) const;
  // Arrow IPC streams in memory (source/ipc_bytes.h). Encode takes `data` over.
  [[nodiscard]] Result<ArrowStream> Decode(std::string_view bytes, const Context& context) const;
  [[nodiscard]] Result<std::string> Encode(
      ArrowArrayStream* data, const std::vector<std::pair<std::string, std::string>>& metadata,
      const Context& context) const;

 private:
  ArrowPlugin() = default;
  static Result<ArrowPlugin> Open(const Context& context);

  coeval_arrow_table table_{};
};

}  // namespace coeval
