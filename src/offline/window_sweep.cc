#include "offline/window_sweep.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "offline/key_window.h"

namespace coeval {
namespace {

// A run of keys, and what was found for it.
struct Run {
  KeyId first = 0;
  KeyId last = 0;
  std::vector<SweptBuilder> features;
  std::int64_t too_late = 0;
};

constexpr std::int64_t kRunsPerThread = 8;

// Runs of keys of about the same work.
std::vector<Run> Divide(const QuestionIndex& questions, const EventTable& events,
                        std::int64_t wanted) {
  const KeyId keys = questions.keys().size();
  const std::int64_t all = events.num_rows() + questions.num_slots();
  const std::int64_t each = std::max<std::int64_t>(1, all / std::max<std::int64_t>(1, wanted));
  std::vector<Run> runs;
  std::int64_t work = 0;
  KeyId first = 0;
  for (KeyId key = 0; key < keys; ++key) {
    const SlotRange slots = questions.slots(key);
    const RowRange rows = events.rows(key);
    work += (slots.end - slots.begin) + (rows.last - rows.first);
    if (work < each && key + 1 < keys) continue;
    runs.push_back({.first = first, .last = key + 1, .features = {}, .too_late = 0});
    first = key + 1;
    work = 0;
  }
  return runs;
}

// Features with one window and one mask, by position.
std::vector<std::vector<std::size_t>> Groups(std::span<const SweepFeature> features) {
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < features.size(); ++i) {
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& other) {
      const SweepFeature& first = features[other.front()];
      return first.mask == features[i].mask && first.window.window() == features[i].window.window();
    });
    if (group == groups.end()) {
      groups.push_back({i});
    } else {
      group->push_back(i);
    }
  }
  return groups;
}

// Sweeps the runs that it is given. Borrows all; one thread.
class Sweeper {
 public:
  Sweeper(const QuestionIndex& questions, const EventTable& events,
          std::span<const SweepFeature> features)
      : questions_(questions), events_(events), features_(features), groups_(Groups(features)) {}

  Status Sweep(Run* run, const CancelToken& cancel) const {
    for (const SweepFeature& feature : features_) run->features.emplace_back(feature.type);
    std::vector<KeyWindow> windows;
    for (const std::vector<std::size_t>& group : groups_) {
      std::vector<const SweepFeature*> features;
      std::vector<SweptBuilder*> builders;
      for (const std::size_t i : group) {
        features.push_back(&features_[i]);
        builders.push_back(&run->features[i]);
      }
      windows.emplace_back(events_, std::move(features), std::move(builders));
    }
    std::vector<Appearance> appearances;
    for (KeyId key = run->first; key < run->last; ++key) {
      COEVAL_RETURN_IF_ERROR(cancel.Check());
      appearances.clear();
      if (!events_.delay().has_value()) events_.Appearances(key, &appearances, &run->too_late);
      const SlotRange slots = questions_.slots(key);
      for (KeyWindow& window : windows) {
        window.Begin(key, appearances);
        for (SlotId slot = slots.begin; slot < slots.end; ++slot) {
          window.Ask(questions_.slot_times()[slot]);
        }
      }
    }
    return Status::Ok();
  }

 private:
  const QuestionIndex& questions_;
  const EventTable& events_;
  std::span<const SweepFeature> features_;
  std::vector<std::vector<std::size_t>> groups_;
};

Result<SweptFeature> Join(std::span<Run> runs, std::size_t feature, const DataType& type) {
  SweptFeature joined;
  std::vector<Column> pieces;
  bool any_invalid = false;
  for (const Run& run : runs) any_invalid = any_invalid || run.features[feature].any_invalid;
  for (Run& run : runs) {
    SweptBuilder& made = run.features[feature];
    pieces.push_back(made.values.Finish());
    joined.times.insert(joined.times.end(), made.times.begin(), made.times.end());
    if (!any_invalid) continue;
    joined.invalid.insert(joined.invalid.end(), made.invalid.begin(), made.invalid.end());
  }
  if (pieces.empty()) pieces.push_back(Column::Nulls(type, 0));
  COEVAL_ASSIGN_OR_RETURN(joined.values, Concatenate(pieces));
  return joined;
}

}  // namespace

Result<std::vector<SweptFeature>> SweepWindows(const QuestionIndex& questions,
                                               const EventTable& events,
                                               std::span<const SweepFeature> features,
                                               const Context& context, SweepCounts* counts) {
  const std::int64_t threads = std::max<std::int64_t>(1, context.threads);
  std::vector<Run> runs = Divide(questions, events, threads * kRunsPerThread);
  const Sweeper sweeper(questions, events, features);
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  Status outcome;  // guarded by mutex
  const auto work = [&] {
    for (std::size_t i = next++; i < runs.size(); i = next++) {
      const Status status = sweeper.Sweep(&runs[i], *context.cancel);
      if (status.ok()) continue;
      const std::lock_guard lock(mutex);
      outcome = status;
      return;
    }
  };
  std::vector<std::thread> others;
  for (std::int64_t i = 1; i < threads; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  COEVAL_RETURN_IF_ERROR(outcome);
  for (const Run& run : runs) counts->too_late += run.too_late;
  std::vector<SweptFeature> swept;
  for (std::size_t i = 0; i < features.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(SweptFeature feature, Join(runs, i, features[i].type));
    swept.push_back(std::move(feature));
  }
  return swept;
}

}  // namespace coeval
