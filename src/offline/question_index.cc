#include "offline/question_index.h"

#include <algorithm>
#include <utility>

namespace coeval {
namespace {

struct TimedRow {
  TimeMicros t;
  std::uint32_t row;
};

// The rows that have a key, key after key, in the order of the input within each; `begin` gets the
// place of each key's first row.
std::vector<TimedRow> GroupByKey(std::span<const KeyId> ids, std::span<const TimeMicros> times,
                                 KeyId num_keys, std::vector<std::uint32_t>* begin) {
  begin->assign(static_cast<std::size_t>(num_keys) + 1, 0);
  for (const KeyId id : ids) {
    if (id != kNoKey) ++(*begin)[static_cast<std::size_t>(id) + 1];
  }
  for (std::size_t key = 0; key < num_keys; ++key) (*begin)[key + 1] += (*begin)[key];
  std::vector<TimedRow> rows((*begin)[num_keys]);
  std::vector<std::uint32_t> next(begin->begin(), begin->end() - 1);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] != kNoKey) rows[next[ids[i]]++] = {times[i], static_cast<std::uint32_t>(i)};
  }
  return rows;
}

}  // namespace

Result<QuestionIndex> QuestionIndex::Build(std::span<const Column> keys,
                                           std::span<const TimeMicros> times) {
  QuestionIndex index;
  std::vector<KeyId> ids;
  COEVAL_ASSIGN_OR_RETURN(index.keys_,
                          KeyIndex::Build(keys, static_cast<std::int64_t>(times.size()), &ids));
  const KeyId num_keys = index.keys_.size();
  std::vector<std::uint32_t> begin;
  std::vector<TimedRow> rows = GroupByKey(ids, times, num_keys, &begin);
  ids = {};

  index.slot_of_.assign(times.size(), kNoSlot);
  index.first_slot_.reserve(static_cast<std::size_t>(num_keys) + 1);
  index.slot_times_.reserve(rows.size());
  const auto earlier = [](const TimedRow& a, const TimedRow& b) { return a.t < b.t; };
  for (std::size_t key = 0; key < num_keys; ++key) {
    const std::span<TimedRow> group(rows.data() + begin[key], begin[key + 1] - begin[key]);
    if (!std::is_sorted(group.begin(), group.end(), earlier)) {
      std::sort(group.begin(), group.end(), earlier);
    }
    const std::size_t first = index.slot_times_.size();
    index.first_slot_.push_back(static_cast<SlotId>(first));
    for (const TimedRow& row : group) {
      if (index.slot_times_.size() == first || index.slot_times_.back() != row.t) {
        index.slot_times_.push_back(row.t);
      }
      index.slot_of_[row.row] = static_cast<SlotId>(index.slot_times_.size() - 1);
    }
    if (!group.empty()) {
      index.min_time_ = std::min(index.min_time_, group.front().t);
      index.max_time_ = std::max(index.max_time_, group.back().t);
    }
  }
  index.first_slot_.push_back(static_cast<SlotId>(index.slot_times_.size()));
  return index;
}

}  // namespace coeval
