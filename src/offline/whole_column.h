// A column of a table in one piece, put together by several threads.
#pragma once

#include <cstddef>

#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/column.h"

namespace coeval {

// As ArrowTable::ReadColumn, errors too. Cost: a copy, by `threads`, unless it is one batch.
Result<Column> ReadWholeColumn(const ArrowTable& table, std::size_t column, Rounding rounding,
                               int threads);

}  // namespace coeval
