// Opens a CSV file, compressed or not, as a stream of typed columns or of plain texts.
#pragma once

#include <arrow/csv/reader.h>
#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/border.h"

namespace coeval::plugin {

// Columns and their types; no type means bytes as they stand.
using CsvColumns = std::vector<std::pair<std::string, std::shared_ptr<::arrow::DataType>>>;

// The columns in that order; none: all of them, as bytes. Errors name the file.
::arrow::Result<std::shared_ptr<::arrow::csv::StreamingReader>> OpenCsv(const std::string& path,
                                                                        const coeval_arrow_csv& csv,
                                                                        const CsvColumns& columns);

// The types that the caller knows. Errors: Invalid for a format string that is none.
::arrow::Result<CsvColumns> GivenTypes(const coeval_arrow_csv& csv);

// Tells each text that is not null, with its column's position in `columns` and its row, until
// `see` answers false. Rows count from 0, without the header.
using SeeText = std::function<bool(std::size_t column, int64_t row, std::string_view text)>;
::arrow::Status ForEachText(const std::string& path, const coeval_arrow_csv& csv,
                            const CsvColumns& columns, const Caller& caller, const SeeText& see);

}  // namespace coeval::plugin
