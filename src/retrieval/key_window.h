// KeyWindow: the events of one key that a window holds, and the states over them, as t moves on
// (rule 5). Training sets ask a key at many times, serving asks at one; both ask here.
//
//   events of ann    10:00 3   10:05 2   10:20 4
//   asked at         10:06              10:21
//   sum over 15 min  5 (add, add)       4 (take 3 and 2 back, add 4)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "aggregation/aggregate_function.h"
#include "aggregation/events.h"
#include "aggregation/window.h"
#include "base/status.h"
#include "base/time.h"
#include "column/builder.h"
#include "column/column.h"
#include "retrieval/event_timeline.h"

namespace coeval {

// Events of many keys, those of a key together and in the order of rule 3.3. Borrows the times.
struct EventRows {
  std::span<const TimeMicros> times;  // event times, one for each row
  // Where every event counts from its event time plus this on, and for ever; kMinTime: always. Else
  // none, and appearances tell.
  std::optional<DurationMicros> delay;
};

// One aggregate over a window.
struct SweepFeature {
  std::shared_ptr<const AggregateFunction> function;
  // One that takes events back; none: only the ordered events themselves tell, by AppendRange.
  std::shared_ptr<const AggregateFunction> sliding;
  std::vector<Column> arguments;  // each [rows of the events]
  // Per row of the events: does it count (rule 5.4)? Null: all do. Features with one mask and equal
  // windows are swept together.
  std::shared_ptr<const std::vector<std::uint8_t>> mask;
  WindowRule window;
  DataType type;  // of the result
};

// One entry for each question, but for the values: a window that has not changed since the question
// before has its value once.
struct SweptFeature {
  // [questions]. Errors: InvalidArgument where the column would pass 2 GiB.
  [[nodiscard]] Result<Column> OfSlots() const;

  Column values;
  std::vector<std::int64_t> value_of;  // the question's row of `values`
  std::vector<TimeMicros> times;  // of the newest event in the window (rule 7.2); kMinTime: none
  std::vector<std::uint8_t> invalid;  // 1 where the value is INVALID (rule 6.2); empty: nowhere
};

// The same while it is made.
struct SweptBuilder {
  explicit SweptBuilder(const DataType& type) : values(type) {}

  SweptFeature Finish();

  // The last answer again. REQUIRES: there is one.
  void Repeat() {
    value_of.push_back(value_of.back());
    times.push_back(times.back());
    invalid.push_back(invalid.back());
  }

  ColumnBuilder values;
  std::vector<std::int64_t> value_of;
  std::vector<TimeMicros> times;
  std::vector<std::uint8_t> invalid;
  bool any_invalid = false;
};

// Features with one window and one mask. One thread.
class KeyWindow {
 public:
  // `features` and `builders` side by side; all must outlive this. REQUIRES: they share window and
  // mask.
  KeyWindow(EventRows events, std::vector<const SweepFeature*> features,
            std::vector<SweptBuilder*> builders);

  // One for each window and mask that some of the features share.
  static std::vector<KeyWindow> MakeAll(EventRows events, std::span<const SweepFeature> features,
                                        std::span<SweptBuilder> builders);

  // Begins a key, whose events are the rows [first, last): nothing is in the window. `appearances`:
  // all of the key's, by position from `first` on; empty where the events have a delay.
  void Begin(std::int64_t first, std::int64_t last, std::span<const Appearance> appearances);
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
  void Answer(std::size_t i, TimeMicros t, TimeMicros newest);

  // Is the state of this feature kept now? One that is dearer than its function alone, because it
  // takes events back, is made when a key asks a third time.
  [[nodiscard]] bool IsKept(std::size_t i) const {
    return states_[i].has_value() && (asked_ > kFewQuestions || !dear_[i]);
  }

  static constexpr int kFewQuestions = 2;  // questions of a key that are answered from the range

  const EventRows events_;
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
  bool changed_ = true;                  // did they change since the last answer?
  std::span<const Appearance> waiting_;  // not yet applied
};

}  // namespace coeval
