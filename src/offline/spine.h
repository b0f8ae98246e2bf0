// Spine: the rows that a training set is made for. Its columns come out as they came in (rule 4.1);
// what is read from it here are the question times, the join keys and the request data.
//
//   event_timestamp        origin   label         t (rule 4.2) | keys of the plan | passed on as it
//   is 2013-01-01 10:00 EST   JFK      true
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/column.h"
#include "retrieval/feature_plan.h"

namespace coeval {

// Immutable; threads: any.
struct Spine {
  ArrowTable table;
  std::string time_column;
  std::vector<TimeMicros> times;  // [rows], rounded down to the µs (rule 1.2)
  std::vector<Column> request;    // one for each of plan.request_columns, of its type, [rows]
};

// The column of question times (rule 4.2): the one named, else `event_timestamp`, else the only
// timestamp column. Errors: NotFound / InvalidArgument that list the candidates. `what` begins
// errors: "the spine".
Result<std::size_t> FindTimeColumn(const ArrowTable& table, const std::string& named,
                                   const std::string& what);
// Its times: timestamps of any unit and zone, dates (00:00 UTC), or ISO 8601 text. Errors:
// InvalidArgument for other types (nothing says what an integer counts), and for null or impossible
// times with the first 10 rows and the count of all.
Result<std::vector<TimeMicros>> ReadQuestionTimes(const ArrowTable& table, std::size_t column,
                                                  const std::string& what);
// The same as a column without nulls, shared with the table where that has it so; by `threads`.
Result<Column> ReadQuestionTimeColumn(const ArrowTable& table, std::size_t column,
                                      const std::string& what, int threads);

// Reads what the plan needs. `time_column` "" = rule 4.2. Errors: those above; NotFound for missing
// columns, all at once with the nearest names; InvalidArgument for keys that would lose something
// (rule 2.1), with column and row; output names that collide (rule 4.3).
Result<Spine> ReadSpine(ArrowTable table, const FeaturePlan& plan, const std::string& time_column);
// The same of a table that is only asked by: it may have columns of the names of outputs, as a
// training set that was made before has.
Result<Spine> ReadQuestions(ArrowTable table, const FeaturePlan& plan,
                            const std::string& time_column);

}  // namespace coeval
