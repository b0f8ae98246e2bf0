// SlotFinder: of facts streaming past, those that may win some question, with the one that each may
// win first.
//
// A fact is a candidate from v = max(event time, known time) on (rule 3.1), so it belongs to the
// first slot of its key with t >= v; from there on a running maximum over the key's slots hands it
// to later questions.
//
// Where neighbours have one key and ascend in time, as prices or a sorted table have, a few slots
// take a whole block: the last fact of those that one slot takes beats the others (rule 3.3), which
// need no look of their own.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "base/time_spread.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "offline/question_index.h"
#include "source/fact_reader.h"

namespace coeval {

// What decides whether a fact is a candidate.
struct AsOfRule {
  Source source;  // what the times of its batch facts mean; files play no part
  Known known = Known::kDeclared;
  DurationMicros ttl = 0;        // 0 = none
  bool strictly_before = false;  // event time < t in place of <= t (a join without a repository)
};

// From when on the fact is a candidate; not where it never is.
TimeMicros CandidateFrom(const FactTimes& times, const AsOfRule& rule);
// Strictly before: nothing comes after the last instant, where the sum above saturates.
bool IsNever(const FactTimes& times, const AsOfRule& rule);

// Fact first + row of those asked for.
struct FoundSlot {
  SlotId slot = kNoSlot;
  std::uint32_t row = 0;
};

// Threads: one; several finders may look into one index.
class SlotFinder {
 public:
  static constexpr std::int64_t kBlock = 512;  // facts whose slots are fetched ahead of their use

  // Both must outlive this.
  SlotFinder(const QuestionIndex& questions, const AsOfRule& rule);

  // The slots of facts [first, first + count), at most kBlock, in ascending order of facts. Left
  // out are facts that are no candidate for any question, and some whose slot another one of
  // them takes with a later event time. `found` has room for `count`; answers how many there are.
  std::size_t Find(const FactBatch& facts, std::int64_t first, std::int64_t count,
                   FoundSlot* found);

  // The same for a whole batch, block after block: use(first, found) for those that have any.
  template <typename Use>
  void FindAll(const FactBatch& facts, Use use) {
    std::array<FoundSlot, kBlock> found{};
    for (std::int64_t first = 0; first < facts.num_rows; first += kBlock) {
      const std::size_t n =
          Find(facts, first, std::min(kBlock, facts.num_rows - first), found.data());
      if (n > 0) use(first, std::span<const FoundSlot>(found.data(), n));
    }
  }

  // Of all facts asked for so far: those whose key some question has; of these, the candidates.
  [[nodiscard]] std::int64_t facts_of_questions() const { return facts_of_questions_; }

  [[nodiscard]] std::int64_t candidates() const { return candidates_; }

 private:
  [[nodiscard]] SlotId FindSlot(KeyId key, SlotRange range, TimeMicros v);
  std::size_t FindOfKey(const FactBatch& facts, std::int64_t first, std::int64_t count, KeyId key,
                        FoundSlot* found);
  std::size_t FindOfKeys(const FactBatch& facts, std::int64_t first, std::int64_t count,
                         const KeyId* keys, FoundSlot* found);
  [[nodiscard]] std::optional<SlotId> SlotOfAll(KeyId key, SlotRange range,
                                                const TimeSpread& spread);
  std::size_t FindLatest(std::span<const TimeMicros> events, SlotId slot, TimeMicros latest,
                         FoundSlot* found);
  std::size_t FindRuns(std::span<const TimeMicros> events, KeyId key, SlotRange range,
                       FoundSlot* found);
  [[nodiscard]] std::size_t EndOfRun(std::span<const TimeMicros> events, std::size_t begin,
                                     TimeMicros t) const;

  const QuestionIndex& questions_;
  const AsOfRule& rule_;
  // Per key, where it was last found; only if some key has many slots.
  std::vector<SlotId> cursors_;
  std::int64_t facts_of_questions_ = 0;
  std::int64_t candidates_ = 0;
};

}  // namespace coeval
