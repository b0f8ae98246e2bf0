// What the tests of the as-of join share: facts and questions as plain values, a stream of them,
// and rule 3 by brute force: every question against every fact, in the words of the rule and with
// none of the join's code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "base/status.h"
#include "column/value.h"
#include "offline/as_of_join.h"
#include "retrieval/assemble.h"
#include "source/fact_reader.h"

namespace coeval {

struct TestFact {
  std::vector<Value> key;
  TimeMicros event_time = 0;
  std::vector<Value> values;
  std::optional<TimeMicros> created = std::nullopt;
  std::optional<std::int64_t> sequence = std::nullopt;
  bool deleted = false;
  bool arrived = false;  // pushed; then with a created time and a sequence, and no delete
};

struct TestQuestion {
  std::vector<Value> key;
  TimeMicros t = 0;
};

struct TestAnswer {
  Match match = Match::kNotFound;
  TimeMicros event_time = kMinTime;
  std::vector<Value> values;  // of the needed features
};

// A view, its facts and its questions.
struct JoinCase {
  std::vector<DataType> key_types;
  AsOfJoin join;
  std::vector<TestFact> facts;
  std::vector<TestQuestion> questions;
};

// One column of a few values. REQUIRES: they are of that type.
Column ColumnOf(const DataType& type, const std::vector<Value>& values);
// Facts as a batch with the features at those positions of the schema. REQUIRES: all of them
// arrived or none.
FactBatch BatchOf(const JoinCase& c, const std::vector<TestFact>& facts,
                  const std::vector<std::size_t>& features);
// The positions of these features in the case's schema.
std::vector<std::size_t> PositionsOf(const JoinCase& c, const std::vector<ColumnSchema>& features);
// Opens the facts of a case as a stream of batches of at most `batch_rows`, only what is in range.
// `opened` counts how often.
OpenFacts OpenCase(const JoinCase& c, std::size_t batch_rows, int* opened = nullptr);

struct QuestionColumns {
  std::vector<Column> keys;
  std::vector<TimeMicros> times;
};

QuestionColumns ColumnsOf(const JoinCase& c);
Result<QuestionIndex> IndexOf(const JoinCase& c);
// The join's answers. `threads` > 1: facts are read ahead.
Result<AsOfAnswers> RunJoin(const JoinCase& c, std::size_t batch_rows = 3, int threads = 1,
                            int* opened = nullptr);
// Rule 3 by brute force.
std::vector<TestAnswer> BruteForce(const JoinCase& c);

// A small case with many ties, duplicates, nulls, deletes and times on the edge; in some of them
// facts were pushed beside those of a batch source, unless they are of files alone.
JoinCase RandomCase(std::mt19937_64& random, bool files_alone = false);
// The first answer that differs from the brute force, in words; "" where there is none.
std::string Difference(const JoinCase& c, const AsOfAnswers& answers);

// Random cases from seed, seed + 1, ...; stops at the first that fails.
struct RandomRun {
  std::string failure;  // "" = none; else what differed and the seed of that case
  std::int64_t found = 0;
  std::int64_t expired = 0;
  std::int64_t ties = 0;
  std::int64_t second_passes = 0;
};

RandomRun RunRandomCases(std::uint64_t seed, std::int64_t cases);
// $COEVAL_SEED, or one of its own; printed.
std::uint64_t TestSeed();

}  // namespace coeval
