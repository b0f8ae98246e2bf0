// Rule 3 for one question, in its own words: every fact of the key is looked at, and each gets its
// verdict. The path of explanations, apart from the join, which never looks at most facts; what
// both share is how two facts compare (definition/fact.h).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "offline/explanation.h"
#include "offline/key_facts.h"
#include "retrieval/assemble.h"

namespace coeval {

// What is asked of the facts of a key.
struct FactQuestion {
  TimeMicros t = 0;
  Known known = Known::kDeclared;
  const Source* source = nullptr;  // what the times of batch facts mean
  std::string read_from;           // ViewVersion::source_names
  DurationMicros ttl = 0;          // 0 = none; of windows not used
};

struct FactAnswer {
  Match match = Match::kNotFound;
  TimeMicros event_time = kMinTime;   // of the winner, or of the newest that expired
  std::optional<std::size_t> winner;  // also a delete (then match is kNotFound)
  std::vector<Verdict> verdicts;      // one for each fact
  std::string because;
};

// Cost: O(facts). Threads: any.
FactAnswer JudgeFacts(const KeyFacts& facts, const FactQuestion& question);

// All facts in the order of rule 3.3; equal ones as they were read.
std::vector<std::size_t> OrderByRank(const KeyFacts& facts);

// "known only from 10:00 on, 2h after the question": the verdict on a fact that was not known, or
// of the future, at t. None where it was known.
std::optional<Verdict> NotYet(const KeyFacts& facts, std::size_t fact,
                              const FactQuestion& question);

// "2 facts", "1 fact", "1,234 facts".
std::string CountOf(std::int64_t count, const std::string& what);

}  // namespace coeval
