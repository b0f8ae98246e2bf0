#include "offline/answer_rows.h"

#include <vector>

namespace coeval {
namespace {

template <typename T>
std::vector<T> SliceOf(const std::vector<T>& values, std::int64_t first, std::int64_t count) {
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace

ViewAnswers SliceAnswers(const ViewAnswers& answers, std::int64_t first, std::int64_t count) {
  ViewAnswers slice;
  for (const Column& column : answers.features) {
    slice.features.push_back(column.Slice(first, count));
  }
  slice.match = SliceOf(answers.match, first, count);
  slice.event_time = SliceOf(answers.event_time, first, count);
  for (const auto& times : answers.feature_times) {
    slice.feature_times.push_back(SliceOf(times, first, count));
  }
  for (const auto& invalid : answers.invalid) {
    auto& of_slice = slice.invalid.emplace_back();
    if (!invalid.empty()) of_slice = SliceOf(invalid, first, count);
  }
  return slice;
}

}  // namespace coeval
