#include "arrow/ipc_file.h"

#include <arrow/buffer.h>  // IWYU pragma: keep
#include <arrow/io/file.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/border.h"
#include "arrow/inspection.h"
#include "arrow/plugin_abi.h"
#include "arrow/readahead_stream.h"
#include "column/arrow_c.h"

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;

namespace {

constexpr std::string_view kFileMagic = "ARROW1";

struct IpcFile {
  std::string path;
  // One of the two.
  std::shared_ptr<::arrow::ipc::RecordBatchFileReader> file;
  std::shared_ptr<::arrow::RecordBatchReader> stream;
  int next_batch = 0;
  std::vector<int> order;  // of the columns asked for, in what the reader gives

  [[nodiscard]] std::shared_ptr<::arrow::Schema> schema() const {
    return file != nullptr ? file->schema() : stream->schema();
  }
};

Status Open(const std::string& path, const std::vector<int>& fields, IpcFile* out) {
  out->path = path;
  ARROW_ASSIGN_OR_RAISE(auto input, ::arrow::io::ReadableFile::Open(path));
  auto options = ::arrow::ipc::IpcReadOptions::Defaults();
  options.included_fields = fields;
  options.ensure_alignment = ::arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  ARROW_ASSIGN_OR_RAISE(const auto magic,
                        input->ReadAt(0, static_cast<int64_t>(kFileMagic.size())));
  ARROW_RETURN_NOT_OK(input->Seek(0));
  if (std::string_view(*magic) == kFileMagic) {
    ARROW_ASSIGN_OR_RAISE(out->file,
                          ::arrow::ipc::RecordBatchFileReader::Open(std::move(input), options));
  } else {
    ARROW_ASSIGN_OR_RAISE(out->stream,
                          ::arrow::ipc::RecordBatchStreamReader::Open(std::move(input), options));
  }
  return Status::OK();
}

Status OpenNamed(const std::string& path, const std::vector<int>& fields, IpcFile* out) {
  const Status status = Caught([&] { return Open(path, fields, out); });
  const coeval_arrow_code code = CodeOf(status);
  if (status.ok() || code == COEVAL_ARROW_NOT_FOUND || code == COEVAL_ARROW_IO) {
    return Within("file " + path, status);
  }
  return Within("file " + path + " does not open as Arrow IPC",
                Damaged(status.WithMessage(status.message(),
                                           "; is it another format, cut short, or damaged?")));
}

Result<std::shared_ptr<::arrow::RecordBatch>> NextOf(IpcFile& ipc) {
  std::shared_ptr<::arrow::RecordBatch> batch;
  const int number = ipc.next_batch++;
  const Status status = Caught([&] {
    if (ipc.file == nullptr) return ipc.stream->ReadNext(&batch);
    if (number >= ipc.file->num_record_batches()) return Status::OK();
    return ipc.file->ReadRecordBatch(number).Value(&batch);
  });
  if (!status.ok()) {
    return Within("file " + ipc.path + ", record batch " + std::to_string(number), Damaged(status));
  }
  if (batch == nullptr) return batch;
  ARROW_RETURN_NOT_OK(Within("file " + ipc.path, Damaged(batch->Validate())));
  return batch->SelectColumns(ipc.order);
}

}  // namespace

Status InspectIpc(const coeval_arrow_inspect_request& request, Inspection* out) {
  IpcFile ipc;
  ARROW_RETURN_NOT_OK(OpenNamed(request.path, {}, &ipc));
  out->schema = ipc.schema();
  if (ipc.file != nullptr) {
    const Status status = Caught([&] { return ipc.file->CountRows().Value(&out->rows); });
    ARROW_RETURN_NOT_OK(Within(std::string("file ") + request.path, Damaged(status)));
  }
  ARROW_ASSIGN_OR_RAISE(auto input, ::arrow::io::ReadableFile::Open(request.path));
  return input->GetSize().Value(&out->file_bytes);
}

Status ScanIpc(const coeval_arrow_scan_request& request, const Caller& caller,
               ArrowArrayStream* out) {
  auto ipc = std::make_shared<IpcFile>();
  ARROW_RETURN_NOT_OK(OpenNamed(request.path, {}, ipc.get()));
  const auto positions = ColumnPositions(*ipc->schema(), request.columns, request.n_columns);
  if (!positions.ok()) {
    return Within(std::string("file ") + request.path, positions.status());
  }
  ::arrow::FieldVector fields;
  for (const int i : *positions) fields.push_back(ipc->schema()->field(i));
  const auto metadata = ipc->schema()->metadata();
  if (!positions->empty()) {  // to the reader, none means all
    *ipc = {};
    ARROW_RETURN_NOT_OK(OpenNamed(request.path, *positions, ipc.get()));
  }
  for (const int field : *positions) {
    int position = 0;  // the reader keeps the order of the file
    for (const int other : *positions) position += other < field ? 1 : 0;
    ipc->order.push_back(position);
  }
  ExportReadahead(
      ::arrow::schema(fields, metadata), [ipc] { return NextOf(*ipc); },
      {.where = "file " + ipc->path,
       .batch_rows = request.batch_rows,
       .bytes = caller.memory_budget() / 8,
       .ahead = request.ahead != 0},
      caller, out);
  return Status::OK();
}

}  // namespace coeval::plugin
