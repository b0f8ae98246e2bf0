#include "ingest/sealed_table.h"

#include <memory>

#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "source/writer.h"

namespace coeval {

Result<SealedFile> WriteSealedTable(const std::string& folder, const std::string& name,
                                    const Batch& rows,
                                    std::vector<std::pair<std::string, std::string>> metadata,
                                    const Context& context) {
  COEVAL_RETURN_IF_ERROR(PrepareSealedFile(folder, name));
  ArrowArrayStream stream{};
  ExportStream(StreamOf(rows.schema, {rows}), &stream);
  WriteOptions options;
  options.metadata = std::move(metadata);
  COEVAL_RETURN_IF_ERROR(WriteTable(&stream, folder + "/" + name, options, context).status());
  return FinishSealedFile(folder, name);
}

Result<Batch> ReadSealedTable(const std::string& folder, const SealedFile& file,
                              const Context& context) {
  COEVAL_RETURN_IF_ERROR(CheckSealedFile(folder, file));
  COEVAL_ASSIGN_OR_RETURN(ArrowArrayStream stream,
                          ReadTable(folder + "/" + file.name, {}, context));
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<BatchStream> batches, ImportStream(&stream, {}));
  return CollectOne(*batches);
}

}  // namespace coeval
