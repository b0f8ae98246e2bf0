#include "arrow/parquet_file.h"

#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <parquet/arrow/reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/border.h"
#include "arrow/inspection.h"
#include "arrow/parquet_open.h"
#include "arrow/parquet_rows.h"
#include "arrow/parquet_statistics.h"
#include "arrow/plugin_abi.h"
#include "arrow/readahead_stream.h"
#include "column/arrow_c.h"

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;

namespace {

using FileReader = ::parquet::arrow::FileReader;

// The leaf of a column that is no list, struct or map; -1 where it is one, or is not there.
int PlainLeaf(const FileReader& reader, const std::string& name) {
  for (const auto& field : reader.manifest().schema_fields) {
    if (field.field->name() == name) return field.is_leaf() ? field.column_index : -1;
  }
  return -1;
}

Status InspectRowGroups(const FileReader& reader, const std::vector<int>& fields,
                        const std::vector<std::string>& stat_columns, Inspection* out) {
  const auto metadata = reader.parquet_reader()->metadata();
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    const auto group = metadata->RowGroup(i);
    int64_t bytes = 0;
    auto& column_bytes = out->column_bytes.emplace_back();
    for (const int field : fields) {
      column_bytes.push_back(0);
      for (const int leaf : LeavesOf(reader.manifest(), {field})) {
        column_bytes.back() += group->ColumnChunk(leaf)->total_compressed_size();
      }
      bytes += column_bytes.back();
    }
    auto& statistics = out->statistics.emplace_back();
    for (const std::string& name : stat_columns) {
      const int leaf = PlainLeaf(reader, name);
      statistics.push_back(leaf < 0 ? NoStatistics()
                                    : StatisticsOf(*group->ColumnChunk(leaf),
                                                   *metadata->schema()->Column(leaf), &out->texts));
    }
    if (group->num_rows() < 0) {
      return Status::SerializationError("row group ", i, " claims a negative number of rows");
    }
    out->row_groups.push_back({group->num_rows(), bytes, statistics.data(), column_bytes.data()});
  }
  return Status::OK();
}

// A scan while it runs. Owned by the stream's NextBatch.
struct Scan {
  std::string path;
  std::unique_ptr<FileReader> reader;
  std::vector<int> row_groups;
  std::vector<int> fields;  // in the order asked for
  std::vector<int> leaves;  // ascending
  // All rows:
  std::unique_ptr<::arrow::RecordBatchReader> batches;
  std::vector<int> order;  // position in `batches` of each column asked for
  // Only some:
  bool picks = false;
  std::vector<int64_t> rows;
  std::size_t next_row = 0;    // of rows
  std::size_t next_group = 0;  // of row_groups
  int64_t group_start = 0;     // the first row of that group among those read
  ::arrow::RecordBatchVector picked;
  std::size_t next_picked = 0;
  std::shared_ptr<::arrow::Schema> schema;
};

Status DamagedWhere(const Scan& scan, const Status& status) {
  const coeval_arrow_code code = CodeOf(Damaged(status));
  if (code == COEVAL_ARROW_CANCELLED) return status;
  const std::string place = code == COEVAL_ARROW_CORRUPT
                                ? FindDamage(scan.path, scan.row_groups, scan.leaves)
                                : std::string();
  const bool named = status.message().find(scan.path) != std::string::npos;
  const std::string where =
      named ? place : "file " + scan.path + (place.empty() ? "" : ", " + place);
  Status within = where.empty() ? Damaged(status) : Within(where, Damaged(status));
  if (CodeOf(within) != COEVAL_ARROW_CORRUPT) return within;
  return within.WithMessage(within.message(),
                            "; the file is damaged: write it again, or take it out of the source");
}

// The wanted rows of the next row group that has any; none left: an empty `picked`.
Status PickNext(Scan& scan) {
  scan.picked.clear();
  scan.next_picked = 0;
  std::vector<int64_t> within;
  while (scan.picked.empty() && scan.next_row < scan.rows.size()) {
    const int group = scan.row_groups[scan.next_group++];
    const int64_t end =
        scan.group_start + scan.reader->parquet_reader()->metadata()->RowGroup(group)->num_rows();
    within.clear();
    for (; scan.next_row < scan.rows.size() && scan.rows[scan.next_row] < end; ++scan.next_row) {
      within.push_back(scan.rows[scan.next_row] - scan.group_start);
    }
    scan.group_start = end;
    if (within.empty()) continue;
    ARROW_ASSIGN_OR_RAISE(scan.picked, PickRows(*scan.reader, group, scan.fields, within));
  }
  return Status::OK();
}

Result<std::shared_ptr<::arrow::RecordBatch>> NextOf(Scan& scan) {
  std::shared_ptr<::arrow::RecordBatch> batch;
  const Status status = Caught([&] {
    if (!scan.picks) return scan.batches->ReadNext(&batch);
    if (scan.next_picked == scan.picked.size()) ARROW_RETURN_NOT_OK(PickNext(scan));
    if (scan.next_picked < scan.picked.size()) batch = scan.picked[scan.next_picked++];
    return Status::OK();
  });
  if (!status.ok()) return DamagedWhere(scan, status);
  if (batch == nullptr || scan.picks) return batch;
  return batch->SelectColumns(scan.order);
}

// Rows whose decoded columns take about 8 MiB: wide rows must not make batches huge.
int64_t BatchRows(const FileReader& reader, const std::vector<int>& leaves, int64_t wanted) {
  const auto metadata = reader.parquet_reader()->metadata();
  int64_t bytes = 0;
  int64_t rows = 0;
  for (int i = 0; i < metadata->num_row_groups(); ++i) {
    const auto group = metadata->RowGroup(i);
    rows += group->num_rows();
    for (const int leaf : leaves) bytes += group->ColumnChunk(leaf)->total_uncompressed_size();
  }
  if (rows <= 0 || bytes <= 0) return wanted;
  const int64_t row_bytes = std::max<int64_t>(1, bytes / rows);
  return std::clamp((int64_t{8} << 20) / row_bytes, int64_t{256}, std::max<int64_t>(wanted, 256));
}

// The columns of the largest row group to be read, as they lie in the file.
int64_t LargestRowGroup(const FileReader& reader, const std::vector<int>& row_groups,
                        const std::vector<int>& leaves) {
  const auto metadata = reader.parquet_reader()->metadata();
  int64_t largest = 0;
  for (const int i : row_groups) {
    const auto group = metadata->RowGroup(i);
    int64_t bytes = 0;
    for (const int leaf : leaves) bytes += group->ColumnChunk(leaf)->total_compressed_size();
    largest = std::max(largest, bytes);
  }
  return largest;
}

Result<std::vector<int>> RowGroupsOf(const coeval_arrow_scan_request& request, int there) {
  std::vector<int> row_groups;
  if (request.row_groups == nullptr) {
    for (int i = 0; i < there; ++i) row_groups.push_back(i);
    return row_groups;
  }
  for (int64_t i = 0; i < request.n_row_groups; ++i) {
    if (request.row_groups[i] < 0 || request.row_groups[i] >= there) {
      return Status::Invalid("no row group ", request.row_groups[i], " in file ", request.path,
                             ", which has ", there, "; was it replaced while it was read?");
    }
    row_groups.push_back(static_cast<int>(request.row_groups[i]));
  }
  return row_groups;
}

Status TakeRows(const coeval_arrow_scan_request& request, Scan* scan) {
  scan->picks = request.rows != nullptr;
  if (!scan->picks) return Status::OK();
  scan->rows.assign(request.rows, request.rows + request.n_rows);
  int64_t there = 0;
  for (const int group : scan->row_groups) {
    there += scan->reader->parquet_reader()->metadata()->RowGroup(group)->num_rows();
  }
  for (std::size_t i = 0; i < scan->rows.size(); ++i) {
    if (scan->rows[i] < 0 || scan->rows[i] >= there ||
        (i > 0 && scan->rows[i] <= scan->rows[i - 1])) {
      return Status::Invalid("no row ", scan->rows[i], " among the ", there, " rows read of file ",
                             scan->path, "; was it replaced while it was read?");
    }
  }
  return Status::OK();
}

// The columns that will be given, of all rows.
Status StartBatches(Scan* scan) {
  ARROW_ASSIGN_OR_RAISE(scan->batches,
                        scan->reader->GetRecordBatchReader(scan->row_groups, scan->leaves));
  const auto read = scan->batches->schema();
  if (read->num_fields() != static_cast<int>(scan->fields.size())) {
    // A group whose columns the footer no longer names.
    return DamagedWhere(
        *scan, Status::Invalid("the file has ", read->num_fields(), " of the ", scan->fields.size(),
                               " columns that its footer lists"));
  }
  ::arrow::FieldVector fields;
  for (const int field : scan->fields) {
    int position = 0;
    for (const int other : scan->fields) position += other < field ? 1 : 0;
    scan->order.push_back(position);
    fields.push_back(read->field(position));
  }
  scan->schema = ::arrow::schema(fields, read->metadata());
  return Status::OK();
}

Status StartScan(const coeval_arrow_scan_request& request, const Caller& caller, Scan* scan) {
  scan->path = request.path;
  ParquetFile file;
  if (request.file != nullptr) {
    file = *static_cast<const ParquetFile*>(request.file->private_data);
  } else {
    ARROW_ASSIGN_OR_RAISE(file, OpenParquetFile(scan->path));
  }
  ARROW_ASSIGN_OR_RAISE(scan->reader, OpenParquet(file, {}));
  std::shared_ptr<::arrow::Schema> schema;
  ARROW_RETURN_NOT_OK(Damaged(scan->reader->GetSchema(&schema)));
  ARROW_ASSIGN_OR_RAISE(scan->fields, ColumnPositions(*schema, request.columns, request.n_columns));
  ARROW_ASSIGN_OR_RAISE(scan->row_groups, RowGroupsOf(request, scan->reader->num_row_groups()));
  ARROW_RETURN_NOT_OK(TakeRows(request, scan));
  scan->leaves = LeavesOf(scan->reader->manifest(), scan->fields);
  std::sort(scan->leaves.begin(), scan->leaves.end());  // the reader answers in this order
  ARROW_ASSIGN_OR_RAISE(const auto unit, UnitForInt96(scan->path, *scan->reader, scan->row_groups,
                                                      scan->leaves, caller));
  const ParquetOpenOptions options{
      .int96_unit = unit,
      .batch_rows = BatchRows(*scan->reader, scan->leaves, request.batch_rows),
      .use_threads = request.ahead != 0,
      .buffered = LargestRowGroup(*scan->reader, scan->row_groups, scan->leaves) >
                  caller.memory_budget() / 4};
  ARROW_ASSIGN_OR_RAISE(scan->reader, OpenParquet(file, options));
  if (!scan->picks) return StartBatches(scan);
  ARROW_RETURN_NOT_OK(Damaged(scan->reader->GetSchema(&schema)));
  ::arrow::FieldVector fields;
  for (const int field : scan->fields) fields.push_back(schema->field(field));
  scan->schema = ::arrow::schema(fields, schema->metadata());
  return Status::OK();
}

// What the file's footer says beside the schema, without Arrow's own copy of the schema.
std::shared_ptr<const ::arrow::KeyValueMetadata> Merged(
    const std::shared_ptr<const ::arrow::KeyValueMetadata>& of_schema,
    const std::shared_ptr<const ::arrow::KeyValueMetadata>& of_file) {
  auto merged = std::make_shared<::arrow::KeyValueMetadata>();
  for (const auto& metadata : {of_schema, of_file}) {
    for (int64_t i = 0; metadata != nullptr && i < metadata->size(); ++i) {
      if (metadata->key(i) != "ARROW:schema" && !merged->Contains(metadata->key(i))) {
        merged->Append(metadata->key(i), metadata->value(i));
      }
    }
  }
  return merged;
}

}  // namespace

Status InspectParquet(const coeval_arrow_inspect_request& request, Inspection* out) {
  const std::string path = request.path;
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenParquet(path, {}));
  const Status status = Caught([&] {
    ARROW_RETURN_NOT_OK(reader->GetSchema(&out->schema));
    const auto metadata = reader->parquet_reader()->metadata();
    out->rows = metadata->num_rows();
    out->schema =
        out->schema->WithMetadata(Merged(out->schema->metadata(), metadata->key_value_metadata()));
    ARROW_ASSIGN_OR_RAISE(const std::vector<int> fields,
                          ColumnPositions(*out->schema, request.columns, request.n_columns));
    return InspectRowGroups(*reader, fields, Strings(request.stat_columns, request.n_stat_columns),
                            out);
  });
  if (IsAboutEncryption(status)) return Encrypted(path);
  return CodeOf(status) == COEVAL_ARROW_NOT_FOUND ? Within("file " + path, status)
                                                  : Within("file " + path, Damaged(status));
}

Status ScanParquet(const coeval_arrow_scan_request& request, const Caller& caller,
                   ArrowArrayStream* out) {
  auto scan = std::make_shared<Scan>();
  const Status status = Caught([&] { return StartScan(request, caller, scan.get()); });
  if (!status.ok()) {
    if (IsAboutEncryption(status)) return Encrypted(request.path);
    if (CodeOf(status) == COEVAL_ARROW_CORRUPT && scan->reader != nullptr) {
      return DamagedWhere(*scan, status);
    }
    return status.message().find(request.path) == std::string::npos
               ? Within(std::string("file ") + request.path, status)
               : status;
  }
  ExportReadahead(
      scan->schema, [scan] { return NextOf(*scan); },
      {.where = "file " + scan->path,
       .batch_rows = request.batch_rows,
       .bytes = caller.memory_budget() / 8,
       .ahead = request.ahead != 0},
      caller, out);
  return Status::OK();
}

Status OpenParquetForScans(const char* path, coeval_arrow_file* out) {
  ARROW_ASSIGN_OR_RAISE(ParquetFile file, OpenParquetFile(path));
  out->bytes = file.bytes;
  out->modified = file.modified;
  out->private_data = new ParquetFile(std::move(file));
  out->release = [](coeval_arrow_file* self) {
    delete static_cast<ParquetFile*>(self->private_data);
    *self = {};
  };
  return Status::OK();
}

}  // namespace coeval::plugin
