#include "offline/time_slots.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/context.h"
#include "base/radix_sort.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

// A sort by numbers clears a table for each eleven bits.
constexpr std::size_t kFewRows = 1024;
constexpr std::size_t kSortedAtOnce = 1 << 15;  // rows of the keys of one work item

struct TimedRow {
  TimeMicros t;
  std::uint32_t row;
};

void SortByTime(std::span<TimedRow> rows, std::vector<TimedRow>* scratch) {
  const auto earlier = [](const TimedRow& a, const TimedRow& b) { return a.t < b.t; };
  if (std::is_sorted(rows.begin(), rows.end(), earlier)) return;
  if (rows.size() < kFewRows) {
    std::sort(rows.begin(), rows.end(), earlier);
  } else {
    RadixSort(rows, scratch, [](const TimedRow& row) { return row.t; });
  }
}

}  // namespace

// Makes the slots of one list of rows. Borrows all.
class SlotPlacing {
 public:
  SlotPlacing(std::span<const KeyId> keys, std::span<const TimeMicros> times, KeyId num_keys,
              int threads, SlotId* slot_of)
      : keys_(keys),
        times_(times),
        num_keys_(num_keys),
        threads_(threads),
        slot_of_(slot_of),
        chunks_(ChunksOf(keys.size(), num_keys, threads)) {
    slots_.first_.assign(std::size_t{num_keys} + 1, 0);
  }

  TimeSlots Run() {
    if (!PlaceInOrder()) PlaceSorted();
    return std::move(slots_);
  }

 private:
  // The rows of a key in a chunk, in order of time.
  struct KeyRun {
    TimeMicros first = 0;
    TimeMicros last = 0;
    SlotId slots = 0;     // distinct times
    SlotId begin = 0;     // the first slot that is its own
    bool shares = false;  // its first time is the last of a chunk before
  };

  using Runs = std::vector<KeyRun>;

  [[nodiscard]] std::size_t BeginOf(std::size_t chunk) const {
    return keys_.size() * chunk / chunks_;
  }

  // False, and nothing is done, where a key's rows do not come in order of time.
  bool PlaceInOrder() {
    std::vector<Runs> runs(chunks_);
    std::vector<std::uint8_t> in_order(chunks_);
    DoItems(threads_, chunks_, [&](std::size_t /*worker*/, std::size_t chunk) {
      in_order[chunk] = CountInOrder(chunk, &runs[chunk]) ? 1 : 0;
    });
    if (std::count(in_order.begin(), in_order.end(), 0) > 0 || !JoinRuns(&runs)) return false;
    DoItems(threads_, chunks_,
            [&](std::size_t /*worker*/, std::size_t chunk) { WriteInOrder(chunk, runs[chunk]); });
    return true;
  }

  bool CountInOrder(std::size_t chunk, Runs* runs) const {
    runs->resize(num_keys_);
    const std::size_t end = BeginOf(chunk + 1);
    for (std::size_t i = BeginOf(chunk); i < end; ++i) {
      if (keys_[i] == kNoKey) continue;
      KeyRun& run = (*runs)[keys_[i]];
      const TimeMicros t = times_[i];
      if (run.slots == 0) {
        run = {.first = t, .last = t, .slots = 1};
        continue;
      }
      if (t < run.last) return false;
      run.slots += t > run.last ? 1U : 0U;
      run.last = t;
    }
    return true;
  }

  // From the runs of each chunk to where each lies; false where they are not in order.
  bool JoinRuns(std::vector<Runs>* runs) {
    SlotId next = 0;
    for (std::size_t key = 0; key < num_keys_; ++key) {
      slots_.first_[key] = next;
      const KeyRun* before = nullptr;
      for (Runs& chunk : *runs) {
        KeyRun& run = chunk[key];
        if (run.slots == 0) continue;
        if (before != nullptr && run.first < before->last) return false;
        run.shares = before != nullptr && run.first == before->last;
        run.begin = next;
        next += run.slots - (run.shares ? 1U : 0U);
        before = &run;
      }
    }
    slots_.first_[num_keys_] = next;
    slots_.times_ = UntouchedArray<TimeMicros>(next);
    return true;
  }

  void WriteInOrder(std::size_t chunk, const Runs& runs) {
    struct Cursor {
      SlotId slot;  // of the row before, which may be none's
      bool any;
      TimeMicros newest;
    };

    std::vector<Cursor> cursors;
    cursors.reserve(runs.size());
    for (const KeyRun& run : runs) cursors.push_back({run.begin - 1, run.shares, run.first});
    TimeMicros* slot_times = slots_.times_.data();
    const std::size_t end = BeginOf(chunk + 1);
    for (std::size_t i = BeginOf(chunk); i < end; ++i) {
      if (keys_[i] == kNoKey) {
        slot_of_[i] = kNoSlot;
        continue;
      }
      Cursor& cursor = cursors[keys_[i]];
      if (!cursor.any || times_[i] != cursor.newest) {
        slot_times[++cursor.slot] = times_[i];
        cursor = {cursor.slot, true, times_[i]};
      }
      slot_of_[i] = cursor.slot;
    }
  }

  void PlaceSorted() {
    std::vector<std::uint32_t> begin(std::size_t{num_keys_} + 1);
    UntouchedArray<TimedRow> rows = GroupByKey(&begin);
    const std::vector<std::size_t> cuts = CutRows(begin);
    std::vector<std::vector<TimedRow>> scratch(static_cast<std::size_t>(std::max(1, threads_)));
    const auto group = [&](std::size_t key) {
      return std::span<TimedRow>(rows.data() + begin[key], begin[key + 1] - begin[key]);
    };
    std::vector<SlotId>& first = slots_.first_;
    DoItems(threads_, cuts.size() - 1, [&](std::size_t worker, std::size_t item) {
      for (std::size_t key = cuts[item]; key < cuts[item + 1]; ++key) {
        SortByTime(group(key), &scratch[worker]);
        first[key + 1] = CountDistinct(group(key));
      }
    });
    scratch.clear();
    for (std::size_t key = 0; key < num_keys_; ++key) first[key + 1] += first[key];
    slots_.times_ = UntouchedArray<TimeMicros>(first[num_keys_]);
    DoItems(threads_, cuts.size() - 1, [&](std::size_t /*worker*/, std::size_t item) {
      for (std::size_t key = cuts[item]; key < cuts[item + 1]; ++key) {
        WriteSorted(group(key), first[key]);
      }
    });
  }

  // The rows that have a key, key after key, in the order of the input within each; `begin` gets
  // the place of each key's first row.
  UntouchedArray<TimedRow> GroupByKey(std::vector<std::uint32_t>* begin) {
    std::vector<std::vector<std::uint32_t>> next(chunks_);  // by chunk and key
    DoItems(threads_, chunks_, [&](std::size_t /*worker*/, std::size_t chunk) {
      next[chunk].assign(num_keys_, 0);
      const std::size_t end = BeginOf(chunk + 1);
      for (std::size_t i = BeginOf(chunk); i < end; ++i) {
        if (keys_[i] != kNoKey) ++next[chunk][keys_[i]];
      }
    });
    std::uint32_t before = 0;
    for (std::size_t key = 0; key < num_keys_; ++key) {
      (*begin)[key] = before;
      for (std::vector<std::uint32_t>& chunk : next) before += std::exchange(chunk[key], before);
    }
    (*begin)[num_keys_] = before;
    UntouchedArray<TimedRow> rows(before);
    DoItems(threads_, chunks_, [&](std::size_t /*worker*/, std::size_t chunk) {
      const std::size_t end = BeginOf(chunk + 1);
      for (std::size_t i = BeginOf(chunk); i < end; ++i) {
        slot_of_[i] = kNoSlot;
        if (keys_[i] == kNoKey) continue;
        rows.data()[next[chunk][keys_[i]]++] = {times_[i], static_cast<std::uint32_t>(i)};
      }
    });
    return rows;
  }

  // Ranges of keys with about as many rows each.
  [[nodiscard]] std::vector<std::size_t> CutRows(const std::vector<std::uint32_t>& begin) const {
    std::vector<std::size_t> cuts = {0};
    for (std::size_t key = 0; key < num_keys_; ++key) {
      if (begin[key + 1] - begin[cuts.back()] >= kSortedAtOnce) cuts.push_back(key + 1);
    }
    if (cuts.back() != num_keys_) cuts.push_back(num_keys_);
    return cuts;
  }

  static SlotId CountDistinct(std::span<const TimedRow> rows) {
    SlotId distinct = rows.empty() ? 0 : 1;
    for (std::size_t i = 1; i < rows.size(); ++i) distinct += rows[i].t != rows[i - 1].t ? 1U : 0U;
    return distinct;
  }

  void WriteSorted(std::span<const TimedRow> rows, SlotId slot) {
    TimeMicros* slot_times = slots_.times_.data();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i == 0 || rows[i].t != rows[i - 1].t) slot_times[slot++] = rows[i].t;
      slot_of_[rows[i].row] = slot - 1;
    }
  }

  std::span<const KeyId> keys_;
  std::span<const TimeMicros> times_;
  KeyId num_keys_;
  int threads_;
  SlotId* slot_of_;
  std::size_t chunks_;
  TimeSlots slots_;
};

TimeSlots TimeSlots::Build(std::span<const KeyId> keys, std::span<const TimeMicros> times,
                           KeyId num_keys, int threads, UntouchedArray<SlotId>* slot_of) {
  *slot_of = UntouchedArray<SlotId>(keys.size());
  return SlotPlacing(keys, times, num_keys, threads, slot_of->data()).Run();
}

std::vector<KeyId> TimeSlots::CutKeys(std::size_t slots_each) const {
  std::vector<KeyId> cuts = {0};
  for (KeyId key = 0; key < num_keys(); ++key) {
    if (first_[std::size_t{key} + 1] - first_[cuts.back()] >= slots_each) cuts.push_back(key + 1);
  }
  if (cuts.back() != num_keys()) cuts.push_back(num_keys());
  return cuts;
}

}  // namespace coeval
