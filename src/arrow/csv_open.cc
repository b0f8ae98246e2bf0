#include "arrow/csv_open.h"

#include <arrow/array/array_binary.h>
#include <arrow/c/bridge.h>
#include <arrow/csv/options.h>
#include <arrow/csv/reader.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/type_fwd.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>
#include <arrow/util/compression.h>
#include <arrow/util/type_fwd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "arrow/border.h"
#include "arrow/inspection.h"
#include "arrow/plugin_abi.h"
#include "column/arrow_c.h"

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;

namespace {

bool EndsWith(const std::string& text, std::string_view ending) {
  return text.size() >= ending.size() &&
         std::string_view(text).substr(text.size() - ending.size()) == ending;
}

Result<std::shared_ptr<::arrow::io::InputStream>> OpenInput(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<::arrow::io::InputStream> file,
                        ::arrow::io::ReadableFile::Open(path));
  auto compression = ::arrow::Compression::UNCOMPRESSED;
  if (EndsWith(path, ".gz")) compression = ::arrow::Compression::GZIP;
  if (EndsWith(path, ".zst")) compression = ::arrow::Compression::ZSTD;
  if (EndsWith(path, ".bz2")) compression = ::arrow::Compression::BZ2;
  if (compression == ::arrow::Compression::UNCOMPRESSED) return file;
  ARROW_ASSIGN_OR_RAISE(auto codec, ::arrow::util::Codec::Create(compression));
  std::shared_ptr<::arrow::util::Codec> shared = std::move(codec);
  ARROW_ASSIGN_OR_RAISE(auto stream, ::arrow::io::CompressedInputStream::Make(shared.get(), file));
  // The stream borrows the codec.
  return std::shared_ptr<::arrow::io::InputStream>(
      stream.get(), [stream, shared](::arrow::io::InputStream*) mutable { stream.reset(); });
}

::arrow::csv::ConvertOptions ConvertOptionsOf(const coeval_arrow_csv& csv,
                                              const CsvColumns& columns) {
  auto convert = ::arrow::csv::ConvertOptions::Defaults();
  convert.null_values = Strings(csv.null_values, csv.n_null_values);
  convert.strings_can_be_null = true;
  convert.quoted_strings_can_be_null =
      std::find(convert.null_values.begin(), convert.null_values.end(), "") ==
      convert.null_values.end();
  convert.true_values = {"1", "true", "True", "TRUE"};
  convert.false_values = {"0", "false", "False", "FALSE"};
  convert.default_column_type = ::arrow::binary();
  for (const auto& [name, type] : columns) {
    convert.include_columns.push_back(name);
    if (type != nullptr) convert.column_types[name] = type;
  }
  return convert;
}

}  // namespace

Result<std::shared_ptr<::arrow::csv::StreamingReader>> OpenCsv(const std::string& path,
                                                               const coeval_arrow_csv& csv,
                                                               const CsvColumns& columns) {
  auto read = ::arrow::csv::ReadOptions::Defaults();
  read.block_size = 4 << 20;
  if (csv.header == 0) {
    read.column_names = Strings(csv.names, csv.n_names);
    read.autogenerate_column_names = read.column_names.empty();
  }
  auto parse = ::arrow::csv::ParseOptions::Defaults();
  parse.delimiter = csv.delimiter;
  parse.quoting = csv.quote != '\0';
  parse.quote_char = csv.quote;
  parse.newlines_in_values = parse.quoting;
  const auto convert = ConvertOptionsOf(csv, columns);
  std::shared_ptr<::arrow::csv::StreamingReader> reader;
  const Status status = Caught([&] {
    ARROW_ASSIGN_OR_RAISE(auto input, OpenInput(path));
    ARROW_ASSIGN_OR_RAISE(
        reader, ::arrow::csv::StreamingReader::Make(::arrow::io::default_io_context(),
                                                    std::move(input), read, parse, convert));
    return Status::OK();
  });
  if (!status.ok()) return Within("file " + path, status);
  return reader;
}

Result<CsvColumns> GivenTypes(const coeval_arrow_csv& csv) {
  CsvColumns types;
  for (int64_t i = 0; i < csv.n_typed; ++i) {
    ArrowSchema schema{};
    schema.format = csv.typed_formats[i];
    schema.name = "";
    schema.release = [](ArrowSchema* self) { self->release = nullptr; };
    ARROW_ASSIGN_OR_RAISE(auto type, ::arrow::ImportType(&schema));
    types.emplace_back(csv.typed_names[i], std::move(type));
  }
  return types;
}

Status ForEachText(const std::string& path, const coeval_arrow_csv& csv, const CsvColumns& columns,
                   const Caller& caller, const SeeText& see) {
  CsvColumns untyped = columns;
  for (auto& column : untyped) column.second = nullptr;
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenCsv(path, csv, untyped));
  int64_t first_row = 0;
  while (true) {
    ARROW_RETURN_NOT_OK(caller.CheckCancelled());
    std::shared_ptr<::arrow::RecordBatch> batch;
    const Status status = Caught([&] { return reader->ReadNext(&batch); });
    if (!status.ok()) return Within("file " + path, status);
    if (batch == nullptr) return Status::OK();
    for (int i = 0; i < batch->num_columns(); ++i) {
      const auto& texts = static_cast<const ::arrow::BinaryArray&>(*batch->column(i));
      for (int64_t row = 0; row < texts.length(); ++row) {
        if (texts.IsNull(row)) continue;
        if (!see(static_cast<std::size_t>(i), first_row + row, texts.GetView(row))) {
          return Status::OK();
        }
      }
    }
    first_row += batch->num_rows();
  }
}

}  // namespace coeval::plugin
