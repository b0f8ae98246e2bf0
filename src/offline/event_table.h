// EventTable: the events that the questions of a spine may ask about, in memory, by key and in the
// order of rule 3.3. What windows are swept over.
//
//   facts streaming past                        table, of the keys that some question has
//   (ann, 10:05, 3)  (bob, 10:00, 1)            ann: 0 = (10:01, 2), 1 = (10:05, 3)
//   (ann, 10:01, 2)  (eve, 10:02, 9)            bob: 2 = (10:00, 1)
//
// Rows are numbered through; a key's rows lie together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/batch.h"
#include "column/column.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "offline/as_of_join.h"
#include "offline/key_index.h"
#include "retrieval/event_timeline.h"

namespace coeval {

// What the columns of the facts mean.
struct EventRule {
  Source source;  // what its times mean
  Known known = Known::kDeclared;
  std::vector<ColumnSchema> columns;  // of the facts
  // Positions of the columns whose tie bytes order events (rule 5.3), in that order.
  std::vector<std::size_t> tie_columns;
  std::optional<std::size_t> id_column;  // position; none: every fact is an event of its own
};

struct RowRange {
  std::int64_t first = 0;
  std::int64_t last = 0;  // exclusive
};

// Immutable once read; threads: any.
class EventTable {
 public:
  // Takes the facts whose key `keys` has. Cost: O(facts) and a sort of each key's events unless
  // they are in order already; memory for the events of these keys. Errors: those of the facts,
  // Cancelled; InvalidArgument where a column of strings would pass 2 GiB.
  static Result<EventTable> Read(std::unique_ptr<FactStream> facts, const KeyIndex& keys,
                                 const EventRule& rule, const Context& context,
                                 const FactProgress& progress = nullptr);

  [[nodiscard]] std::int64_t num_rows() const { return static_cast<std::int64_t>(times_.size()); }

  [[nodiscard]] RowRange rows(KeyId key) const {
    return {first_row_[key], first_row_[static_cast<std::size_t>(key) + 1]};
  }

  // The facts' features, and their event times: one for each row.
  [[nodiscard]] std::span<const Column> columns() const { return columns_; }

  [[nodiscard]] std::span<const TimeMicros> times() const { return times_; }

  // Where every event counts from its event time plus this on, and for ever: no identities, no
  // retractions, nothing too late, and known times that say no more. Else none, and Appearances
  // tells.
  [[nodiscard]] std::optional<DurationMicros> delay() const { return delay_; }

  // From when to when a key's events count; positions are from the key's first row on.
  void Appearances(KeyId key, std::vector<Appearance>* appearances, std::int64_t* too_late) const;

  [[nodiscard]] const FactCounts& counts() const { return counts_; }

 private:
  friend class EventTableReader;

  [[nodiscard]] Sequence SequenceOf(std::int64_t row) const;
  [[nodiscard]] bool IsRetraction(std::int64_t row) const;

  [[nodiscard]] bool Arrived(std::int64_t row) const { return !arrived_.IsNull(row); }

  [[nodiscard]] FactTimes TimesOf(std::int64_t row) const;
  // The order of rule 3.3, with the id last: it parts events that are alike in all else.
  [[nodiscard]] int Compare(std::int64_t a, std::int64_t b) const;
  [[nodiscard]] int CompareTies(std::int64_t a, std::int64_t b) const;
  [[nodiscard]] std::vector<std::uint32_t> Identities(RowRange rows) const;

  EventRule rule_;
  std::vector<std::int64_t> first_row_;  // [number of keys + 1]
  std::shared_ptr<TimeMicros> times_memory_;
  std::span<const TimeMicros> times_;
  Column created_;   // type null where there is none
  Column sequence_;  // as FactBatch
  Column deleted_;
  Column arrived_;  // bool, null of a batch source's facts; type null where none was pushed
  std::vector<Column> columns_;
  std::optional<DurationMicros> delay_;
  FactCounts counts_;
};

}  // namespace coeval
