// BorderStream: record batches that came over the border. Arrow's own import would forget what kind
// of failure the errno tells.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/status.h>
#include <arrow/type.h>

#include <memory>

#include "column/arrow_c.h"

namespace coeval::plugin {

// Borrows the stream. Threads: one.
class BorderStream {
 public:
  explicit BorderStream(ArrowArrayStream* stream) : stream_(stream) {}

  // First of all: reads the schema.
  ::arrow::Status Open();
  // Null at the end.
  ::arrow::Status Next(std::shared_ptr<::arrow::RecordBatch>* batch);

  [[nodiscard]] const std::shared_ptr<::arrow::Schema>& schema() const { return schema_; }

 private:
  ::arrow::Status Checked(int number);

  ArrowArrayStream* stream_;
  std::shared_ptr<::arrow::Schema> schema_;
};

}  // namespace coeval::plugin
