// KeyWindow: the events of one key that a window holds, and the states over them, as t moves on.
// Used by window_sweep.cc alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "aggregation/aggregate_function.h"
#include "aggregation/events.h"
#include "aggregation/window.h"
#include "base/time.h"
#include "column/builder.h"
#include "offline/event_table.h"
#include "offline/event_timeline.h"
#include "offline/window_sweep.h"

namespace coeval {

// One feature's results while they are made.
struct SweptBuilder {
  explicit SweptBuilder(const DataType& type) : values(type) {}

  ColumnBuilder values;
  std::vector<TimeMicros> times;
  std::vector<std::uint8_t> invalid;
  bool any_invalid = false;
};

// Features with one window and one mask. One thread.
class KeyWindow {
 public:
  // `features` and `builders` side by side; all must outlive this. REQUIRES: they share window and
  // mask.
  KeyWindow(const EventTable& events, std::vector<const SweepFeature*> features,
            std::vector<SweptBuilder*> builders);

  // Begins a key: nothing is in the window. `appearances`: all of the key's; empty where the table
  // has a delay.
  void Begin(KeyId key, std::span<const Appearance> appearances);
  // Appends the values at t. REQUIRES: t does not go back within a key.
  void Ask(TimeMicros t);

 private:
  // Positions, as Events has them.
  struct Range {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };

  [[nodiscard]] Events EventsOf(const SweepFeature& feature) const;
  [[nodiscard]] bool Counts(std::int64_t row) const;
  void Apply(TimeMicros t);
  void Insert(std::int64_t row);
  void Erase(std::int64_t row);
  [[nodiscard]] Range Find(TimeMicros t) const;
  void Slide(Range next);

  // Is the state of this feature kept now? One that is dearer than its function alone, because it
  // takes events back, is made when a key asks a third time.
  [[nodiscard]] bool IsKept(std::size_t i) const {
    return states_[i].has_value() && (asked_ > kFewQuestions || !dear_[i]);
  }

  static constexpr int kFewQuestions = 2;  // questions of a key that are answered from the range

  const EventTable& events_;
  const std::vector<const SweepFeature*> features_;
  const std::vector<SweptBuilder*> builders_;
  const WindowRule& window_;
  std::vector<std::optional<AggregateState>> states_;  // none: by AppendRange
  std::vector<bool> dear_;                             // of states: not its function's own

  int asked_ = 0;                        // questions of the key so far
  std::int64_t first_row_ = 0;           // of the key
  bool plain_ = false;                   // positions are rows of the table; rows_ is not used
  std::vector<std::int64_t> rows_;       // events that count and are known, in their order
  Range all_;                            // all positions
  Range held_;                           // those that the states hold
  std::span<const Appearance> waiting_;  // not yet applied
};

}  // namespace coeval
