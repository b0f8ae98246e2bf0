// The two sides of a join or window without a repository: a left table whose rows are the
// questions, and facts on the right, out of a stream or of files. What `coeval asof`, `coeval
// window` and their Python calls have in common: how columns are named and found, how keys compare.
//
//   left    t      user  amount       right   at     who  score      on t = at, by user = who
//           12:00  u1    5                    11:58  u1   0.3
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
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
#include "offline/budgeted_join.h"
#include "offline/keyed_questions.h"
#include "offline/memory_plan.h"
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
  bool is_files = false;   // which may be left out by the keys that are wanted
  bool in_pieces = false;  // whose values may be read late (parts_join.h)

  // A stream of record batches, which must outlive this; it is released by who reads it, and can be
  // opened once. Errors: InvalidArgument for one that was used up.
  static Result<RightTable> OfStream(ArrowArrayStream* stream, const Context& context);
  // Record batches that are held; may be opened again, and is read by all threads. Borrows the
  // context.
  static Result<RightTable> OfTable(ArrowTable table, const Context& context);
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
// keys are indexed once (keyed_questions.h). One thread, which lets others help.
class LeftTable {
 public:
  // Its columns are read by `threads`.
  LeftTable(ArrowTable table, std::string name, int threads)
      : table_(std::move(table)), name_(std::move(name)), threads_(threads) {}

  [[nodiscard]] const ArrowTable& table() const { return table_; }

  [[nodiscard]] const std::string& name() const { return name_; }

  // The questions for that right table, and the keys by which it is read. Errors: NotFound and
  // InvalidArgument for columns, for keys that would lose something (rule 2.1), and bad times.
  struct Questions {
    KeyedQuestions* asked = nullptr;  // owned by the left table
    std::vector<JoinKey> right_keys;
  };

  Result<Questions> For(const RightTable& right, const MatchNames& names);

  // What is held of a row, about: its columns, and its time.
  [[nodiscard]] std::int64_t row_bytes() const;

  // The question times that were read.
  [[nodiscard]] std::vector<TimeMicros> TimesOf(std::size_t column) const {
    const auto times = times_.at(column).values<TimeMicros>();
    return {times.begin(), times.end()};
  }

  // Gives the table away.
  ArrowTable Release() && { return std::move(table_); }

 private:
  Result<Column> ReadKey(const std::string& name, const RightColumn& other, JoinKey* key) const;

  ArrowTable table_;
  std::string name_;
  int threads_;
  std::map<std::size_t, Column> times_;              // by column
  std::map<std::string, KeyedQuestions> questions_;  // by time column, key columns and types
};

// Errors: InvalidArgument and NotFound that name the options or columns.
Result<MatchNames> ResolveMatch(const LeftTable& left, const RightTable& right,
                                const MatchOptions& options);

// What the right's times mean. Joins without a repository do not check how far ahead they are
// (rule 3.5).
Source MeaningOf(const RightTable& right, const MatchNames& names, const MatchOptions& options);

// The facts of the right as a join takes them, which tell of their progress.
class RightFacts {
 public:
  // All are borrowed.
  RightFacts(const RightTable& right, const Source& meaning, const LeftTable::Questions& questions,
             const ProgressSink& progress);

  RightFacts(const RightFacts&) = delete;
  RightFacts& operator=(const RightFacts&) = delete;

  // Errors of opening them also: Unavailable for files that changed since they were opened first.
  [[nodiscard]] JoinedFacts* facts() { return &facts_; }

  void TellFinished(const FactCounts& counts) const { Tell(counts, true); }

 private:
  Result<std::unique_ptr<FactStream>> Open(const std::vector<ColumnSchema>& features,
                                           const FactRange& range);
  void Tell(const FactCounts& counts, bool finished) const;

  const RightTable& right_;
  const Source& meaning_;
  const LeftTable::Questions& questions_;
  const ProgressSink& progress_;
  JoinedFacts facts_;
  std::int64_t expected_ = -1;
  std::optional<std::string> change_token_;  // of the first that were opened
};

// Of the join of files, or, where `bounded` is false, of what is held whatever it takes.
Result<MemoryPlan> PlanMemory(const LeftTable& left, std::vector<JoinSize> joins, bool bounded,
                              const Context& context);

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
