#include "offline/found_slots.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "definition/fact.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

// Rule 3.2's count of what was written after its question.
bool IsAfter(const FactTimes& times, TimeMicros t) {
  return times.has_created && times.created_time > t;
}

// Rules 3.1 (ttl), 3.7 and 7.2: what a question gets from the greatest of its candidates.
Match MatchOf(const SlotHeads::Winner& winner, TimeMicros t, const AsOfRule& rule) {
  if (winner.is_delete) return Match::kNotFound;
  // Timeless facts take no ttl (rule 1.3).
  if (rule.source.timeless || WithinTtl(winner.times.event_time, t, rule.ttl)) return Match::kFound;
  if (WithinTwiceTtl(winner.times.event_time, t, rule.ttl)) return Match::kOutsideMaxAge;
  return Match::kNotFound;
}

constexpr std::size_t kBlock = 256;  // questions whose heads are fetched ahead of their use

// Answers questions block by block; counts of its own. Borrows all.
class Answering {
 public:
  Answering(const QuestionIndex& questions, const SlotHeads& heads, const AsOfRule& rule,
            const UntouchedArray<SlotId>& greatest, std::uint8_t* used, ViewAnswers* answers,
            SlotId* found)
      : questions_(questions),
        heads_(heads),
        rule_(rule),
        greatest_(greatest),
        is_own_(greatest.size() == 0),
        used_(used),
        answers_(answers),
        found_(found) {}

  void Run(std::size_t begin, std::size_t end) {
    const std::span<const SlotId> slots = questions_.slot_of();
    std::array<SlotId, kBlock> best{};
    for (std::size_t first = begin; first < end; first += kBlock) {
      const std::size_t count = std::min(kBlock, end - first);
      for (const SlotId slot : slots.subspan(first, count)) {
        if (slot != kNoSlot && !is_own_) __builtin_prefetch(&greatest_[slot]);
      }
      for (std::size_t i = 0; i < count; ++i) {
        const SlotId slot = slots[first + i];
        best[i] = slot == kNoSlot || is_own_ ? slot : greatest_[slot];
        if (best[i] != kNoSlot) heads_.Prefetch(best[i]);
      }
      for (std::size_t i = 0; i < count; ++i) found_[first + i] = Answer(first + i, best[i]);
    }
  }

  [[nodiscard]] const AsOfCounts& counts() const { return counts_; }

 private:
  SlotId Answer(std::size_t question, SlotId best) {
    if (best == kNoSlot) return kNoSlot;
    const SlotHeads::Winner winner = heads_.Get(best);
    const TimeMicros t = questions_.time_of(question);
    const Match match = MatchOf(winner, t, rule_);
    const bool is_told = !answers_->match.empty();
    if (is_told) answers_->match[question] = match;
    if (winner.is_delete) ++counts_.deleted;
    if (match == Match::kNotFound) return kNoSlot;
    if (is_told) answers_->event_time[question] = winner.times.event_time;
    if (match != Match::kFound) {
      ++counts_.expired;
      return kNoSlot;
    }
    ++counts_.found;
    if (winner.tied) ++counts_.ties;
    if (IsAfter(winner.times, t)) ++counts_.written_after;
    // Threads that mark one slot write the same.
    std::atomic_ref<std::uint8_t> used(used_[best]);
    if (used.load(std::memory_order_relaxed) == 0) used.store(1, std::memory_order_relaxed);
    return best;
  }

  const QuestionIndex& questions_;
  const SlotHeads& heads_;
  const AsOfRule& rule_;
  const UntouchedArray<SlotId>& greatest_;
  bool is_own_;         // each slot's is its own
  std::uint8_t* used_;  // per slot
  ViewAnswers* answers_;
  SlotId* found_;
  AsOfCounts counts_;
};

}  // namespace

FoundSlots AnswerOf(const QuestionIndex& questions, const SlotHeads& heads, const AsOfJoin& join,
                    int threads, AsOfAnswers* out) {
  const UntouchedArray<SlotId> greatest = heads.Greatest(questions, threads);
  const auto n = static_cast<std::size_t>(questions.num_questions());
  if (!join.values_only) {
    out->answers.match.assign(n, Match::kNotFound);
    out->answers.event_time.assign(n, kMinTime);
  }
  FoundSlots found{.of_questions = UntouchedArray<SlotId>(n), .used = {}};
  std::vector<std::uint8_t> used(heads.size());
  std::vector<AsOfCounts> counts(ChunksOf(n, 0, threads));
  DoChunks(threads, n, counts.size(), [&](std::size_t chunk, std::size_t begin, std::size_t end) {
    Answering answering(questions, heads, join.rule, greatest, used.data(), &out->answers,
                        found.of_questions.data());
    answering.Run(begin, end);
    counts[chunk] = answering.counts();
  });
  for (const AsOfCounts& of_chunk : counts) {
    out->counts.found += of_chunk.found;
    out->counts.expired += of_chunk.expired;
    out->counts.deleted += of_chunk.deleted;
    out->counts.ties += of_chunk.ties;
    out->counts.written_after += of_chunk.written_after;
  }
  found.used.reserve(static_cast<std::size_t>(std::count(used.begin(), used.end(), 1)));
  for (SlotId slot = 0; slot < heads.size(); ++slot) {
    if (used[slot] != 0) found.used.push_back(slot);
  }
  return found;
}

bool WrittenAfter(const QuestionIndex& questions, const SlotHeads& heads, std::size_t question,
                  SlotId found) {
  return IsAfter(heads.Get(found).times, questions.time_of(question));
}

void CountTies(const SlotHeads& heads, std::span<const SlotId> found, AsOfCounts* counts) {
  counts->ties = std::count_if(found.begin(), found.end(), [&heads](SlotId slot) {
    return slot != kNoSlot && heads.Has(slot, SlotHeads::kTied);
  });
}

}  // namespace coeval
