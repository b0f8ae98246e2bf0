// What the footer of a Parquet file says of the values of a column chunk, as the border wants it.
#pragma once

#include <parquet/metadata.h>
#include <parquet/schema.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "arrow/plugin_abi.h"

namespace coeval::plugin {

coeval_arrow_statistics NoStatistics();

// How the integers of a column become those of the border: times `multiply`, then by `divide`.
struct RangeScale {
  int64_t multiply = 1;
  int64_t divide = 1;
};

// No value where they have another order than the values (unsigned, decimal) or are no integers.
std::optional<RangeScale> ScaleOf(const ::parquet::ColumnDescriptor& column);

// Texts or bytes whose statistics are ordered as unsigned bytes? Before files said how, some
// writers compared them as signed ones.
bool IsOrderedText(const ::parquet::ColumnDescriptor& column);

// Only what can be relied on: statistics that a known mistake of a writer spoils count as absent.
// Texts are put into `texts`, whose elements must stay where they are. Throws what parquet throws.
coeval_arrow_statistics StatisticsOf(const ::parquet::ColumnChunkMetaData& chunk,
                                     const ::parquet::ColumnDescriptor& column,
                                     std::deque<std::string>* texts);

}  // namespace coeval::plugin
