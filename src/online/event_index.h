// EventIndex: the settled events of one key, decoded, and over them tiles: states of runs of
// events. A window is then a few runs and what lies beside them, however many events it holds.
//
//   events of ann      e0 e1 e2 e3 e4 e5 e6 e7 e8      runs of 2, joined by 2
//   tiles              [e0 e1] [e2 e3] [e4 e5] [e6 e7]
//                      [e0 .. e3]      [e4 .. e7]
//   window e1 .. e8    e1 + [e2 e3] + [e4 .. e7] + e8
//
// Tiles are an index: states are functions of the events (rule 5.6), so that an answer has the same
// bits with any layout of them, and without.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "aggregation/aggregate_function.h"
#include "aggregation/window.h"
#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "column/type.h"
#include "definition/aggregated_view.h"
#include "online/fact_list.h"
#include "online/online_store.h"
#include "retrieval/key_window.h"

namespace coeval {

// Events beside the index: pushed since, or not known when it was made; and of their event times
// those of the index too, since their order takes more than time. Borrows all.
struct EventsBeside {
  Events events;  // of the feature's arguments; positions are rows
  std::int64_t first = 0;
  std::int64_t last = 0;  // rows [first, last), in the order of events, all of which stand
  const std::vector<std::uint8_t>* mask = nullptr;
};

// Of a view without ids. Immutable; threads: any. Cost: decoding the events, and adding each to a
// tile for each aggregation; tiles take at most about twice the room of the events.
class EventIndex {
 public:
  // `settled`: facts that stand since `known`, in the order of events, all that the store's files
  // hold of the key with event times within `times`; `pending`: facts of such times that become
  // known later. Errors: Corruption of a row.
  static Result<std::shared_ptr<const EventIndex>> Make(const AggregatedView& view,
                                                        std::span<const DataType> types,
                                                        const EventIndexOptions& options,
                                                        EventSpan times, TimeMicros known,
                                                        std::span<const KeptFact> settled,
                                                        std::span<const KeptFact> pending);

  // Does it tell of all events at these times to who asks at t?
  [[nodiscard]] bool Covers(EventSpan times, TimeMicros t) const {
    return known_ <= t && times_.first <= times.first && times.last <= times_.last;
  }

  // Is there an event of this time?
  [[nodiscard]] bool Has(TimeMicros event_time) const;

  // Facts that were not settled.
  [[nodiscard]] std::span<const KeptFact> pending() const { return pending_; }

  // Appends the value of the view's i-th aggregation at t. REQUIRES: the index covers its window;
  // what is beside it has all events of its event times.
  void Answer(std::size_t i, TimeMicros t, const EventsBeside& beside, SweptBuilder* out) const;

  // What it takes.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  // One aggregation, over the events that its mask keeps.
  struct Feature {
    SweepFeature sweep;
    const std::vector<std::int64_t>* rows = nullptr;  // that count; null: all
    std::int64_t leaf = 1;                            // events in a tile of the lowest level
    std::vector<std::vector<AggregateState>> levels = {};
  };

  EventIndex() = default;

  [[nodiscard]] Events EventsOf(const Feature& feature) const;
  [[nodiscard]] std::int64_t FirstFrom(const Feature& feature, TimeMicros time) const;
  // Within so many bytes: of longer runs, or none, where short ones take more. Returns what it
  // took.
  std::size_t MakeTiles(std::size_t most, Feature* feature) const;
  [[nodiscard]] std::optional<std::size_t> TryTiles(std::int64_t leaf, std::size_t most,
                                                    Feature* feature) const;
  // The events at positions [first, last), in order.
  void Fold(const Feature& feature, std::int64_t first, std::int64_t last,
            AggregateState* state) const;
  void FoldTiles(const Feature& feature, std::size_t level, std::int64_t first, std::int64_t last,
                 AggregateState* state) const;

  EventIndexOptions options_;
  EventSpan times_;
  TimeMicros known_ = kMinTime;
  std::vector<TimeMicros> event_times_;
  std::vector<std::unique_ptr<std::vector<std::int64_t>>> row_lists_;
  std::vector<Feature> features_;  // of the view's aggregations
  std::vector<KeptFact> pending_;
  std::string pending_bytes_;
  std::size_t bytes_ = 0;
};

}  // namespace coeval
