#include "arrow/parquet_open.h"

#include <arrow/array.h>  // IWYU pragma: keep
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type_fwd.h>
#include <arrow/util/io_util.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/file_reader.h>
#include <parquet/properties.h>
#include <parquet/schema.h>
#include <parquet/types.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/block_pool.h"
#include "arrow/border.h"
#include "arrow/plugin_abi.h"

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;
using ::arrow::TimeUnit;

namespace {

::parquet::ReaderProperties PropertiesOf(const ParquetOpenOptions& options) {
  ::parquet::ReaderProperties properties(BlockPool());
  properties.set_page_checksum_verification(true);
  if (options.buffered) {
    properties.enable_buffered_stream();
    properties.set_buffer_size(int64_t{1} << 20);
  }
  return properties;
}

Status DoesNotOpen(const std::string& path, const Status& status) {
  if (status.ok()) return status;
  if (IsAboutEncryption(status)) return Encrypted(path);
  const coeval_arrow_code code = CodeOf(status);
  if (code == COEVAL_ARROW_NOT_FOUND || code == COEVAL_ARROW_IO) {
    return Within("file " + path, status);
  }
  return Within(
      "file " + path + " does not open as Parquet",
      status.WithMessage(status.message(), "; is it another format, cut short, or damaged?"));
}

}  // namespace

Result<ParquetFile> OpenParquetFile(const std::string& path) {
  ParquetFile file;
  file.path = path;
  const Status status = Caught([&] {
    ARROW_ASSIGN_OR_RAISE(const auto input, ::arrow::io::ReadableFile::Open(path, BlockPool()));
    struct stat now{};
    if (::fstat(input->file_descriptor(), &now) != 0) {
      return ::arrow::internal::IOErrorFromErrno(errno, "its size cannot be read");
    }
    file.bytes = static_cast<int64_t>(now.st_size);
    file.modified =
        static_cast<int64_t>(now.st_mtim.tv_sec) * 1'000'000 + now.st_mtim.tv_nsec / 1000;
    file.input = input;
    return Damaged(Caught([&] {
      file.footer = ::parquet::ParquetFileReader::Open(file.input, PropertiesOf({}))->metadata();
      return Status::OK();
    }));
  });
  ARROW_RETURN_NOT_OK(DoesNotOpen(path, status));
  return file;
}

Result<std::unique_ptr<::parquet::arrow::FileReader>> OpenParquet(
    const ParquetFile& file, const ParquetOpenOptions& options) {
  std::unique_ptr<::parquet::arrow::FileReader> reader;
  const Status status = Caught([&] {
    ::parquet::ArrowReaderProperties arrow_properties(options.use_threads);
    arrow_properties.set_batch_size(options.batch_rows);
    arrow_properties.set_pre_buffer(false);
    arrow_properties.set_coerce_int96_timestamp_unit(options.int96_unit);
    ::parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(Damaged(builder.Open(file.input, PropertiesOf(options), file.footer)));
    builder.memory_pool(BlockPool())->properties(arrow_properties);
    return Damaged(builder.Build(&reader));
  });
  ARROW_RETURN_NOT_OK(DoesNotOpen(file.path, status));
  return reader;
}

Result<std::unique_ptr<::parquet::arrow::FileReader>> OpenParquet(
    const std::string& path, const ParquetOpenOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const ParquetFile file, OpenParquetFile(path));
  return OpenParquet(file, options);
}

bool IsAboutEncryption(const Status& status) {
  return status.message().find("ncrypted metadata") != std::string::npos ||
         status.message().find("Cannot decrypt") != std::string::npos;
}

Status Encrypted(const std::string& path) {
  return Status::NotImplemented("file ", path,
                                " is encrypted, and Coeval holds no keys; write it decrypted");
}

namespace {

void AddLeaves(const ::parquet::arrow::SchemaField& field, std::vector<int>* leaves) {
  if (field.is_leaf()) leaves->push_back(field.column_index);
  for (const auto& child : field.children) AddLeaves(child, leaves);
}

// Compares the timestamps of two arrays of one shape, the same INT96 values as ns and as µs.
struct Int96Finding {
  bool ns_overflows = false;
  bool finer_than_us = false;
};

void CompareUnits(const ::arrow::ArrayData& ns, const ::arrow::ArrayData& us,
                  Int96Finding* finding) {
  if (ns.type->id() == ::arrow::Type::TIMESTAMP && us.type->id() == ::arrow::Type::TIMESTAMP &&
      !ns.type->Equals(*us.type)) {
    const auto ns_array = ::arrow::MakeArray(ns.Copy());
    const auto* as_ns = ns.GetValues<int64_t>(1);
    const auto* as_us = us.GetValues<int64_t>(1);
    for (int64_t i = 0; i < ns.length; ++i) {
      if (ns_array->IsNull(i)) continue;
      int64_t product = 0;
      if (__builtin_mul_overflow(as_us[i], 1000, &product)) finding->ns_overflows = true;
      // The product wraps just as the reader's own nanoseconds did, so they stay comparable.
      const auto difference = static_cast<uint64_t>(as_ns[i]) - static_cast<uint64_t>(product);
      if (difference != 0) finding->finer_than_us = true;
    }
  }
  for (std::size_t i = 0; i < ns.child_data.size(); ++i) {
    CompareUnits(*ns.child_data[i], *us.child_data[i], finding);
  }
}

bool IsInt96(const ::parquet::arrow::FileReader& reader, int leaf) {
  const auto* schema = reader.parquet_reader()->metadata()->schema();
  return schema->Column(leaf)->physical_type() == ::parquet::Type::INT96;
}

}  // namespace

std::vector<int> LeavesOf(const ::parquet::arrow::SchemaManifest& manifest,
                          const std::vector<int>& fields) {
  std::vector<int> leaves;
  for (const int field : fields) {
    AddLeaves(manifest.schema_fields[static_cast<std::size_t>(field)], &leaves);
  }
  return leaves;
}

Result<TimeUnit::type> UnitForInt96(const std::string& path,
                                    const ::parquet::arrow::FileReader& reader,
                                    const std::vector<int>& row_groups,
                                    const std::vector<int>& leaves, const Caller& caller) {
  std::vector<int> int96;
  for (const int leaf : leaves) {
    if (IsInt96(reader, leaf)) int96.push_back(leaf);
  }
  if (int96.empty()) return TimeUnit::NANO;

  ARROW_ASSIGN_OR_RAISE(auto ns, OpenParquet(path, {.int96_unit = TimeUnit::NANO}));
  ARROW_ASSIGN_OR_RAISE(auto us, OpenParquet(path, {.int96_unit = TimeUnit::MICRO}));
  ARROW_ASSIGN_OR_RAISE(auto ns_batches, ns->GetRecordBatchReader(row_groups, int96));
  ARROW_ASSIGN_OR_RAISE(auto us_batches, us->GetRecordBatchReader(row_groups, int96));
  Int96Finding finding;
  while (true) {
    ARROW_RETURN_NOT_OK(caller.CheckCancelled());
    std::shared_ptr<::arrow::RecordBatch> in_ns;
    std::shared_ptr<::arrow::RecordBatch> in_us;
    ARROW_RETURN_NOT_OK(ns_batches->ReadNext(&in_ns));
    ARROW_RETURN_NOT_OK(us_batches->ReadNext(&in_us));
    if (in_ns == nullptr || in_us == nullptr) break;
    for (int i = 0; i < in_ns->num_columns(); ++i) {
      CompareUnits(*in_ns->column_data(i), *in_us->column_data(i), &finding);
    }
  }
  if (!finding.ns_overflows) return TimeUnit::NANO;
  if (!finding.finer_than_us) return TimeUnit::MICRO;
  std::string names;
  for (const int leaf : int96) {
    const auto* schema = reader.parquet_reader()->metadata()->schema();
    names += (names.empty() ? "`" : ", `") + schema->Column(leaf)->path()->ToDotString() + "`";
  }
  return Status::Invalid("file ", path, ", INT96 column ", names,
                         ": times outside 1677..2262 need microseconds, and some are finer than "
                         "that (or garbage); write the column as timestamp(us)");
}

std::string FindDamage(const std::string& path, const std::vector<int>& row_groups,
                       const std::vector<int>& leaves) {
  std::string place;
  (void)Caught([&] {
    ARROW_ASSIGN_OR_RAISE(auto reader, OpenParquet(path, {.use_threads = false}));
    for (const int group : row_groups) {
      for (const int leaf : leaves) {
        const Status status = Caught([&] {
          ARROW_ASSIGN_OR_RAISE(auto batches, reader->GetRecordBatchReader({group}, {leaf}));
          while (true) {
            std::shared_ptr<::arrow::RecordBatch> batch;
            ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
            if (batch == nullptr) return Status::OK();
            ARROW_RETURN_NOT_OK(batch->ValidateFull());
          }
        });
        if (status.ok()) continue;
        const auto* schema = reader->parquet_reader()->metadata()->schema();
        place = "row group " + std::to_string(group) + ", column `" +
                schema->Column(leaf)->path()->ToDotString() + "`";
        return Status::OK();
      }
    }
    return Status::OK();
  });
  return place;
}

}  // namespace coeval::plugin
