#include "source/chosen_rows.h"

#include <cstddef>
#include <numeric>
#include <utility>

namespace coeval {

void ChosenRows::MakeList() {
  if (!list_.empty()) return;
  list_.resize(static_cast<std::size_t>(run_));
  std::iota(list_.begin(), list_.end(), first_);
}

void ChosenRows::AddRun(std::int64_t first, std::int64_t count) {
  if (count == 0) return;
  if (is_run() && run_ == 0) first_ = first;
  if (is_run() && first_ + run_ == first) {
    run_ += count;
    return;
  }
  MakeList();
  for (std::int64_t row = first; row < first + count; ++row) list_.push_back(row);
}

void ChosenRows::AddMarked(std::int64_t first, std::span<const std::uint8_t> marks,
                           std::int64_t count) {
  if (count == 0) return;
  if (count == std::ssize(marks)) return AddRun(first, count);
  if (is_run() && run_ == 0) {
    // It may be that they still are a run.
    std::size_t begin = 0;
    while (marks[begin] == 0) ++begin;
    const auto end = begin + static_cast<std::size_t>(count);
    std::size_t there = begin;
    while (there < end && there < marks.size() && marks[there] != 0) ++there;
    if (there == end) return AddRun(first + static_cast<std::int64_t>(begin), count);
  }
  MakeList();
  // Every row is written, and the next one over it where it was not marked: no branch to guess.
  std::size_t at = list_.size();
  list_.resize(at + static_cast<std::size_t>(count) + 1);
  for (std::size_t i = 0; i < marks.size(); ++i) {
    list_[at] = first + static_cast<std::int64_t>(i);
    at += marks[i];
  }
  list_.pop_back();
}

Column ChosenRows::Pick(const Column& column) const {
  if (!is_run()) return column.Take(list_);
  return run_ == column.length() ? column : column.Slice(first_, run_);
}

std::shared_ptr<const std::vector<std::int64_t>> ChosenRows::TakeNumbers(std::int64_t more) && {
  for (std::int64_t& row : list_) row += more;
  run_ = 0;
  return std::make_shared<const std::vector<std::int64_t>>(std::exchange(list_, {}));
}

}  // namespace coeval
