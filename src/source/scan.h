// A scan: batches of raw rows from the files of a source, in the order of files and rows, or from
// a stream in memory. Formats are the plugin's business; here is what all of them share: which
// columns, which row groups, and which row of which file a row is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "source/arrow_plugin.h"
#include "source/file_list.h"

namespace coeval {

// What a scan touched. "Read" counts what was opened for data, not for its footer.
struct ScanStats {
  std::int64_t files = 0;
  std::int64_t files_read = 0;
  std::int64_t row_groups = 0;  // of formats that have them; else one for each file
  std::int64_t row_groups_read = 0;
  // Of these, those whose features were read too: all, unless keys are read first (FactPieces).
  std::int64_t row_groups_with_values = 0;
  std::int64_t rows_read = 0;
  std::int64_t bytes_read = 0;  // encoded size of the column chunks read; file size where unknown
};

// One file and what of it is to be read.
struct FilePlan {
  SourceFile file = {};
  bool skip = false;
  std::vector<RowGroup> row_groups = {};  // none where the format has none
  std::vector<std::int64_t> chosen = {};  // of row_groups, ascending; unused where there are none
  std::int64_t rows = -1;                 // that will be read; -1 = not known
};

// The bytes of those columns of a row group, of which `all` were inspected.
std::int64_t BytesOf(const RowGroup& group, const std::vector<std::string>& all,
                     const std::vector<std::string>& columns);

// Rows as the plugin gave them: a struct array whose children are the columns asked for.
struct RawBatch {
  SharedArrowSchema schema;
  SharedArrowArray rows;
  std::size_t file = 0;        // position among the plans; 0 for a stream
  std::int64_t first_row = 0;  // among the rows read of that file

  [[nodiscard]] std::int64_t num_rows() const { return rows->length; }

  // Column `i` with the struct's own offset applied. Borrows `rows`.
  [[nodiscard]] ArrowArray column(std::size_t i) const;
};

// Where a row lies that a scan read.
struct RowPlace {
  std::int64_t row = 0;         // of the whole file, from 0
  std::int64_t row_group = -1;  // -1: the format has none
};

// Threads: one at a time.
class RawScan {
 public:
  virtual ~RawScan() = default;
  // The next batch with at least one row; an empty optional is the end.
  virtual Result<std::optional<RawBatch>> Next() = 0;
  [[nodiscard]] virtual const ScanStats& stats() const = 0;
  // "row 17 of wind/2013.parquet", counted from 0 in the whole file.
  [[nodiscard]] virtual std::string RowName(const RawBatch& batch, std::int64_t row) const = 0;
  // The same of the row with that number among those read of a file (RawBatch::file, first_row).
  [[nodiscard]] virtual RowPlace PlaceOf(std::size_t file, std::int64_t row) const = 0;
};

struct ScanRequest {
  FormatOptions format = {};
  std::vector<std::string> columns = {};  // at least one
  std::int64_t batch_rows = 65536;
};

// Over files. The next file is opened, and begins to be read ahead, when the one before it begins.
Result<std::unique_ptr<RawScan>> ScanFiles(std::vector<FilePlan> plans, ScanRequest request,
                                           const Context& context);

// Over a stream in memory; `name` stands for the file in RowName. Columns are picked by name.
Result<std::unique_ptr<RawScan>> ScanStream(ArrowStream stream, std::string name,
                                            const std::vector<std::string>& columns,
                                            const Context& context);

}  // namespace coeval
