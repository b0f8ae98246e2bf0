// EventTableReader: puts facts, in whatever order they come, into an EventTable: by key, and within
// a key in the order of rule 3.3. Used by event_table.cc alone.
//
//   batches (by all threads)   place of each key's facts   sorted by time, each key   gathered once
//   0: ann 10:05, bob 10:00    ann: (0, 0), (1, 0)         ann: (1, 0), (0, 0)        10:01, 10:05
//   1: ann 10:01               bob: (0, 1)                 bob: (0, 1)                10:00
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/column.h"
#include "offline/event_table.h"
#include "offline/key_index.h"
#include "offline/placed_columns.h"

namespace coeval {

// One use.
class EventTableReader {
 public:
  // Borrows all.
  EventTableReader(const KeyIndex& keys, const EventRule& rule, const Context& context);

  // Takes the facts. Errors: those of the facts; Cancelled.
  Status Read(std::unique_ptr<FactStream> facts, const FactProgress& progress);

  // The table of what was read. Errors: as EventTable::Read.
  Result<EventTable> Finish();

 private:
  // A batch of facts.
  struct Part {
    std::vector<Column> columns;  // event time, created time, sequence, deleted, arrived, features
    std::vector<KeyId> keys;      // of each row; kNoKey: nobody asks for it
  };

  // An event, and where it lies.
  struct Entry {
    TimeMicros time;
    std::uint32_t part;
    std::uint32_t row;
  };

  using Entries = std::shared_ptr<Entry>;  // one for each row of the table

  void Take(const FactBatch& batch, std::vector<Part>* parts) const;
  void CountKeys();
  // Runs of keys with about as many events each, as bounds.
  [[nodiscard]] std::vector<KeyId> DivideKeys(std::size_t wanted) const;
  Result<Entries> Scatter();
  // Tells whether some key has two events of one time.
  Result<bool> SortByTime(Entry* entries);
  Status Gather(const Entry* entries);
  // Orders events of equal times by all that rule 3.3 says.
  Status BreakTies();
  bool SortTies(RowRange rows, std::vector<std::int64_t>* order) const;
  [[nodiscard]] std::vector<ColumnSchema> PartSchema() const;
  [[nodiscard]] std::optional<DurationMicros> FindDelay() const;

  const KeyIndex& keys_;
  const Context& context_;
  EventTable table_;
  std::vector<Part> parts_;
};

}  // namespace coeval
