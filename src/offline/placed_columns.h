// Columns whose values lie anywhere in what was read: a row of an answer is a row of some piece.
//
//   pieces          0: (a, b, c)   1: (d, e)
//   places          (1, 0)  none  (0, 2)
//   gathered        d       null  c
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "column/column.h"

namespace coeval {

// Where a fact lies: a row of a piece of its source, or of the batch at hand.
struct FactPlace {
  static constexpr std::uint32_t kMostPieces = 1U << 23;  // slot_heads.h keeps flags beside it

  std::uint32_t piece = 0;  // < kMostPieces
  std::uint32_t row = 0;

  friend auto operator<=>(const FactPlace&, const FactPlace&) = default;
};

inline constexpr FactPlace kNoPlace{std::numeric_limits<std::uint32_t>::max(), 0};

// Fills `places` with those of rows first, first + 1, ...; called by several threads at once.
using FillPlaces = std::function<void(std::size_t first, std::span<FactPlace> places)>;

// One column of `n` rows for each of `schema`: the values at their places, null for kNoPlace.
// `pieces`: the columns of each, in the order of `schema`, or none where no place lies in it.
// Errors: Cancelled; InvalidArgument where texts or lists take more than the 2 GiB of a column.
// Cost: O(n), by context.threads threads.
Result<std::vector<Column>> GatherPlaced(std::span<const ColumnSchema> schema,
                                         std::span<const std::vector<Column>> pieces, std::size_t n,
                                         const FillPlaces& fill, const Context& context);

}  // namespace coeval
