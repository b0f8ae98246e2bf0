// SlotFinder: for each fact streaming past, the one question that it may win first.
//
// A fact is a candidate from v = max(event time, known time) on (rule 3.1), so it belongs to the
// first slot of its key with t >= v; from there on a running maximum over the key's slots hands it
// to later questions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/time.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "offline/question_index.h"
#include "source/fact_reader.h"

namespace coeval {

// What decides whether a fact is a candidate.
struct AsOfRule {
  Source source;  // what its times mean; files play no part
  Known known = Known::kDeclared;
  DurationMicros ttl = 0;        // 0 = none
  bool strictly_before = false;  // event time < t in place of <= t (a join without a repository)
};

// Threads: one; several finders may look into one index.
class SlotFinder {
 public:
  static constexpr std::int64_t kBlock = 512;  // facts whose slots are fetched ahead of their use

  // Both must outlive this.
  SlotFinder(const QuestionIndex& questions, const AsOfRule& rule);

  // The slots of facts [first, first + count), at most kBlock; kNoSlot where a fact is no candidate
  // for any question.
  void Find(const FactBatch& facts, std::int64_t first, std::int64_t count, SlotId* slots);

  // Of all facts asked for so far: those whose key some question has; of these, the candidates.
  [[nodiscard]] std::int64_t facts_of_questions() const { return facts_of_questions_; }

  [[nodiscard]] std::int64_t candidates() const { return candidates_; }

 private:
  [[nodiscard]] TimeMicros CandidateFrom(const FactTimes& times) const;
  [[nodiscard]] bool IsNever(const FactTimes& times) const;
  [[nodiscard]] SlotId FindSlot(KeyId key, SlotRange range, TimeMicros v);

  const QuestionIndex& questions_;
  const AsOfRule& rule_;
  // Per key, where it was last found; only if some key has many slots.
  std::vector<SlotId> cursors_;
  std::int64_t facts_of_questions_ = 0;
  std::int64_t candidates_ = 0;
};

}  // namespace coeval
