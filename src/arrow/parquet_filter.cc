#include "arrow/parquet_filter.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/io/memory.h>
#include <arrow/status.h>
#include <parquet/bloom_filter.h>
#include <parquet/properties.h>
#include <parquet/statistics.h>
#include <parquet/types.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "arrow/block_pool.h"
#include "arrow/parquet_open.h"
#include "arrow/parquet_statistics.h"

namespace coeval::plugin {

using ::arrow::Result;
using ::arrow::Status;

namespace {

using Filter = ::parquet::BlockSplitBloomFilter;

enum class Stored : uint8_t { kInt32, kInt64, kBytes };

// How a column stores the values of the border: numbers divided by `unit`.
struct Encoding {
  Stored stored = Stored::kBytes;
  int64_t unit = 1;
};

// No value where that is not known exactly.
std::optional<Encoding> EncodingOf(const ::parquet::ColumnDescriptor& column) {
  if (column.max_repetition_level() != 0) return std::nullopt;
  if (IsOrderedText(column)) return Encoding{};
  const std::optional<RangeScale> scale = ScaleOf(column);
  if (!scale || scale->divide != 1) return std::nullopt;
  if (column.physical_type() == ::parquet::Type::INT32) {
    return Encoding{.stored = Stored::kInt32, .unit = scale->multiply};
  }
  if (column.physical_type() == ::parquet::Type::INT64) {
    return Encoding{.stored = Stored::kInt64, .unit = scale->multiply};
  }
  return std::nullopt;
}

// What the file would hold; no value where it cannot hold the number.
std::optional<int64_t> StoredAs(const Encoding& encoding, int64_t number) {
  if (number % encoding.unit != 0) return std::nullopt;
  const int64_t stored = number / encoding.unit;
  const bool fits =
      encoding.stored == Stored::kInt64 || (stored >= std::numeric_limits<int32_t>::min() &&
                                            stored <= std::numeric_limits<int32_t>::max());
  return fits ? std::optional<int64_t>(stored) : std::nullopt;
}

// Are all values of the request what such a column can hold?
bool AllFit(const Encoding& encoding, const coeval_arrow_value_request& request) {
  if ((request.numbers == nullptr) != (encoding.stored == Stored::kBytes)) return false;
  if (request.numbers == nullptr) return true;
  return std::all_of(
      request.numbers, request.numbers + request.n_values,
      [&encoding](int64_t number) { return StoredAs(encoding, number).has_value(); });
}

// REQUIRES: AllFit.
bool HoldsAny(const Filter& filter, const Encoding& encoding,
              const coeval_arrow_value_request& request) {
  for (int64_t i = 0; i < request.n_values; ++i) {
    uint64_t hash = 0;
    if (encoding.stored == Stored::kBytes) {
      hash = filter.Hash(
          std::string_view(request.texts[i], static_cast<std::size_t>(request.text_bytes[i])));
    } else {
      const int64_t stored = *StoredAs(encoding, request.numbers[i]);
      hash = encoding.stored == Stored::kInt32 ? filter.Hash(static_cast<int32_t>(stored))
                                               : filter.Hash(stored);
    }
    if (filter.FindHash(hash)) return true;
  }
  return false;
}

struct ReadFilter {
  Filter filter;
  std::shared_ptr<::arrow::Buffer> written;  // its header and words, as they are in a file
};

// REQUIRES: FilterBytesOf is not 0.
Result<ReadFilter> Read(const ParquetFile& file, const ::parquet::ColumnChunkMetaData& chunk) {
  const int64_t offset = *chunk.bloom_filter_offset();
  const int64_t length = *chunk.bloom_filter_length();
  if (offset < 0 || offset >= file.bytes || length > file.bytes - offset) {
    return Status::Invalid("it lies outside of the file");
  }
  ARROW_ASSIGN_OR_RAISE(const auto stream,
                        ::arrow::io::RandomAccessFile::GetStream(file.input, offset, length));
  const ::parquet::ReaderProperties properties(BlockPool());
  ReadFilter read{Filter::Deserialize(properties, stream.get(), length), nullptr};
  ARROW_ASSIGN_OR_RAISE(const auto sink,
                        ::arrow::io::BufferOutputStream::Create(length, BlockPool()));
  read.filter.WriteTo(sink.get());
  ARROW_ASSIGN_OR_RAISE(read.written, sink->Finish());
  if (read.written->size() != length) return Status::Invalid("it has another length");
  return read;
}

// What the words of a filter look like.
struct Blocks {
  int64_t all = 0;
  int64_t empty = 0;
  int64_t torn = 0;  // not empty, but with an empty word: an insertion sets a bit in each
  int64_t bits = 0;
};

Blocks CountBlocks(const ReadFilter& read) {
  constexpr std::size_t kWords = 8;
  const std::size_t size = read.filter.GetBitsetSize();
  const uint8_t* const words = read.written->data() + read.written->size() - size;
  Blocks blocks;
  for (std::size_t at = 0; at < size; at += kWords * sizeof(uint32_t)) {
    uint32_t block[kWords];
    std::memcpy(block, words + at, sizeof(block));
    const auto empty = std::count(block, block + kWords, 0U);
    ++blocks.all;
    blocks.empty += empty == kWords ? 1 : 0;
    blocks.torn += empty != 0 && empty != kWords ? 1 : 0;
    for (const uint32_t word : block) blocks.bits += std::popcount(word);
  }
  return blocks;
}

// Values fall into blocks by chance. Where those that are not empty hold many, hardly one is empty:
// more than that are a hole in the file.
Status CheckBlocks(const Blocks& blocks) {
  if (blocks.torn > 0) return Status::Invalid("its bits are damaged");
  if (blocks.empty == blocks.all) return Status::Invalid("it is empty");
  const double fill =
      static_cast<double>(blocks.bits) / (256.0 * static_cast<double>(blocks.all - blocks.empty));
  const double values = std::log1p(-std::min(fill, 0.999)) / std::log1p(-1.0 / 32);  // of a block
  if (values < 4) return Status::OK();
  const double expected = static_cast<double>(blocks.all) * std::exp(-values);
  const bool by_chance = static_cast<double>(blocks.empty) <= expected + 6 * std::sqrt(expected);
  return by_chance ? Status::OK() : Status::Invalid("a part of it is empty");
}

// The ends may be cut short, where the file says so; unsaid, that only leaves the filter alone.
Status CheckEnds(const Filter& filter, const ::parquet::Statistics& statistics) {
  const bool min_is_value = statistics.is_min_value_exact().value_or(true);
  const bool max_is_value = statistics.is_max_value_exact().value_or(true);
  if (!min_is_value && !max_is_value) return Status::Invalid("no known value confirms it");
  const bool holds =
      (!min_is_value || filter.FindHash(filter.Hash(std::string_view(statistics.EncodeMin())))) &&
      (!max_is_value || filter.FindHash(filter.Hash(std::string_view(statistics.EncodeMax()))));
  return holds ? Status::OK()
               : Status::Invalid("it denies the least or greatest value of its own row group");
}

// The leaf of a plain column; -1 where there is none.
int LeafOf(const ::parquet::SchemaDescriptor& schema, std::string_view name) {
  for (int i = 0; i < schema.num_columns(); ++i) {
    const auto path = schema.Column(i)->path()->ToDotVector();
    if (path.size() == 1 && path[0] == name) return i;
  }
  return -1;
}

Result<bool> Ask(const ParquetFile& file, int leaf, const coeval_arrow_value_request& request) {
  const auto group = file.footer->RowGroup(static_cast<int>(request.row_group));
  const auto chunk = group->ColumnChunk(leaf);
  const ::parquet::ColumnDescriptor& column = *file.footer->schema()->Column(leaf);
  const std::optional<Encoding> encoding = EncodingOf(column);
  if (!encoding || !AllFit(*encoding, request)) return true;
  const auto statistics = chunk->is_stats_set() ? chunk->statistics() : nullptr;
  if (statistics == nullptr || !statistics->HasMinMax()) return true;
  const int64_t bytes = FilterBytesOf(*chunk, column);
  if (bytes == 0 || bytes > request.most_bytes) return true;
  ARROW_ASSIGN_OR_RAISE(const ReadFilter read, Read(file, *chunk));
  ARROW_RETURN_NOT_OK(CheckBlocks(CountBlocks(read)));
  ARROW_RETURN_NOT_OK(CheckEnds(read.filter, *statistics));
  return HoldsAny(read.filter, *encoding, request);
}

}  // namespace

int64_t FilterBytesOf(const ::parquet::ColumnChunkMetaData& chunk,
                      const ::parquet::ColumnDescriptor& column) {
  if (!chunk.bloom_filter_offset() || !EncodingOf(column)) return 0;
  return std::max<int64_t>(chunk.bloom_filter_length().value_or(0), 0);
}

Result<bool> MayHoldValue(const coeval_arrow_value_request& request, const Caller& caller) {
  ARROW_RETURN_NOT_OK(caller.CheckCancelled());
  const ParquetFile& file = *static_cast<const ParquetFile*>(request.file->private_data);
  const int leaf = LeafOf(*file.footer->schema(), request.column);
  if (leaf < 0 || request.row_group < 0 || request.row_group >= file.footer->num_row_groups()) {
    return Status::Invalid("file ", file.path, " has no column `", request.column,
                           "` in a row group ", request.row_group);
  }
  bool may = true;
  const Status status = Caught([&] {
    ARROW_ASSIGN_OR_RAISE(may, Ask(file, leaf, request));
    return Status::OK();
  });
  if (status.ok()) return may;
  caller.Log(2, "file " + file.path + ", row group " + std::to_string(request.row_group) +
                    ", column `" + request.column +
                    "`: its Bloom filter is left alone, it does not read: " + OneLine(status));
  return true;
}

}  // namespace coeval::plugin
