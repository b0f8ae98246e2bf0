// KeyFacts: all facts of one key of a view, in memory, and where each was read. What a value is
// explained from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "column/batch.h"
#include "column/column.h"
#include "definition/fact.h"
#include "offline/facts_spine.h"
#include "retrieval/feature_plan.h"
#include "source/fact_reader.h"
#include "source/scan.h"

namespace coeval {

struct KeyFactsRequest {
  const PlannedView* view = nullptr;
  std::vector<Column> key;               // one for each join key, of its type, one row each
  std::vector<ColumnSchema> columns;     // to read
  std::vector<std::size_t> tie_columns;  // positions in `columns`: what tie bytes are of (rule 3.3)
};

// Facts are numbered in the order in which they were read. Immutable; threads: any.
class KeyFacts {
 public:
  // Reads the whole source and keeps what this key has: the future and what is long past explain
  // too. A null in the key matches nothing (rule 2.2). Errors: those of the reader; Cancelled.
  // Cost: O(rows of the source) time, O(facts of the key) memory.
  static Result<KeyFacts> Read(const KeyFactsRequest& request, const OpenView& open,
                               const ProgressSink& progress, const Context& context);

  [[nodiscard]] std::size_t size() const { return places_.size(); }

  [[nodiscard]] const std::vector<ColumnSchema>& schema() const { return schema_; }

  // One for each of the schema, each [size()].
  [[nodiscard]] std::span<const Column> columns() const { return columns_; }

  [[nodiscard]] const std::vector<TimeMicros>& event_times() const { return event_times_; }

  [[nodiscard]] FactTimes times(std::size_t fact) const {
    FactTimes times = facts_.times(static_cast<std::int64_t>(fact));
    times.arrived = arrived_[fact];
    return times;
  }

  [[nodiscard]] Sequence sequence(std::size_t fact) const {
    Sequence sequence = facts_.sequence_of(static_cast<std::int64_t>(fact));
    if (arrived_[fact]) sequence.log = kAnyLog;
    return sequence;
  }

  [[nodiscard]] bool is_delete(std::size_t fact) const {
    return facts_.is_delete(static_cast<std::int64_t>(fact));
  }

  // What rule 3.3 compares. Borrows this.
  [[nodiscard]] FactRank rank(std::size_t fact) const {
    return {times(fact), sequence(fact), is_delete(fact), tie_bytes_[fact]};
  }

  [[nodiscard]] const std::string& file(std::size_t fact) const { return files_[file_of_[fact]]; }

  [[nodiscard]] const RowPlace& place(std::size_t fact) const { return places_[fact]; }

  [[nodiscard]] const FactCounts& read() const { return read_; }

 private:
  friend class KeyFactsReader;

  std::vector<ColumnSchema> schema_;
  FactBatch facts_;  // without keys and features; which of them arrived stands beside it
  std::vector<bool> arrived_;
  std::vector<Column> columns_;
  std::vector<TimeMicros> event_times_;
  std::vector<std::string> tie_bytes_;
  std::vector<std::string> files_;
  std::vector<std::size_t> file_of_;
  std::vector<RowPlace> places_;
  FactCounts read_;
};

}  // namespace coeval
