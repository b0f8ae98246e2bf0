// The events that a function reads: its arguments as columns, the event times, and the order.
//
//   arguments[0]  float64 [3.5, null, 1.0, 2.0]      times [30, 10, 20, 40]
//   rows          {1, 2, 0, 3}: oldest first         position 1 is row 2: (1.0, 20)
//
// Functions are called with ranges of positions. Only ordered functions care that they ascend in
// the order of rule 5.3; for the others any order will do.
#pragma once

#include <cstdint>
#include <span>

#include "base/time.h"
#include "column/column.h"

namespace coeval {

// Borrows all of it.
struct Events {
  std::span<const Column> arguments;
  std::span<const TimeMicros> times;   // by row
  const std::int64_t* rows = nullptr;  // position -> row; none: the position is the row

  [[nodiscard]] std::int64_t Row(std::int64_t position) const {
    return rows != nullptr ? rows[position] : position;
  }

  [[nodiscard]] TimeMicros TimeOf(std::int64_t row) const {
    return times[static_cast<std::size_t>(row)];
  }

  // Rule 5.5: an event counts where all of its arguments have a value.
  [[nodiscard]] bool Counts(std::int64_t row) const {
    for (const Column& column : arguments) {
      if (column.IsNull(row)) return false;
    }
    return true;
  }
};

// f(row) for the events in [first, last) that count.
template <class F>
void ForEachRow(const Events& events, std::int64_t first, std::int64_t last, F&& f) {
  for (std::int64_t position = first; position < last; ++position) {
    const std::int64_t row = events.Row(position);
    if (events.Counts(row)) f(row);
  }
}

// f(value) for the values of a fixed-width column in [first, last), read as T.
template <class T, class F>
void ForEachFixed(const Events& events, const Column& column, std::int64_t first, std::int64_t last,
                  F&& f) {
  const auto values = column.values<T>();
  if (events.rows == nullptr && !column.may_have_nulls()) {
    for (std::int64_t row = first; row < last; ++row) f(values[static_cast<std::size_t>(row)]);
    return;
  }
  for (std::int64_t position = first; position < last; ++position) {
    const std::int64_t row = events.Row(position);
    if (!column.IsNull(row)) f(values[static_cast<std::size_t>(row)]);
  }
}

// The same for numbers and bools: f gets std::int64_t, double or Int128 (unscaled). float32 is
// widened. REQUIRES: the first argument is one of these.
template <class F>
void ForEachNumber(const Events& events, std::int64_t first, std::int64_t last, F&& f) {
  const Column& column = events.arguments[0];
  const auto integer = [&f](auto value) { f(std::int64_t{value}); };
  switch (column.type().id()) {
    case TypeId::kBool:
      return ForEachFixed<std::uint8_t>(events, column, first, last, integer);
    case TypeId::kInt32:
      return ForEachFixed<std::int32_t>(events, column, first, last, integer);
    case TypeId::kInt64:
      return ForEachFixed<std::int64_t>(events, column, first, last, integer);
    case TypeId::kFloat32:
      return ForEachFixed<float>(events, column, first, last,
                                 [&f](float value) { f(static_cast<double>(value)); });
    case TypeId::kFloat64:
      return ForEachFixed<double>(events, column, first, last, f);
    case TypeId::kDecimal128:
      return ForEachFixed<Int128>(events, column, first, last, f);
    default:
      return;  // a column of nulls
  }
}

}  // namespace coeval
