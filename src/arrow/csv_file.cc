#include "arrow/csv_file.h"

#include <arrow/csv/reader.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "arrow/border.h"
#include "arrow/csv_open.h"
#include "arrow/csv_text.h"
#include "arrow/inspection.h"
#include "arrow/plugin_abi.h"
#include "arrow/readahead_stream.h"
#include "column/arrow_c.h"

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;

namespace {

// All columns of the file with their given types; columns without one have none yet.
Result<CsvColumns> ColumnsOf(const std::string& path, const coeval_arrow_csv& csv) {
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenCsv(path, csv, {}));
  ARROW_ASSIGN_OR_RAISE(const CsvColumns given, GivenTypes(csv));
  CsvColumns columns;
  for (const std::string& name : reader->schema()->field_names()) {
    const auto typed = std::find_if(given.begin(), given.end(),
                                    [&name](const auto& column) { return column.first == name; });
    columns.emplace_back(name, typed == given.end() ? nullptr : typed->second);
  }
  return columns;
}

Status InferTypes(const std::string& path, const coeval_arrow_csv& csv, const Caller& caller,
                  CsvColumns* columns) {
  CsvColumns open;
  for (const auto& column : *columns) {
    if (column.second == nullptr) open.push_back(column);
  }
  if (open.empty()) return Status::OK();
  std::vector<TypeGuess> guesses(open.size());
  ARROW_RETURN_NOT_OK(ForEachText(path, csv, open, caller,
                                  [&guesses](std::size_t column, int64_t, std::string_view text) {
                                    guesses[column].See(text);
                                    return true;
                                  }));
  std::size_t next = 0;
  for (auto& column : *columns) {
    if (column.second == nullptr) column.second = guesses[next++].type();
  }
  return Status::OK();
}

Status CheckUnique(const CsvColumns& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (columns[i].first == columns[j].first) {
        return Status::Invalid("column `", columns[i].first, "` occurs twice");
      }
    }
  }
  return Status::OK();
}

::arrow::Schema SchemaOf(const CsvColumns& columns) {
  ::arrow::FieldVector fields;
  for (const auto& [name, type] : columns) {
    fields.push_back(::arrow::field(name, type == nullptr ? ::arrow::utf8() : type));
  }
  return ::arrow::Schema(fields);
}

// Arrow says which column did not convert, but not in which row: look for it.
Status WhichCell(const std::string& path, const coeval_arrow_csv& csv, const CsvColumns& columns,
                 const Caller& caller, const Status& failure) {
  std::string found;
  const Status status = ForEachText(
      path, csv, columns, caller, [&](std::size_t column, int64_t row, std::string_view text) {
        if (Converts(text, *columns[column].second)) return true;
        found = "file " + path + ", row " + std::to_string(row) +
                " (from 0, without the header), " + "column `" + columns[column].first + "`: '" +
                std::string(text.substr(0, 80)) + "' is no " + columns[column].second->ToString() +
                "; declare another type, or name it among the null_values";
        return false;
      });
  if (!status.ok() || found.empty()) return Within("file " + path, failure);
  return Status::Invalid(found);
}

struct Scan {
  std::string path;
  std::shared_ptr<::arrow::csv::StreamingReader> reader;
  CsvColumns columns;
  Caller caller;
  // What coeval_arrow_csv points to, for the second look that an error needs.
  std::vector<std::string> null_values;
  std::vector<std::string> names;
  std::vector<const char*> null_pointers;
  std::vector<const char*> name_pointers;
  coeval_arrow_csv csv;

  Scan(const coeval_arrow_scan_request& request, Caller the_caller)
      : path(request.path),
        caller(the_caller),
        null_values(Strings(request.csv->null_values, request.csv->n_null_values)),
        names(Strings(request.csv->names, request.csv->n_names)),
        csv(*request.csv) {
    for (const std::string& text : null_values) null_pointers.push_back(text.c_str());
    for (const std::string& text : names) name_pointers.push_back(text.c_str());
    csv.null_values = null_pointers.data();
    csv.names = name_pointers.data();
    csv.typed_names = nullptr;
    csv.typed_formats = nullptr;
    csv.n_typed = 0;
  }
};

Result<std::shared_ptr<::arrow::RecordBatch>> NextOf(const Scan& scan) {
  std::shared_ptr<::arrow::RecordBatch> batch;
  const Status status = Caught([&] { return scan.reader->ReadNext(&batch); });
  if (!status.ok()) {
    return WhichCell(scan.path, scan.csv, scan.columns, scan.caller, status);
  }
  return batch;
}

Status CheckRequest(const coeval_arrow_csv* csv) {
  if (csv == nullptr) return Status::Invalid("CSV is read with its options, and there are none");
  return Status::OK();
}

}  // namespace

Status InspectCsv(const coeval_arrow_inspect_request& request, const Caller& caller,
                  Inspection* out) {
  ARROW_RETURN_NOT_OK(CheckRequest(request.csv));
  const std::string path = request.path;
  ARROW_ASSIGN_OR_RAISE(CsvColumns columns, ColumnsOf(path, *request.csv));
  if (request.infer != 0) {
    ARROW_RETURN_NOT_OK(Within("file " + path, CheckUnique(columns)));
    ARROW_RETURN_NOT_OK(InferTypes(path, *request.csv, caller, &columns));
  }
  out->schema = std::make_shared<::arrow::Schema>(SchemaOf(columns));
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(path, failed);
  out->file_bytes = failed ? 0 : static_cast<int64_t>(bytes);
  return Status::OK();
}

Status ScanCsv(const coeval_arrow_scan_request& request, const Caller& caller,
               ArrowArrayStream* out) {
  ARROW_RETURN_NOT_OK(CheckRequest(request.csv));
  auto scan = std::make_shared<Scan>(request, caller);
  ARROW_ASSIGN_OR_RAISE(const CsvColumns all, ColumnsOf(scan->path, *request.csv));
  const auto positions = ColumnPositions(SchemaOf(all), request.columns, request.n_columns);
  if (!positions.ok()) return Within("file " + scan->path, positions.status());
  for (const int i : *positions) scan->columns.push_back(all[static_cast<std::size_t>(i)]);
  ARROW_RETURN_NOT_OK(Within("file " + scan->path, CheckUnique(scan->columns)));
  ARROW_RETURN_NOT_OK(InferTypes(scan->path, *request.csv, caller, &scan->columns));
  auto opened = OpenCsv(scan->path, *request.csv, scan->columns);
  if (!opened.ok()) {
    return WhichCell(scan->path, scan->csv, scan->columns, caller, opened.status());
  }
  scan->reader = *std::move(opened);
  ExportReadahead(
      scan->reader->schema(), [scan] { return NextOf(*scan); },
      {.where = "file " + scan->path,
       .batch_rows = request.batch_rows,
       .bytes = caller.memory_budget() / 8,
       .ahead = request.ahead != 0},
      caller, out);
  return Status::OK();
}

}  // namespace coeval::plugin
