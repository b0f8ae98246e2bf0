// A scan: batches of raw rows from the files of a source, in the order of files and rows. What a
// reader needs to know of formats is in arrow/; here is what all formats share: which columns,
// which row groups, which file a row came from.
#pragma once

#include <cstdint>

namespace coeval {

// What a scan touched. "Read" counts what was opened for data, not for its footer.
struct ScanStats {
  std::int64_t files = 0;
  std::int64_t files_read = 0;
  std::int64_t row_groups = 0;  // of formats that have them; else one for each file
  std::int64_t row_groups_read = 0;
  std::int64_t rows_read = 0;
  std::int64_t bytes_read = 0;  // encoded size of the column chunks read; file size where unknown
};

}  // namespace coeval
