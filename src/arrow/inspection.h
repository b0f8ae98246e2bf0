// Inspection: what is known of a file without reading its rows; coeval_arrow_inspection in C++.
#pragma once

#include <arrow/status.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "arrow/plugin_abi.h"

namespace coeval::plugin {

struct Inspection {
  std::shared_ptr<::arrow::Schema> schema;
  int64_t rows = -1;
  int64_t file_bytes = 0;
  std::vector<coeval_arrow_row_group> row_groups;
  // What row_groups point to.
  std::deque<std::vector<coeval_arrow_statistics>> statistics;
  std::deque<std::vector<int64_t>> column_bytes;
  std::deque<std::string> texts;
};

// Hands it over the border. `*out` owns all of it until its release().
::arrow::Status ExportInspection(Inspection inspection, coeval_arrow_inspection* out);

// An array of C strings, with its length; null is none.
std::vector<std::string> Strings(const char* const* texts, int64_t count);

// The position of each named column in the schema; all of them for null. Errors: KeyError that
// lists what there is, Invalid where a name occurs twice.
::arrow::Result<std::vector<int>> ColumnPositions(const ::arrow::Schema& schema,
                                                  const char* const* names, int64_t count);

}  // namespace coeval::plugin
