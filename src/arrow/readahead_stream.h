// ReadaheadStream: an ArrowArrayStream over a source of record batches that decodes the next few
// batches in a thread of its own while the reader works on this one; or in the reader's own.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <arrow/type_fwd.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "arrow/border.h"
#include "arrow/plugin_abi.h"

namespace coeval::plugin {

// Where batches come from; null is the end. Called from one thread at a time, not always the same.
using NextBatch = std::function<::arrow::Result<std::shared_ptr<::arrow::RecordBatch>>()>;

struct ReadaheadOptions {
  std::string where;                  // "file a.parquet": put before what is wrong with a batch
  int64_t batch_rows = 65536;         // larger batches are sliced
  int batches = 4;                    // held ready at most
  int64_t bytes = int64_t{64} << 20;  // held ready at most (one batch always may be)
  bool ahead = true;                  // else no thread: a batch is made when it is asked for
};

// Starts to read at once, where it reads ahead. Every batch is checked in full (offsets, UTF-8,
// dictionary indices), so that what crosses the border can be read without fear. `next` is
// destroyed by release().
void ExportReadahead(std::shared_ptr<::arrow::Schema> schema, NextBatch next,
                     const ReadaheadOptions& options, const Caller& caller, ArrowArrayStream* out);

}  // namespace coeval::plugin
