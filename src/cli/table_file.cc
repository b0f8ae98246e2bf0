#include "cli/table_file.h"

#include <algorithm>

#include "cli/terminal.h"
#include "cli/value_text.h"
#include "io/files.h"
#include "source/writer.h"

namespace coeval {

Result<ArrowTable> ReadTableFile(const std::string& path, const Context& context) {
  FormatOptions format;
  COEVAL_ASSIGN_OR_RETURN(format.format, FormatOfName(path));
  if (!FileExists(path)) return Status::NotFound("there is no file '" + path + "'");
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream, ReadTable(path, format, context));
  auto table = ArrowTable::Read(&stream);
  if (!table.ok()) return table.status().WithContext(path);
  return table;
}

Result<WrittenTable> WriteTableFile(ArrowArrayStream* stream, const std::string& path,
                                    const Json* manifest, const Context& context) {
  WriteOptions options;
  auto format = FormatOfName(path);
  if (!format.ok()) {
    stream->release(stream);
    return format.status();
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
