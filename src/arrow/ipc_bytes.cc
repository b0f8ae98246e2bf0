#include "arrow/ipc_bytes.h"

#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/options.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/status.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/border.h"
#include "arrow/border_stream.h"
#include "arrow/plugin_abi.h"
#include "column/arrow_c.h"

namespace coeval::plugin {

using ::arrow::RecordBatch;
using ::arrow::Status;

namespace {

constexpr int64_t kLeastRoom = int64_t{64} << 20;

// Of all messages that live, at most a quarter of the budget that the first caller told. Buffers
// may outlive everything but the process, so it is never freed.
::arrow::MemoryPool* MessagePool(int64_t budget) {
  static ::arrow::ProxyMemoryPool counted(::arrow::default_memory_pool());
  static ::arrow::CappedMemoryPool capped(&counted, std::max(kLeastRoom, budget / 4));
  return &capped;
}

// The batches of a message.
class Batches : public ::arrow::RecordBatchReader {
 public:
  Batches(std::shared_ptr<::arrow::Schema> schema,
          std::vector<std::shared_ptr<RecordBatch>> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}

  [[nodiscard]] std::shared_ptr<::arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<RecordBatch>* batch) override {
    batch->reset();
    if (next_ < batches_.size()) *batch = std::move(batches_[next_++]);
    return Status::OK();
  }

 private:
  std::shared_ptr<::arrow::Schema> schema_;
  std::vector<std::shared_ptr<RecordBatch>> batches_;
  std::size_t next_ = 0;
};

Status ReadAll(std::shared_ptr<::arrow::Buffer> bytes, ::arrow::MemoryPool* pool,
               std::shared_ptr<::arrow::Schema>* schema,
               std::vector<std::shared_ptr<RecordBatch>>* batches) {
  auto options = ::arrow::ipc::IpcReadOptions::Defaults();
  options.memory_pool = pool;
  options.use_threads = false;
  options.ensure_alignment = ::arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  auto input = std::make_shared<::arrow::io::BufferReader>(std::move(bytes));
  ARROW_ASSIGN_OR_RAISE(const auto reader,
                        ::arrow::ipc::RecordBatchStreamReader::Open(input, options));
  *schema = reader->schema();
  while (true) {
    std::shared_ptr<RecordBatch> batch;
    ARROW_RETURN_NOT_OK(reader->ReadNext(&batch));
    if (batch == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    batches->push_back(std::move(batch));
  }
}

Status WriteAll(ArrowArrayStream* data,
                const std::shared_ptr<const ::arrow::KeyValueMetadata>& metadata,
                std::shared_ptr<::arrow::Buffer>* out) {
  BorderStream input(data);
  ARROW_RETURN_NOT_OK(input.Open());
  ARROW_ASSIGN_OR_RAISE(const auto sink, ::arrow::io::BufferOutputStream::Create());
  auto options = ::arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(
      const auto writer,
      ::arrow::ipc::MakeStreamWriter(sink, input.schema()->WithMetadata(metadata), options));
  while (true) {
    std::shared_ptr<RecordBatch> batch;
    ARROW_RETURN_NOT_OK(input.Next(&batch));
    if (batch == nullptr) break;
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  return sink->Finish().Value(out);
}

void ReleaseBytes(coeval_arrow_bytes* bytes) {
  delete static_cast<std::shared_ptr<::arrow::Buffer>*>(bytes->private_data);
  *bytes = {};
}

}  // namespace

Status DecodeIpc(const char* bytes, int64_t size, const Caller& caller, ArrowArrayStream* out) {
  std::shared_ptr<::arrow::Schema> schema;
  std::vector<std::shared_ptr<RecordBatch>> batches;
  Status status = Caught([&] {
    return ReadAll(::arrow::Buffer::FromString(std::string(bytes, static_cast<std::size_t>(size))),
                   MessagePool(caller.memory_budget()), &schema, &batches);
  });
  if (status.IsOutOfMemory()) return status;
  if (!status.ok()) return Status::Invalid("it is no Arrow IPC stream: ", status.message());
  return ::arrow::ExportRecordBatchReader(
      std::make_shared<Batches>(std::move(schema), std::move(batches)), out);
}

Status EncodeIpc(ArrowArrayStream* data, const char* const* keys, const char* const* values,
                 int64_t n_metadata, coeval_arrow_bytes* out) {
  std::shared_ptr<::arrow::Buffer> buffer;
  Status status = Caught([&] {
    auto metadata = std::make_shared<::arrow::KeyValueMetadata>();
    for (int64_t i = 0; i < n_metadata; ++i) metadata->Append(keys[i], values[i]);
    return WriteAll(data, metadata, &buffer);
  });
  if (data->release != nullptr) data->release(data);
  ARROW_RETURN_NOT_OK(status);
  out->data = reinterpret_cast<const char*>(buffer->data());
  out->size = buffer->size();
  out->private_data = new std::shared_ptr<::arrow::Buffer>(std::move(buffer));
  out->release = &ReleaseBytes;
  return Status::OK();
}

}  // namespace coeval::plugin
