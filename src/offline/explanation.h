// Explanation: why a feature has the value that it has at a time, as data. What explain.h finds
// out, and explanation_text.h and explanation_json.h show.
//
//   a stored feature      the facts of its key near t: which one won, by which part of rule 3.3,
//   and
//                         why the others did not
//   an aggregated one     the events in the window at t, and why those beside it are not (rule 5)
//   an expression         its text and its inputs, each explained in turn
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregation/window.h"
#include "base/time.h"
#include "column/batch.h"
#include "column/column.h"
#include "column/type.h"
#include "column/value.h"
#include "definition/fact.h"
#include "source/fact_reader.h"

namespace coeval {

// What became of a fact that was looked at.
enum class Fate : std::uint8_t {
  // Rule 3: the winner, a candidate of lesser rank, one that is equal to the winner in all that
  // rule
  // 3.3 compares, and one that is older than the ttl.
  kWins,
  kLoses,
  kSame,
  kExpired,
  // Rules 3 and 5: of the future, and known later than asked.
  kFuture,
  kKnownLater,
  // Rule 5: in the window; in it, but skipped (5.5); before its older end, after its newer end;
  // kept
  // out by `where`; older than the newest n; too late (5.8); replaced or taken back by another fact
  // of its identity; one that takes back.
  kCounted,
  kNullInput,
  kBefore,
  kAfter,
  kFiltered,
  kBeyondLast,
  kTooLate,
  kReplaced,
  kRetracted,
  kRetraction,
};

// "wins", "loses", ..., "known_later": the names of JSON.
std::string_view FateName(Fate fate);

// The parts of rule 3.3, in their order; kNothing: equal in all.
enum class RankPart : std::uint8_t {
  kNothing,
  kEventTime,
  kCreatedTime,
  kSequence,
  kDelete,  // at a full tie a delete wins (3.7)
  kTieBytes,
};

// "event_time", ...; "" of kNothing.
std::string_view RankPartName(RankPart part);

// What became of one fact, and why, for people: "loses: the event time is earlier by 3h".
struct Verdict {
  Fate fate = Fate::kLoses;
  RankPart decided_by = RankPart::kNothing;  // of kWins and kLoses
  std::string why;
};

struct ExplainedFact {
  Verdict verdict;
  FactTimes times;
  TimeMicros known = 0;  // known from then on; kMinTime: always
  std::optional<std::int64_t> sequence;
  bool is_delete = false;
  std::vector<Value> values;  // as ExplainedFacts::columns
  std::string file;           // below the source's folder
  std::int64_t row = 0;       // of the file, from 0
  std::int64_t row_group = -1;
  std::int64_t left_out = 0;  // facts that lie between the one shown before this and this one
};

// Facts of one key, the most telling of them, in the order of rule 3.3.
struct ExplainedFacts {
  std::string source;
  bool timeless = false;
  std::vector<ColumnSchema> columns;  // whose values are shown
  std::int64_t of_key = 0;            // facts that the key has
  std::map<Fate, std::int64_t> fates;
  std::vector<ExplainedFact> shown;
  std::int64_t left_out = 0;  // after the last one shown
  FactCounts read;            // what became of the source's rows
};

struct ExplainedWindow {
  std::string function;  // "sum(amount) over 7d where status = 'ok'"
  EventSpan span;        // of event times, both ends inclusive
  Closed closed = Closed::kRight;
  bool bounded = true;      // false: all history, no older end
  std::int64_t events = 0;  // counted
  DurationMicros lateness = 0;
};

struct Explanation;

// An input of an expression: request data, or a feature with its own explanation.
struct ExplainedInput {
  std::string name;
  DataType type;
  Value value;
  std::string request_column;  // "" = a feature
  std::shared_ptr<const Explanation> feature;
};

// One join key of the question.
struct ExplainedKey {
  std::string name;    // of the entity
  std::string column;  // where it comes from, after key maps (rule 4.4)
  DataType type;
  Value value;
};

struct Explanation {
  std::string name;       // of the output, or of the feature where it is an input
  std::string reference;  // "weather@v2:temp"
  DataType type;
  TimeMicros t = 0;
  Known known = Known::kDeclared;
  std::optional<std::int64_t> row;  // of the spine, where it was asked by row
  std::vector<ExplainedKey> key;    // none of an on-demand feature

  Column value;  // one row
  FeatureStatus status = FeatureStatus::kNotFound;
  TimeMicros time = kMinTime;  // rule 7.2; kMinTime = none
  bool is_default = false;     // rule 7.6: it stands for null
  std::string error;           // of INVALID: what failed
  std::string because;         // one sentence
  std::string note;            // what else should be known, or ""

  DurationMicros ttl = 0;  // of the view; 0 = none
  std::optional<ExplainedFacts> facts;
  std::optional<ExplainedWindow> window;
  std::string expression;
  std::vector<ExplainedInput> inputs;  // of the expression
};

// "computed from 3 inputs, of which `spent` is null": why an expression has its value.
std::string FromInputs(const std::vector<ExplainedInput>& inputs);

}  // namespace coeval
