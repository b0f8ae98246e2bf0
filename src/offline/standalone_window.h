// Windows without a repository: `coeval.window` and `coeval window`. For each row of a left table,
// aggregates over the events of its key that lie in a window before its time; the sweep, and so
// every value, is that of a training set (rule 5).
//
//   left   t      user        events   at     who  amount     sum(amount) over 15m as spend
//          10:06  ann                  10:00  ann  3          10:06  ann  5
//          10:21  ann                  10:05  ann  2          10:21  ann  4
//                                      10:20  ann  4
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "aggregation/window.h"
#include "base/context.h"
#include "base/status.h"
#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "definition/aggregation_text.h"
#include "definition/source.h"
#include "offline/feature_blocks.h"
#include "offline/standalone_tables.h"
#include "offline/training_set.h"

namespace coeval {

struct StandaloneWindowOptions : MatchOptions {
  std::vector<AggregationText> aggregates;  // one at least, each with a name
  Closed closed = Closed::kRight;           // of all windows
  // The right's column of an event's identity (rule 5.3): of the rows of a key with one id the last
  // written counts; "" = every row is an event.
  std::string event_id;
  OnInvalid on_invalid = OnInvalid::kFail;
};

// Immutable; threads: any.
struct StandaloneWindow {
  ArrowTable left;
  Schema schema;  // of the aggregates, in the order asked for
  // These, in blocks, in memory or spilled. Never null.
  std::shared_ptr<const FeatureBlocks> features;
  std::vector<std::int64_t> nulls;  // of each aggregate
  FactCounts read;                  // what became of the events' rows
  std::int64_t events = 0;          // of keys that the left table has
  std::int64_t too_late = 0;        // of these, too late to take part (rule 5.8)
  std::int64_t invalid = 0;         // values that do not exist and are null (rule 6.2)

  // The left table unchanged, then the aggregates; may be called again. Its errors are those of
  // aggregates that were spilled.
  [[nodiscard]] Result<ArrowArrayStream> Export(std::int64_t batch_rows = 65536) const;
};

// `right`: any stream of record batches, taken over. Errors: InvalidArgument and NotFound for
// columns, types, keys and bad times; for an aggregate with a caret under the character; for names
// that the left has too; for values that do not exist, the first ten and the count. Cancelled.
Result<StandaloneWindow> WindowStream(ArrowTable left, ArrowArrayStream* right,
                                      const StandaloneWindowOptions& options,
                                      const Context& context);
// The same of a table that is held, which all threads read.
Result<StandaloneWindow> WindowTable(ArrowTable left, ArrowTable right,
                                     const StandaloneWindowOptions& options,
                                     const Context& context);
// `right`: files, as JoinFile takes them. Reads only the columns and, where statistics allow it,
// the row groups that it needs. Memory and errors: as of JoinFiles; a single key whose events do
// not fit is read nevertheless.
Result<StandaloneWindow> WindowFiles(ArrowTable left, const Source& source,
                                     const std::string& location,
                                     const StandaloneWindowOptions& options,
                                     const Context& context);

}  // namespace coeval
