// The as-of join without a repository: `coeval.asof_join` and `coeval asof`. A left table, any
// facts on the right, the same rules 1 to 3 and the same engine as a training set.
//
//   left   t      user   amount      right   t      user  score    answer   t      user  amount
//   score
//          12:00  u1     5                   11:58  u1    0.3               12:00  u1    5 0.3
//                                            12:01  u1    0.9
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "offline/as_of_join.h"

namespace coeval {

// The names are those of Python's call.
struct StandaloneJoinOptions {
  std::string left_name = "the left table";  // what errors call it: a file's name
  // Time columns: `on` is both; none of them: rule 4.2 on the left, then the same name on the
  // right, or the right's `event_timestamp`, or its only timestamp column but for `created`.
  std::string on, left_on, right_on;
  // Keys, in matching order: `by` is both; none: all rows are of one key.
  std::vector<std::string> by, left_by, right_by;
  std::optional<DurationMicros> tolerance;  // the ttl: at most so old, inclusive; more than 0
  std::string created;                      // the right's column of created times, or ""
  Known known = Known::kDeclared;           // kArrival: a row is known from its created time on
  bool allow_exact_matches = true;          // false: event time < t
  // Columns of the right that are wanted, in this order; none given = all but keys and times. They
  // also decide ties (rule 3.3).
  std::optional<std::vector<std::string>> columns;
  std::string suffix = "_right";  // for names that the left has too
  ProgressSink progress;          // may be null
};

// Immutable; threads: any.
struct StandaloneJoin {
  ArrowTable left;
  Schema schema;                // of the right's columns, by their final names
  std::vector<Column> columns;  // each of left.num_rows()
  AsOfCounts counts;

  // The left table unchanged, then the right's columns; may be called again.
  [[nodiscard]] Result<ArrowArrayStream> Export(std::int64_t batch_rows = 65536) const;
};

// `right`: any stream of record batches, taken over. Errors: InvalidArgument and NotFound for
// columns (with the nearest names), types, keys that would lose something (rule 2.1), bad times,
// names that still collide with the suffix; Cancelled.
Result<StandaloneJoin> JoinStream(ArrowTable left, ArrowArrayStream* right,
                                  const StandaloneJoinOptions& options, const Context& context);
// `right`: files; of `source` the name (shown in errors), format and CSV options are used. Reads
// only the columns and, where statistics allow it, the row groups that it needs.
Result<StandaloneJoin> JoinFile(ArrowTable left, const Source& source, const std::string& location,
                                const StandaloneJoinOptions& options, const Context& context);

}  // namespace coeval
