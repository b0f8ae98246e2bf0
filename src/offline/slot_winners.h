// SlotWinners: for each question of a spine the winner of rule 3, from facts in any order.
//
// A fact is a candidate from v = max(event time, known time) on (rule 3.1), so it belongs to the
// first slot of its key with t >= v. Each slot keeps only the greatest of its facts (rule 3.3); at
// the end a running maximum over a key's slots is every question's winner. If the greatest fails
// the ttl, all do, since rank begins with the event time. So facts are neither sorted nor kept.
//
//   slots of jfk      09:00   12:00   15:00
//   facts, v =        08:10   11:40           both 08:50 and 11:40 stay; 08:10 loses at once
//                     08:50
//   running maximum   08:50   11:40   11:40
//
// Ties. Facts of one event time, created time and sequence are told apart by the tie bytes of ALL
// features of the view in declared order, while a request may need a few of them. Where the needed
// ones do not decide, the slot is marked open; a second pass over the facts with all features
// settles those that some question wants (open ties are rare: sources without tie-breaking
// columns).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "column/batch.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "offline/question_index.h"
#include "offline/slot_values.h"
#include "source/fact_reader.h"

namespace coeval {

// What decides whether a fact is a candidate.
struct AsOfRule {
  Source source;  // what its times mean; files play no part
  Known known = Known::kDeclared;
  DurationMicros ttl = 0;        // 0 = none
  bool strictly_before = false;  // event time < t in place of <= t (a join without a repository)
};

// Threads: one.
class SlotWinners {
 public:
  struct Winner {
    FactTimes times;
    bool is_delete = false;
    bool tied = false;  // another fact has its event time, created time and sequence
  };

  // `needed`: ascending positions in `schema`, the view's features in declared order (what ties are
  // decided by). `questions` must outlive this.
  SlotWinners(const QuestionIndex& questions, AsOfRule rule, std::vector<ColumnSchema> schema,
              std::vector<std::size_t> needed);

  // Takes part of the facts, with the needed features. Any order, any batches: the same winners.
  void Add(const FactBatch& facts);

  // After all facts: the running maximum. No Add() after it.
  void Settle();

  // After Settle(): marks the open ties of these winners for the second pass; how many there are.
  std::size_t OpenTies(std::span<const SlotId> winners);
  // The event times of the marked ones.
  [[nodiscard]] FactRange OpenRange() const;
  // The second pass: the facts again, with all features of the schema.
  void AddForTies(const FactBatch& facts);
  // Errors: Unavailable where a tied fact did not come again (the source changed meanwhile).
  [[nodiscard]] Status CheckTiesResolved() const;

  // After Settle(): the slot whose fact is the greatest candidate at `slot`, or kNoSlot.
  [[nodiscard]] SlotId WinnerAt(SlotId slot) const { return heads_[slot].row; }

  [[nodiscard]] Winner Get(SlotId winner) const;

  // Facts whose key some question has; of these, those that are a candidate for some question.
  [[nodiscard]] std::int64_t facts_of_questions() const { return facts_of_questions_; }

  [[nodiscard]] std::int64_t candidates() const { return candidates_; }

  [[nodiscard]] const SlotValues& values() const { return values_; }

  // What it takes, values included, but for strings and the like.
  static std::int64_t EstimateBytes(std::span<const ColumnSchema> needed, SlotId num_slots) {
    return std::int64_t{num_slots} * static_cast<std::int64_t>(sizeof(Head)) +
           SlotValues::EstimateBytes(needed, num_slots);
  }

 private:
  // What rule 3.3 compares before the tie bytes, and what is known of ties. 32 bytes.
  struct Head {
    TimeMicros event_time = 0;
    TimeMicros created_time = 0;
    std::int64_t sequence = 0;
    std::uint32_t row = 0;  // while kPending: in the batch; after Settle(): the winner's slot
    std::uint8_t flags = 0;
  };

  enum Flag : std::uint8_t {
    kFilled = 1,
    kCreated = 2,
    kSequence = 4,
    kDelete = 8,
    kTied = 16,
    kOpen = 32,     // facts that the needed features do not tell apart
    kPending = 64,  // its values still lie in the batch
  };

  enum class Tie : std::uint8_t { kLoses, kWins, kSame, kOpen };

  static FactTimes TimesOf(const Head& head);
  static Sequence SequenceOf(const Head& head);
  // Rule 3.1 as a time: from then on the fact is a candidate.
  [[nodiscard]] TimeMicros CandidateFrom(const FactTimes& times) const;
  [[nodiscard]] bool IsNever(const FactTimes& times) const;
  [[nodiscard]] SlotId FindSlot(KeyId key, SlotRange range, TimeMicros v);
  void FindSlots(const FactBatch& facts, std::int64_t first, std::int64_t count, SlotId* slots,
                 bool counted);
  void Offer(const FactBatch& facts, std::int64_t row, SlotId slot);
  void Replace(const FactBatch& facts, std::int64_t row, SlotId slot, std::uint8_t tie_flags);
  [[nodiscard]] Tie CompareTie(const FactBatch& facts, std::int64_t row, SlotId slot);
  [[nodiscard]] bool SameAsHead(const FactBatch& facts, std::int64_t row, SlotId slot,
                                std::size_t feature) const;
  void StorePending(std::span<const Column> columns);

  const QuestionIndex& questions_;
  AsOfRule rule_;
  std::vector<std::size_t> needed_;
  std::size_t prefix_ = 0;  // so many of the needed features are the schema's first ones
  std::vector<Head> heads_;
  SlotValues values_;
  std::vector<SlotRow> pending_;
  std::vector<SlotId>
      cursors_;  // per key, where it was last found; only if some key has many slots
  std::unordered_map<SlotId, std::string> open_;  // tie bytes of the best so far; "" = none yet
  std::string tie_a_;
  std::string tie_b_;
  std::int64_t facts_of_questions_ = 0;
  std::int64_t candidates_ = 0;
};

}  // namespace coeval
