// The as-of join (rule 3): for every question (key, t) of a spine, the values that were true and
// known at t. Facts stream past once, unsorted, and are probed against the spine's index; memory is
// bounded by the spine and the answer, whatever the size of the source. Of facts in pieces
// (Parquet) keys and times go first, by all threads; then the values of the winners are read, and
// only where some lie (docs/decisions/0013).
//
//   question         facts of jfk                              answer
//   (jfk, 12:00)     (11:58, v=3)                              3
//                    (12:01, v=9)                              never: later than 12:00
//                    (11:59, v=7, learnt at 12:30, arrival)    not yet known at 12:00
//
// Coeval's own way: the usual ones sort the facts, or keep them all in a hash table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "column/batch.h"
#include "offline/question_index.h"
#include "offline/slot_finder.h"
#include "retrieval/assemble.h"
#include "source/fact_reader.h"

namespace coeval {

class KeyedQuestions;

struct AsOfCounts {
  FactCounts read;                      // what became of the source's rows
  std::int64_t facts_of_questions = 0;  // facts whose key some question has
  std::int64_t candidates = 0;          // of these, candidates for some question but for the ttl

  // Of the answers, one for each question:
  std::int64_t found = 0;
  std::int64_t expired = 0;        // OUTSIDE_MAX_AGE (rule 7.2)
  std::int64_t deleted = 0;        // a delete won (rule 3.7)
  std::int64_t ties = 0;           // found, and told from another fact by tie bytes alone
  std::int64_t written_after = 0;  // found, but the fact's created time is after t (rule 3.2)
  // Of each needed feature, the values of such facts that are not null.
  std::vector<std::int64_t> values_written_after;
};

struct AsOfAnswers {
  ViewAnswers answers;
  AsOfCounts counts;
};

struct AsOfJoin {
  AsOfRule rule;
  // The view's features in declared order: what ties are decided by.
  std::vector<ColumnSchema> schema;
  // Ascending positions in `schema`: the features of the answer.
  std::vector<std::size_t> needed;
  // Only the features are wanted: match and event_time stay empty.
  bool values_only = false;
};

// Opens the facts with these features in this range. Called once; once more where a tie is open
// (see slot_winners.h) and `needed` is not all of the schema.
using OpenFacts = std::function<Result<std::unique_ptr<FactStream>>(
    const std::vector<ColumnSchema>& features, const FactRange& range)>;
// Told now and then, in the caller's thread.
using FactProgress = std::function<void(const FactCounts& counts)>;

// The event times that can matter to these questions.
FactRange RangeOf(const QuestionIndex& questions, const AsOfRule& rule);
// The same of questions from min_time to max_time.
FactRange RangeOf(TimeMicros min_time, TimeMicros max_time, const AsOfRule& rule);

// Shapes: the answers have one row for each question. Errors: those of the facts; Cancelled;
// Unavailable where a source changed between two passes; InvalidArgument where a column of strings
// would pass 2 GiB.
// Cost: O(facts), a second pass where needed. Facts in pieces are read by context.threads threads;
// others, with context.threads > 1, by a second thread, ahead of the join. The answers do not
// depend on the number of threads. `open` and `progress` are called in the caller's thread.
// Threads: any, with a call's own arguments.
Result<AsOfAnswers> JoinAsOf(const QuestionIndex& questions, const AsOfJoin& join,
                             const OpenFacts& open, const Context& context,
                             const FactProgress& progress = nullptr);
// The same of facts that are open already, with the needed features, for RangeOf(questions).
Result<AsOfAnswers> JoinAsOf(const QuestionIndex& questions, const AsOfJoin& join,
                             std::unique_ptr<FactStream> facts, const OpenFacts& open,
                             const Context& context, const FactProgress& progress);

// The same of questions that may not be indexed yet: they are, unless the facts are held and no
// more than they: then the facts are indexed in their place (docs/decisions/0018). The answers and
// counts are the same.
Result<AsOfAnswers> JoinAsOf(KeyedQuestions* questions, const AsOfJoin& join, const OpenFacts& open,
                             const Context& context, const FactProgress& progress);

}  // namespace coeval
