#include "source/writer.h"

#include <string>
#include <utility>

#include "base/context.h"
#include "base/status.h"
#include "column/arrow_c.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/file_list.h"

namespace coeval {

Result<FileFormat> FormatOfName(const std::string& path) {
  for (const FileFormat format : {FileFormat::kParquet, FileFormat::kCsv, FileFormat::kArrow}) {
    if (HasEndingOf(path, format)) return format;
  }
  return Status::InvalidArgument("the name of file " + path +
                                 " does not tell its format; let it end in .parquet, .csv or "
                                 ".arrow");
}

Result<WrittenFile> WriteTable(ArrowArrayStream* data, const std::string& path,
                               const WriteOptions& options, const Context& context) {
  auto plugin = ArrowPlugin::Get(context);
  if (!plugin.ok()) {
    if (data->release != nullptr) data->release(data);
    return plugin.status();
  }
  return (*plugin)->Write(data, path, options, context);
}

Result<ArrowArrayStream> ReadTable(const std::string& path, const FormatOptions& format,
                                   const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context));
  COEVAL_ASSIGN_OR_RETURN(ArrowStream stream, plugin->Scan(path, format, {}, context));
  return std::move(stream).Export();
}

}  // namespace coeval
