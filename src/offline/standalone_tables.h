// The two sides of a join or window without a repository: a left table whose rows are the
// questions, and facts on the right, out of a stream or of files. What `coeval asof`, `coeval
// window` and their Python calls have in common: how columns are named and found, how keys compare.
//
//   left    t      user  amount       right   at     who  score      on t = at, by user = who
//           12:00  u1    5                    11:58  u1   0.3
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/progress.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "column/column.h"
#include "definition/entity.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "offline/as_of_join.h"
#include "offline/question_index.h"
#include "source/fact_reader.h"

namespace coeval {

// How the two sides find one another. The names are those of Python's calls.
struct MatchOptions {
  std::string left_name = "the left table";  // what errors call it: a file's name
  // Time columns: `on` is both; none of them: rule 4.2 on the left, then the same name on the
  // right, or the right's `event_timestamp`, or its only timestamp column but for `created`.
  std::string on, left_on, right_on;
  // Keys, in matching order: `by` is both; none: all rows are of one key.
  std::vector<std::string> by, left_by, right_by;
  std::string created;             // the right's column of created times, or ""
  Known known = Known::kDeclared;  // kArrival: a row is known from its created time on
  ProgressSink progress;           // may be null
};

// A column of the right, as far as a join wants to know it.
struct RightColumn {
  std::string name;
  DataType type;
  bool is_timestamp = false;
  Status supported;
};

// The right side, whatever it is.
struct RightTable {
  std::string name;  // for errors
  std::vector<RightColumn> columns;
  std::function<Result<std::unique_ptr<FactReader>>(const Source& meaning, FactRequest request)>
      open;

  // A stream of record batches, which must outlive this; it is released by who reads it, and can be
  // opened once. Errors: InvalidArgument for one that was used up.
  static Result<RightTable> OfStream(ArrowArrayStream* stream, const Context& context);
  // Files: of `source` the name (shown in errors), path, format and CSV options are used. Borrows
  // the context. Errors: those of DescribeSource.
  static Result<RightTable> OfFiles(const Source& source, const std::string& location,
                                    const Context& context);

  [[nodiscard]] const RightColumn* Find(const std::string& wanted) const;  // null: it is not there
  // Errors: NotFound with the nearest name, or those there are; InvalidArgument for a type that
  // Coeval does not have.
  [[nodiscard]] Result<const RightColumn*> Need(const std::string& wanted) const;
};

// The names of a call, resolved.
struct MatchNames {
  std::size_t left_time = 0;
  std::string right_time;
  std::vector<std::string> left_keys;
  std::vector<std::string> right_keys;
};

// The left side. What was made of it for one right table serves the next: the questions of equal
// keys are indexed once. One thread.
class LeftTable {
 public:
  LeftTable(ArrowTable table, std::string name)
      : table_(std::move(table)), name_(std::move(name)) {}

  [[nodiscard]] const ArrowTable& table() const { return table_; }

  [[nodiscard]] const std::string& name() const { return name_; }

  // The questions for that right table, and the keys by which it is read. Errors: NotFound and
  // InvalidArgument for columns, for keys that would lose something (rule 2.1), and bad times.
  struct Questions {
    const QuestionIndex* index = nullptr;  // owned by the left table
    std::vector<JoinKey> right_keys;
  };

  Result<Questions> For(const RightTable& right, const MatchNames& names);

  // Gives the table away.
  ArrowTable Release() && { return std::move(table_); }

 private:
  Result<Column> ReadKey(const std::string& name, const RightColumn& other, JoinKey* key) const;

  ArrowTable table_;
  std::string name_;
  std::map<std::size_t, std::vector<TimeMicros>> times_;  // by column
  std::map<std::string, QuestionIndex> indexes_;          // by time column, key columns and types
};

// Errors: InvalidArgument and NotFound that name the options or columns.
Result<MatchNames> ResolveMatch(const LeftTable& left, const RightTable& right,
                                const MatchOptions& options);

// What the right's times mean. Joins without a repository do not check how far ahead they are
// (rule 3.5).
Source MeaningOf(const RightTable& right, const MatchNames& names, const MatchOptions& options);

// Runs a join over the facts of the right, and tells of its progress.
class RightFacts {
 public:
  // All are borrowed.
  RightFacts(const RightTable& right, const Source& meaning, const std::vector<JoinKey>& keys,
             const ProgressSink& progress)
      : right_(right), meaning_(meaning), keys_(keys), progress_(progress) {}

  [[nodiscard]] OpenFacts Open();
  [[nodiscard]] FactProgress Progress();

  void TellFinished(const FactCounts& counts) const { Tell(counts, true); }

 private:
  void Tell(const FactCounts& counts, bool finished) const;

  const RightTable& right_;
  const Source& meaning_;
  const std::vector<JoinKey>& keys_;
  const ProgressSink& progress_;
  std::int64_t expected_ = -1;
};

// Releases a stream that was given but not taken over by a reader.
class StreamGuard {
 public:
  explicit StreamGuard(ArrowArrayStream* stream) : stream_(stream) {}

  StreamGuard(const StreamGuard&) = delete;
  StreamGuard& operator=(const StreamGuard&) = delete;

  ~StreamGuard() {
    if (stream_->release != nullptr) stream_->release(stream_);
  }

 private:
  ArrowArrayStream* stream_;
};

}  // namespace coeval
