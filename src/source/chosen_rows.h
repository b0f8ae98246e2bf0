// ChosenRows: which rows of a batch are taken. As long as they lie one behind the other they are a
// run, of which nothing is copied; a list is made at the first gap.
//
//   AddRun(0, 4), AddRun(4, 2)     run [0, 6)
//   AddRun(10, 1)                  list 0 1 2 3 4 5 10
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "column/column.h"

namespace coeval {

// Rows are added in ascending order. Threads: one.
class ChosenRows {
 public:
  void Add(std::int64_t row) { AddRun(row, 1); }

  // Rows [first, first + count).
  void AddRun(std::int64_t first, std::int64_t count);
  // Row first + i for each marks[i] that is 1; others are 0. `count` = how many there are.
  void AddMarked(std::int64_t first, std::span<const std::uint8_t> marks, std::int64_t count);

  [[nodiscard]] std::int64_t count() const {
    return is_run() ? run_ : static_cast<std::int64_t>(list_.size());
  }

  [[nodiscard]] bool is_run() const { return list_.empty(); }

  // Of a run.
  [[nodiscard]] std::int64_t first() const { return first_; }

  // These rows of a column: itself, a slice of it, or a copy.
  [[nodiscard]] Column Pick(const Column& column) const;

  // The rows of a list, each plus `more`; leaves nothing chosen.
  std::shared_ptr<const std::vector<std::int64_t>> TakeNumbers(std::int64_t more) &&;

 private:
  // Rows are about to be added that do not follow the run.
  void MakeList();

  std::int64_t first_ = 0;
  std::int64_t run_ = 0;
  std::vector<std::int64_t> list_;  // empty while they are a run
};

}  // namespace coeval
