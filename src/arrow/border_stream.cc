#include "arrow/border_stream.h"

#include <arrow/c/bridge.h>
#include <arrow/result.h>

#include "arrow/border.h"

namespace coeval::plugin {

using ::arrow::Status;

Status BorderStream::Open() {
  ArrowSchema schema{};
  ARROW_RETURN_NOT_OK(Checked(stream_->get_schema(stream_, &schema)));
  return ::arrow::ImportSchema(&schema).Value(&schema_);
}

Status BorderStream::Next(std::shared_ptr<::arrow::RecordBatch>* batch) {
  ArrowArray array{};
  ARROW_RETURN_NOT_OK(Checked(stream_->get_next(stream_, &array)));
  batch->reset();
  if (array.release == nullptr) return Status::OK();
  return ::arrow::ImportRecordBatch(&array, schema_).Value(batch);
}

Status BorderStream::Checked(int number) {
  if (number == 0) return Status::OK();
  const char* text = stream_->get_last_error(stream_);
  return StatusOf(number, text == nullptr ? "the data could not be read" : text);
}

}  // namespace coeval::plugin
