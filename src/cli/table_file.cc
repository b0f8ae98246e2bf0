#include "cli/table_file.h"

#include <algorithm>
#include <array>

#include "cli/chained_tables.h"
#include "cli/terminal.h"
#include "cli/value_text.h"
#include "io/files.h"
#include "io/glob.h"
#include "source/file_list.h"
#include "source/writer.h"

namespace coeval {

namespace {

constexpr std::array kFormats = {FileFormat::kParquet, FileFormat::kCsv, FileFormat::kArrow};

// The files of a folder or pattern that are of one of the formats.
Result<std::vector<std::string>> FilesOf(const std::string& path, FileFormat format) {
  Source source;
  source.name = path;
  source.format = format;
  COEVAL_ASSIGN_OR_RETURN(const SourceFiles files, ListFiles(source, path));
  std::vector<std::string> paths;
  for (const SourceFile& file : files.files) paths.push_back(file.path);
  return paths;
}

Result<ArrowTable> ReadTableFile(const std::string& path, FileFormat file_format,
                                 const Context& context) {
  FormatOptions format;
  format.format = file_format;
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, ReadTable(path, format, context));
  auto table = ArrowTable::Read(&stream);
  if (!table.ok()) return table.status().WithContext(path);
  return table;
}

}  // namespace

Result<FileFormat> FormatOfInput(const std::string& path) {
  auto by_name = FormatOfName(path);
  if (by_name.ok()) return by_name;
  if (FileExists(path) && !IsDirectory(path)) return by_name;
  std::vector<FileFormat> found;
  for (const FileFormat format : kFormats) {
    const auto files = FilesOf(path, format);
    if (!files.ok()) continue;
    for (const std::string& file : *files) {
      const auto of_file = FormatOfName(file);
      if (!of_file.ok()) continue;
      if (std::find(found.begin(), found.end(), *of_file) == found.end()) {
        found.push_back(*of_file);
      }
    }
  }
  if (found.empty()) return FileFormat::kParquet;
  if (found.size() == 1) return found.front();
  return Status::InvalidArgument("'" + path +
                                 "' holds files of several formats; name those that are meant by "
                                 "a pattern, such as '" +
                                 path + (IsDirectory(path) ? "/*.parquet'" : ".parquet'"));
}

Result<ArrowTable> ReadTableFiles(const std::string& path, const Context& context) {
  const bool is_file = FileExists(path) && !IsDirectory(path);
  COEVAL_ASSIGN_OR_RETURN(const FileFormat format, FormatOfInput(path));
  if (is_file) return ReadTableFile(path, format, context);
  if (!IsDirectory(path) && !IsGlobPattern(path)) {
    return Status::NotFound("there is no file '" + path + "'");
  }
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> files, FilesOf(path, format));
  std::vector<ArrowTable> tables;
  for (const std::string& file : files) {
    COEVAL_ASSIGN_OR_RETURN(ArrowTable table, ReadTableFile(file, format, context));
    tables.push_back(std::move(table));
  }
  return ChainTables(std::move(tables), files);
}

Result<WrittenTable> WriteTableFile(ArrowArrayStream* stream, const std::string& path,
                                    const Json* manifest, const Context& context,
                                    std::optional<FileFormat> format) {
  WriteOptions options;
  if (!format.has_value()) {
    auto by_name = FormatOfName(path);
    if (!by_name.ok()) {
      stream->release(stream);
      return by_name.status();
    }
    format = *by_name;
  }
  options.format = *format;
  const bool inside = options.format != FileFormat::kCsv;
  if (manifest != nullptr && inside) {
    options.metadata.emplace_back("coeval.manifest", manifest->Write());
  }
  COEVAL_ASSIGN_OR_RETURN(const WrittenFile file, WriteTable(stream, path, options, context));
  WrittenTable written{file.rows, file.bytes, ""};
  if (manifest != nullptr && !inside) {
    written.manifest = path + ".manifest.json";
    COEVAL_RETURN_IF_ERROR(WriteFileAtomically(written.manifest, manifest->WritePretty() + "\n"));
  }
  return written;
}

Result<std::string> PreviewTable(ArrowArrayStream* stream, std::int64_t rows) {
  COEVAL_ASSIGN_OR_RETURN(const ArrowTable table, ArrowTable::Read(stream));
  const std::int64_t shown = std::min(rows, table.num_rows());
  std::vector<std::vector<std::string>> cells(static_cast<std::size_t>(shown));
  for (std::size_t c = 0; c < table.num_columns(); ++c) {
    // A column of a type that Coeval does not know is passed on all the same.
    const auto column = table.ReadColumn(c, Rounding::kDown);
    for (std::int64_t row = 0; row < shown; ++row) {
      cells[static_cast<std::size_t>(row)].push_back(column.ok() ? CellText(*column, row) : "?");
    }
  }
  std::string text = FormatTable(table.names(), cells);
  if (shown < table.num_rows()) {
    text += "\n... and " + FormatCount(table.num_rows() - shown) + " more rows";
  }
  return text;
}

}  // namespace coeval
