#include "arrow/table_writer.h"

#include <arrow/csv/writer.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/compression.h>
#include <arrow/util/key_value_metadata.h>
#include <arrow/util/type_fwd.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "arrow/atomic_file.h"
#include "arrow/block_pool.h"
#include "arrow/border.h"
#include "arrow/border_stream.h"
#include "arrow/plugin_abi.h"
#include "arrow/standard_output.h"
#include "column/arrow_c.h"

namespace coeval::plugin {

using ::arrow::RecordBatch;
using ::arrow::Result;
using ::arrow::Status;

namespace {

constexpr int64_t kMaxRowGroupRows = int64_t{1} << 20;
constexpr int64_t kMinRowGroupRows = int64_t{1} << 13;
constexpr int64_t kRowGroupBytes = int64_t{128} << 20;

bool IsStandardOutput(std::string_view path) {
  return path == COEVAL_ARROW_STANDARD_OUTPUT;
}

// IPC has two forms: a file, with an index at its end, and a stream.
bool IsStream(std::string_view path) {
  return IsStandardOutput(path) || path.ends_with(".arrows");
}

// What the three formats have in common.
class TableWriter {
 public:
  TableWriter() = default;
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;
  virtual ~TableWriter() = default;
  virtual Status Write(const RecordBatch& batch) = 0;
  virtual Status Close() = 0;
};

Result<::arrow::Compression::type> CompressionOf(const char* name) {
  const std::string_view text = name == nullptr ? "zstd" : name;
  if (text == "zstd") return ::arrow::Compression::ZSTD;
  if (text == "snappy") return ::arrow::Compression::SNAPPY;
  if (text == "lz4") return ::arrow::Compression::LZ4;
  if (text == "gzip") return ::arrow::Compression::GZIP;
  if (text == "none") return ::arrow::Compression::UNCOMPRESSED;
  return Status::Invalid("unknown compression '", std::string(text),
                         "'; there are zstd, snappy, lz4, gzip and none");
}

std::shared_ptr<::arrow::KeyValueMetadata> MetadataOf(const coeval_arrow_write_request& request) {
  auto metadata = std::make_shared<::arrow::KeyValueMetadata>();
  for (int64_t i = 0; i < request.n_metadata; ++i) {
    metadata->Append(request.keys[i], request.values[i]);
  }
  return metadata;
}

std::shared_ptr<::arrow::Schema> WithMetadata(const std::shared_ptr<::arrow::Schema>& schema,
                                              const coeval_arrow_write_request& request) {
  if (request.n_metadata == 0) return schema;
  auto metadata = MetadataOf(request);
  if (schema->metadata() != nullptr) metadata = schema->metadata()->Merge(*metadata);
  return schema->WithMetadata(metadata);
}

class ParquetWriter : public TableWriter {
 public:
  // `first` shows how wide rows are; null for a table without rows.
  static Result<std::unique_ptr<TableWriter>> Make(
      const coeval_arrow_write_request& request, const Caller& caller,
      const std::shared_ptr<::arrow::Schema>& schema, const RecordBatch* first,
      std::shared_ptr<::arrow::io::OutputStream> sink) {
    ARROW_ASSIGN_OR_RAISE(auto compression, CompressionOf(request.compression));
    // To Parquet, Hadoop's LZ4 framing is "LZ4", the format's own LZ4_RAW is Arrow's LZ4.
    ::parquet::WriterProperties::Builder properties;
    properties.memory_pool(BlockPool());
    properties.compression(compression)->enable_page_checksum()->enable_write_page_index();
    properties.max_row_group_length(RowGroupRows(request, caller, first));
    const auto arrow_properties =
        ::parquet::ArrowWriterProperties::Builder().store_schema()->set_use_threads(true)->build();
    auto self = std::make_unique<ParquetWriter>();
    // Part of the schema, so that readers show it as the table's own; the writer stores it in the
    // file's metadata too.
    ARROW_ASSIGN_OR_RAISE(
        self->writer_,
        ::parquet::arrow::FileWriter::Open(*WithMetadata(schema, request), BlockPool(),
                                           std::move(sink), properties.build(), arrow_properties));
    self->metadata_ = std::make_shared<::arrow::KeyValueMetadata>();
    self->finish_ = request.finish;
    self->finish_self_ = request.finish_self;
    return self;
  }

  Status Write(const RecordBatch& batch) override { return writer_->WriteRecordBatch(batch); }

  Status Close() override {
    AddLateMetadata();
    if (metadata_->size() > 0) ARROW_RETURN_NOT_OK(writer_->AddKeyValueMetadata(metadata_));
    return writer_->Close();
  }

 private:
  static int64_t RowGroupRows(const coeval_arrow_write_request& request, const Caller& caller,
                              const RecordBatch* first) {
    if (request.row_group_rows > 0) return request.row_group_rows;
    if (first == nullptr || first->num_rows() == 0) return kMaxRowGroupRows;
    const auto bytes = ::arrow::util::ReferencedBufferSize(*first);
    const int64_t row_bytes = std::max<int64_t>(1, bytes.ok() ? *bytes / first->num_rows() : 1);
    const int64_t target = std::min(kRowGroupBytes, caller.memory_budget() / 4);
    return std::clamp(target / row_bytes, kMinRowGroupRows, kMaxRowGroupRows);
  }

  void AddLateMetadata() {
    if (finish_ == nullptr) return;
    const char* const* keys = nullptr;
    const char* const* values = nullptr;
    int64_t count = 0;
    finish_(finish_self_, &keys, &values, &count);
    for (int64_t i = 0; i < count; ++i) metadata_->Append(keys[i], values[i]);
  }

  void (*finish_)(void*, const char* const**, const char* const**, int64_t*) = nullptr;
  void* finish_self_ = nullptr;
  std::unique_ptr<::parquet::arrow::FileWriter> writer_;
  std::shared_ptr<::arrow::KeyValueMetadata> metadata_;
};

// CSV and IPC, which Arrow writes through one interface.
class BatchWriter : public TableWriter {
 public:
  static Result<std::unique_ptr<TableWriter>> MakeCsv(
      const std::shared_ptr<::arrow::Schema>& schema,
      const std::shared_ptr<::arrow::io::OutputStream>& sink) {
    for (const auto& field : schema->fields()) {
      if (field->type()->num_fields() > 0) {
        return Status::Invalid("column `", field->name(), "` of type ", field->type()->ToString(),
                               " has no form in CSV; write Parquet or Arrow");
      }
    }
    auto self = std::make_unique<BatchWriter>();
    ARROW_ASSIGN_OR_RAISE(self->writer_, ::arrow::csv::MakeCSVWriter(sink, schema));
    return self;
  }

  static Result<std::unique_ptr<TableWriter>> MakeIpc(
      const coeval_arrow_write_request& request, const std::shared_ptr<::arrow::Schema>& schema,
      const std::shared_ptr<::arrow::io::OutputStream>& sink) {
    ARROW_ASSIGN_OR_RAISE(auto compression, CompressionOf(request.compression));
    if (compression == ::arrow::Compression::LZ4) compression = ::arrow::Compression::LZ4_FRAME;
    auto options = ::arrow::ipc::IpcWriteOptions::Defaults();
    if (compression != ::arrow::Compression::UNCOMPRESSED) {
      ARROW_ASSIGN_OR_RAISE(auto codec, ::arrow::util::Codec::Create(compression));
      options.codec = std::move(codec);
    }
    auto self = std::make_unique<BatchWriter>();
    const auto whole = WithMetadata(schema, request);
    ARROW_ASSIGN_OR_RAISE(self->writer_, IsStream(request.path)
                                             ? ::arrow::ipc::MakeStreamWriter(sink, whole, options)
                                             : ::arrow::ipc::MakeFileWriter(sink, whole, options));
    return self;
  }

  Status Write(const RecordBatch& batch) override { return writer_->WriteRecordBatch(batch); }

  Status Close() override { return writer_->Close(); }

 private:
  std::shared_ptr<::arrow::ipc::RecordBatchWriter> writer_;
};

Result<std::unique_ptr<TableWriter>> MakeWriter(
    const coeval_arrow_write_request& request, const Caller& caller,
    const std::shared_ptr<::arrow::Schema>& schema, const RecordBatch* first,
    const std::shared_ptr<::arrow::io::OutputStream>& sink) {
  switch (request.format) {
    case COEVAL_ARROW_PARQUET:
      return ParquetWriter::Make(request, caller, schema, first, sink);
    case COEVAL_ARROW_CSV:
      return BatchWriter::MakeCsv(schema, sink);
    case COEVAL_ARROW_IPC:
      return BatchWriter::MakeIpc(request, schema, sink);
    default:
      return Status::Invalid("unknown format number ", request.format);
  }
}

Status WriteAll(const coeval_arrow_write_request& request, const Caller& caller,
                BorderStream* input, coeval_arrow_written* out) {
  ARROW_RETURN_NOT_OK(input->Open());
  std::shared_ptr<RecordBatch> batch;
  ARROW_RETURN_NOT_OK(input->Next(&batch));
  std::unique_ptr<AtomicFile> file;
  std::shared_ptr<::arrow::io::OutputStream> sink;
  if (IsStandardOutput(request.path)) {
    ARROW_ASSIGN_OR_RAISE(sink, OpenStandardOutput());
  } else {
    ARROW_ASSIGN_OR_RAISE(file, AtomicFile::Create(request.path));
    sink = file->stream();
  }
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        MakeWriter(request, caller, input->schema(), batch.get(), sink));
  while (batch != nullptr) {
    ARROW_RETURN_NOT_OK(caller.CheckCancelled());
    ARROW_RETURN_NOT_OK(writer->Write(*batch));
    out->rows += batch->num_rows();
    ARROW_RETURN_NOT_OK(input->Next(&batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(out->bytes, sink->Tell());
  return file == nullptr ? sink->Close() : file->Commit();
}

}  // namespace

Status WriteFile(const coeval_arrow_write_request& request, const Caller& caller,
                 ArrowArrayStream* data, coeval_arrow_written* out) {
  *out = {};
  const Status status = Caught([&] {
    BorderStream input(data);
    return WriteAll(request, caller, &input, out);
  });
  if (data->release != nullptr) data->release(data);
  const bool piped = IsStandardOutput(request.path);
  return Within(std::string("writing ") + (piped ? "to standard output" : request.path), status);
}

}  // namespace coeval::plugin
