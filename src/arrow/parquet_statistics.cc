#include "arrow/parquet_statistics.h"

#include <parquet/statistics.h>
#include <parquet/types.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "arrow/parquet_filter.h"

namespace coeval::plugin {

namespace {

int64_t FloorDivide(int64_t value, int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

int64_t SaturatingMultiply(int64_t value, int64_t by) {
  int64_t product = 0;
  if (!__builtin_mul_overflow(value, by, &product)) return product;
  return value < 0 ? INT64_MIN : INT64_MAX;
}

}  // namespace

std::optional<RangeScale> ScaleOf(const ::parquet::ColumnDescriptor& column) {
  const auto& type = column.logical_type();
  if (type == nullptr || type->is_none() || type->is_invalid()) return RangeScale{};
  if (type->is_date()) return RangeScale{.multiply = int64_t{86'400'000'000}};
  if (type->is_int()) {
    const auto& integer = static_cast<const ::parquet::IntLogicalType&>(*type);
    if (integer.is_signed() || integer.bit_width() < 32) return RangeScale{};
    return std::nullopt;
  }
  if (!type->is_timestamp()) return std::nullopt;
  switch (static_cast<const ::parquet::TimestampLogicalType&>(*type).time_unit()) {
    case ::parquet::LogicalType::TimeUnit::MILLIS:
      return RangeScale{.multiply = 1000};
    case ::parquet::LogicalType::TimeUnit::MICROS:
      return RangeScale{};
    case ::parquet::LogicalType::TimeUnit::NANOS:
      return RangeScale{.divide = 1000};
    default:
      return std::nullopt;
  }
}

bool IsOrderedText(const ::parquet::ColumnDescriptor& column) {
  if (column.physical_type() != ::parquet::Type::BYTE_ARRAY) return false;
  if (column.column_order().get_order() != ::parquet::ColumnOrder::TYPE_DEFINED_ORDER) return false;
  const auto& type = column.logical_type();
  return type == nullptr || type->is_none() || type->is_string() || type->is_enum() ||
         type->is_JSON();
}

namespace {

// The beginning of an end, which is enough for both (plugin_abi.h).
std::string_view Shortened(const ::parquet::ByteArray& text) {
  constexpr std::size_t kMost = 256;
  return {reinterpret_cast<const char*>(text.ptr), std::min<std::size_t>(text.len, kMost)};
}

void AddBytes(const ::parquet::Statistics& statistics, std::deque<std::string>* texts,
              coeval_arrow_statistics* result) {
  const auto& typed = static_cast<const ::parquet::ByteArrayStatistics&>(statistics);
  const std::string& min = texts->emplace_back(Shortened(typed.min()));
  const std::string& max = texts->emplace_back(Shortened(typed.max()));
  result->has_bytes = 1;
  result->min_bytes = min.data();
  result->n_min_bytes = static_cast<int64_t>(min.size());
  result->max_bytes = max.data();
  result->n_max_bytes = static_cast<int64_t>(max.size());
}

}  // namespace

coeval_arrow_statistics NoStatistics() {
  coeval_arrow_statistics none{};
  none.nulls = -1;
  return none;
}

coeval_arrow_statistics StatisticsOf(const ::parquet::ColumnChunkMetaData& chunk,
                                     const ::parquet::ColumnDescriptor& column,
                                     std::deque<std::string>* texts) {
  coeval_arrow_statistics result = NoStatistics();
  if (!chunk.is_stats_set()) return result;
  const std::shared_ptr<::parquet::Statistics> statistics = chunk.statistics();
  if (statistics == nullptr) return result;
  if (statistics->HasNullCount()) result.nulls = statistics->null_count();
  if (!statistics->HasMinMax()) return result;
  if (IsOrderedText(column)) {
    AddBytes(*statistics, texts, &result);
    result.filter_bytes = FilterBytesOf(chunk, column);
    return result;
  }
  const std::optional<RangeScale> scale = ScaleOf(column);
  if (!scale) return result;
  int64_t min = 0;
  int64_t max = 0;
  if (column.physical_type() == ::parquet::Type::INT64) {
    const auto& typed = static_cast<const ::parquet::Int64Statistics&>(*statistics);
    min = typed.min();
    max = typed.max();
  } else if (column.physical_type() == ::parquet::Type::INT32) {
    const auto& typed = static_cast<const ::parquet::Int32Statistics&>(*statistics);
    min = typed.min();
    max = typed.max();
  } else {
    return result;
  }
  result.has_range = 1;
  result.min = FloorDivide(SaturatingMultiply(min, scale->multiply), scale->divide);
  result.max = -FloorDivide(-std::max(SaturatingMultiply(max, scale->multiply), INT64_MIN + 1),
                            scale->divide);
  result.filter_bytes = FilterBytesOf(chunk, column);
  return result;
}

}  // namespace coeval::plugin
