#include "offline/window_sweep.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "offline/work_items.h"

namespace coeval {
namespace {

// What several threads that share a key need of it, made by the first of them.
struct SharedKey {
  std::once_flag made;
  std::vector<Appearance> appearances;
  std::int64_t too_late = 0;
};

// A run of keys, or of the questions of one key, and what was found for it.
struct Run {
  KeyId first = 0;
  KeyId last = 0;
  SlotRange slots;                    // of these keys, those that are asked
  std::shared_ptr<SharedKey> shared;  // where other runs ask the same key
  std::vector<SweptBuilder> features;
  std::int64_t too_late = 0;
};

constexpr std::int64_t kRunsPerThread = 8;
// A thread that begins in the middle of a key goes over what came before, so they are few.
constexpr std::int64_t kPiecesPerThread = 2;

// The questions of one key in about equal pieces.
void DivideKey(KeyId key, SlotRange slots, std::int64_t pieces, std::vector<Run>* runs) {
  const std::int64_t n = slots.end - slots.begin;
  const auto shared = std::make_shared<SharedKey>();
  for (std::int64_t i = 0; i < pieces; ++i) {
    const SlotRange piece{slots.begin + static_cast<SlotId>(n * i / pieces),
                          slots.begin + static_cast<SlotId>(n * (i + 1) / pieces)};
    runs->push_back({.first = key,
                     .last = key + 1,
                     .slots = piece,
                     .shared = shared,
                     .features = {},
                     .too_late = 0});
  }
}

// Runs of about the same work, in the order of slots.
std::vector<Run> Divide(const QuestionIndex& questions, const EventTable& events,
                        std::int64_t threads) {
  const KeyId keys = questions.keys().size();
  const std::int64_t all = events.num_rows() + questions.num_slots();
  const std::int64_t each = std::max<std::int64_t>(1, all / (threads * kRunsPerThread));
  std::vector<Run> runs;
  std::int64_t work = 0;
  KeyId first = 0;
  const auto end_run = [&](KeyId last) {
    if (first == last) return;
    runs.push_back({.first = first,
                    .last = last,
                    .slots = {questions.slots(first).begin, questions.slots(last - 1).end},
                    .shared = nullptr,
                    .features = {},
                    .too_late = 0});
    first = last;
    work = 0;
  };
  for (KeyId key = 0; key < keys; ++key) {
    const SlotRange slots = questions.slots(key);
    const RowRange rows = events.rows(key);
    const std::int64_t asked = slots.end - slots.begin;
    const std::int64_t of_key = asked + (rows.last - rows.first);
    const std::int64_t pieces =
        threads == 1 ? 1 : std::min({of_key / each, threads * kPiecesPerThread, asked});
    if (pieces > 1) {
      end_run(key);
      DivideKey(key, slots, pieces, &runs);
      first = key + 1;
      continue;
    }
    work += of_key;
    if (work >= each) end_run(key + 1);
  }
  end_run(keys);
  return runs;
}

// Sweeps the runs that it is given. Borrows all; one thread.
class Sweeper {
 public:
  Sweeper(const QuestionIndex& questions, const EventTable& events,
          std::span<const SweepFeature> features)
      : questions_(questions), events_(events), features_(features) {}

  Status Sweep(Run* run, const CancelToken& cancel) const {
    for (const SweepFeature& feature : features_) run->features.emplace_back(feature.type);
    std::vector<KeyWindow> windows = KeyWindow::MakeAll(
        {.times = events_.times(), .delay = events_.delay()}, features_, run->features);
    std::vector<Appearance> own;
    for (KeyId key = run->first; key < run->last; ++key) {
      COEVAL_RETURN_IF_ERROR(cancel.Check());
      const std::vector<Appearance>& appearances = AppearancesOf(key, run, &own);
      SlotRange slots = questions_.slots(key);
      slots.begin = std::max(slots.begin, run->slots.begin);
      slots.end = std::min(slots.end, run->slots.end);
      const RowRange rows = events_.rows(key);
      for (KeyWindow& window : windows) {
        window.Begin(rows.first, rows.last, appearances);
        for (SlotId slot = slots.begin; slot < slots.end; ++slot) {
          window.Ask(questions_.slot_times()[slot]);
        }
      }
    }
    return Status::Ok();
  }

 private:
  // None where the table has a delay. What came too late counts once for each key.
  const std::vector<Appearance>& AppearancesOf(KeyId key, Run* run,
                                               std::vector<Appearance>* own) const {
    own->clear();
    if (events_.delay().has_value()) return *own;
    if (run->shared == nullptr) {
      events_.Appearances(key, own, &run->too_late);
      return *own;
    }
    SharedKey& shared = *run->shared;
    std::call_once(shared.made,
                   [&] { events_.Appearances(key, &shared.appearances, &shared.too_late); });
    if (run->slots.begin == questions_.slots(key).begin) run->too_late += shared.too_late;
    return shared.appearances;
  }

  const QuestionIndex& questions_;
  const EventTable& events_;
  std::span<const SweepFeature> features_;
};

Result<SweptFeature> Join(std::span<Run> runs, std::size_t feature, const DataType& type) {
  SweptFeature joined;
  std::vector<Column> pieces;
  std::int64_t before = 0;
  bool any_invalid = false;
  for (const Run& run : runs) any_invalid = any_invalid || run.features[feature].any_invalid;
  for (Run& run : runs) {
    SweptBuilder& made = run.features[feature];
    for (const std::int64_t value : made.value_of) joined.value_of.push_back(before + value);
    before += made.values.length();
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
  std::vector<Run> runs = Divide(questions, events, threads);
  const Sweeper sweeper(questions, events, features);
  COEVAL_RETURN_IF_ERROR(RunItems(context.threads, runs.size(), *context.cancel,
                                  [&](std::size_t /*worker*/, std::size_t item) {
                                    return sweeper.Sweep(&runs[item], *context.cancel);
                                  }));
  for (const Run& run : runs) counts->too_late += run.too_late;
  std::vector<SweptFeature> swept;
  for (std::size_t i = 0; i < features.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(SweptFeature feature, Join(runs, i, features[i].type));
    swept.push_back(std::move(feature));
  }
  return swept;
}

}  // namespace coeval
