// Bloom filters of column chunks: which values are not in a row group, told without reading it.
//
// A filter holds a 64-bit XXH64 of each value as the file stores it (Parquet's BloomFilter.md), so
// only columns are asked whose stored form is known exactly:
//
//   value at the border     stored as                          asked
//   number                  INT32, INT64, signed or narrow     itself
//   µs                      DATE, TIMESTAMP(MILLIS, MICROS)    where it divides exactly
//   µs                      TIMESTAMP(NANOS), INT96            never: a value finer than a µs is an
//                                                              error to be seen, which no filter
//                                                              can deny
//   text, bytes             BYTE_ARRAY                         itself
//
// Filters carry no checksum, and a damaged one would lose rows without a word. One is trusted only
// where the chunk's statistics confirm it (its least and greatest value are in it), where each of
// its blocks of eight words is as insertion makes it (empty, or without an empty word), and where
// no more blocks are empty than chance leaves empty; and where the footer tells its length, which
// is that of its header (older writers leave it out). That finds other bytes in its place, holes
// and shifts. As in statistics, a few flipped bits can stay unseen. Cost: one read of the filter,
// one look at each of its words, up to 8 of them for each value.
#pragma once

#include <arrow/result.h>
#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <cstdint>

#include "arrow/border.h"
#include "arrow/plugin_abi.h"

namespace coeval::plugin {

// coeval_arrow_statistics::filter_bytes. REQUIRES: the chunk has a least and a greatest value.
int64_t FilterBytesOf(const ::parquet::ColumnChunkMetaData& chunk,
                      const ::parquet::ColumnDescriptor& column);

// False where the filter denies all of the values. What stands in the way of an answer, a filter
// that does not read included, makes it true. Errors: Invalid where there is no such row group or
// column; Cancelled.
::arrow::Result<bool> MayHoldValue(const coeval_arrow_value_request& request, const Caller& caller);

}  // namespace coeval::plugin
