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
#include "offline/added_columns.h"
#include "offline/as_of_join.h"
#include "offline/standalone_tables.h"

namespace coeval {

// The names are those of Python's call.
struct StandaloneJoinOptions : MatchOptions {
  std::optional<DurationMicros> tolerance;  // the ttl: at most so old, inclusive; more than 0
  bool allow_exact_matches = true;          // false: event time < t
  // Columns of the right that are wanted, in this order; none given = all but keys and times. They
  // also decide ties (rule 3.3).
  std::optional<std::vector<std::string>> columns;
  std::string prefix;             // put before every name
  std::string suffix = "_right";  // for names that are taken: by the left, or a table before
};

// Immutable; threads: any.
struct StandaloneJoin {
  ArrowTable left;
  Schema schema;                   // of the right's columns, by their final names
  AddedColumns columns;            // these, each of left.num_rows()
  std::vector<AsOfCounts> counts;  // one for each right table

  // The left table unchanged, then the right's columns; may be called again. Its errors are those
  // of columns that were spilled.
  [[nodiscard]] Result<ArrowArrayStream> Export(std::int64_t batch_rows = 65536) const;
};

// `right`: any stream of record batches, taken over. Errors: InvalidArgument and NotFound for
// columns (with the nearest names), types, keys that would lose something (rule 2.1), bad times,
// names that still collide with the suffix; Cancelled.
Result<StandaloneJoin> JoinStream(ArrowTable left, ArrowArrayStream* right,
                                  const StandaloneJoinOptions& options, const Context& context);
// The same of a table that is held, which all threads read.
Result<StandaloneJoin> JoinTable(ArrowTable left, ArrowTable right,
                                 const StandaloneJoinOptions& options, const Context& context);
// `right`: files; of `source` the name (shown in errors), format and CSV options are used. Reads
// only the columns and, where statistics allow it, the row groups that it needs.
Result<StandaloneJoin> JoinFile(ArrowTable left, const Source& source, const std::string& location,
                                const StandaloneJoinOptions& options, const Context& context);

// One of several right tables.
struct JoinedFiles {
  Source source;
  std::string location;
  StandaloneJoinOptions options;  // left_name: that of the first counts
};

// All joined to one left table, which is read and indexed once for those of equal keys, as training
// sets do; their columns follow one another. All are checked before the first is read. Memory: no
// more than context.memory_budget_bytes, the left table with it, if that leaves anything: what is
// more lies in context.scratch_folder, and keys are joined in parts (memory_plan.h). Errors also:
// those of that file; Unavailable for files that change. REQUIRES: one at least.
Result<StandaloneJoin> JoinFiles(ArrowTable left, const std::vector<JoinedFiles>& files,
                                 const Context& context);

}  // namespace coeval
