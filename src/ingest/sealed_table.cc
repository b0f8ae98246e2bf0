#include "ingest/sealed_table.h"

#include <algorithm>

#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "source/arrow_plugin.h"
#include "source/writer.h"

namespace coeval {

namespace {

Result<SealedFile> Write(const std::string& folder, const std::string& name,
                         std::unique_ptr<BatchStream> rows, TableMetadata metadata,
                         const Context& context) {
  COEVAL_RETURN_IF_ERROR(PrepareSealedFile(folder, name));
  ArrowArrayStream stream{};
  ExportStream(std::move(rows), &stream);
  WriteOptions options;
  options.metadata = std::move(metadata);
  COEVAL_RETURN_IF_ERROR(WriteTable(&stream, folder + "/" + name, options, context).status());
  return FinishSealedFile(folder, name);
}

}  // namespace

Result<SealedFile> WriteSealedTable(const std::string& folder, const std::string& name,
                                    const Batch& rows, TableMetadata metadata,
                                    const Context& context) {
  return Write(folder, name, StreamOf(rows.schema, {rows}), std::move(metadata), context);
}

Result<SealedFile> WriteSealedStream(const std::string& folder, const std::string& name,
                                     std::unique_ptr<BatchStream> rows,
                                     std::int64_t row_group_bytes, TableMetadata metadata,
                                     const Context& context) {
  Context writing = context;  // a quarter of its memory is what a row group takes
  writing.memory_budget_bytes = std::min(context.memory_budget_bytes, 4 * row_group_bytes);
  return Write(folder, name, std::move(rows), std::move(metadata), writing);
}

Result<std::unique_ptr<BatchStream>> OpenSealedTable(const std::string& folder,
                                                     const SealedFile& file, bool ahead,
                                                     const Context& context) {
  COEVAL_RETURN_IF_ERROR(CheckSealedFile(folder, file));
  COEVAL_ASSIGN_OR_RETURN(const ArrowPlugin* plugin, ArrowPlugin::Get(context));
  ScanOptions options;
  options.ahead = ahead;
  COEVAL_ASSIGN_OR_RETURN(ArrowStream scan,
                          plugin->Scan(folder + "/" + file.name, {}, options, context));
  ArrowArrayStream stream = std::move(scan).Export();
  return ImportStream(&stream, {});
}

Result<Batch> ReadSealedTable(const std::string& folder, const SealedFile& file,
                              const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<BatchStream> batches,
                          OpenSealedTable(folder, file, /*ahead=*/true, context));
  return CollectOne(*batches);
}

}  // namespace coeval
