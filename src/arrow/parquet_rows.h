// A few rows of a row group, by their numbers: what an as-of join takes of its features. Columns of
// numbers and times are decoded into a window that stays in the cache, from which the wanted values
// are copied; stretches without a wanted row are skipped. Lists, texts and the like are decoded as
// usual and then taken from.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/result.h>
#include <parquet/arrow/reader.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace coeval::plugin {

// Batches of the wanted rows, in order; columns in the order of `fields` (positions among the
// file's top-level fields). REQUIRES: `rows` ascend and lie in the row group. Errors:
// SerializationError where the file holds fewer values than its footer says.
::arrow::Result<::arrow::RecordBatchVector> PickRows(::parquet::arrow::FileReader& reader,
                                                     int row_group, const std::vector<int>& fields,
                                                     std::span<const int64_t> rows);

}  // namespace coeval::plugin
