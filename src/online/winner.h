// What an online store keeps of one key, and what it answers (rules 3.1, 3.3, 3.6, 3.7, 7.2). In
// one place, over decoded facts, so that every store and every cache obeys the same rules.
//
//   facts of key ams at H = 12:00, ttl 3 h          kept because
//   (10:00, 1.5)  v = 10:00                         no: (11:00) outranks it and v <= H
//   (11:00, 2.5)  v = 11:00                         it is the answer from H on
//   (13:00, 4.0)  v = 13:00                         not yet visible: pending (rule 3.5)
//
// Collapsing is associative, commutative and idempotent: any grouping, order or repetition of the
// same facts gives the same list, and collapsing at a later H what was collapsed at an earlier one
// gives what collapsing once gives.
#pragma once

#include <compare>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "column/type.h"
#include "definition/fact.h"
#include "online/event_keeping.h"
#include "online/fact_list.h"
#include "retrieval/assemble.h"

namespace coeval {

// What decides of the facts of one view. `types`: of the kept columns, in declared order; must
// outlive.
struct KeepRule {
  std::span<const DataType> types;
  TimeMicros horizon = kMinTime;  // H; kMinTime: only timeless facts are known to be settled
  DurationMicros ttl = 0;         // the greatest of the versions that share the facts; 0 = none
  std::optional<EventKeeping> events = {};  // of an aggregated view: none of them is a winner
  Equals equals = Equals::kAreOne;          // of events

  [[nodiscard]] FactListFormat format() const {
    return events.has_value() ? FactListFormat::kEvents : FactListFormat::kFacts;
  }
};

// Rule 3.3. A row that cannot be decoded outranks those that tie with it, so that it is kept, and
// whoever reads it is told.
// Cost: the tie bytes are formed only where times and sequence are equal and the rows differ.
std::strong_ordering CompareKept(const KeptFact& a, const KeptFact& b,
                                 std::span<const DataType> types);

// Sorts `*facts` by rank, least first; of facts of equal rank the one visible first stays (3.3);
// drops what rule 3.6 drops. Of events as CollapseEvents says.
void Collapse(const KeepRule& rule, std::vector<KeptFact>* facts);

// The same where the view is not known: sorts, and removes only facts that are equal in every byte.
// What it leaves undecided, Collapse decides.
void Unite(std::vector<KeptFact>* facts);

// Is `b` right after `a` in a stored list? By rank; among facts of the same times any order of
// different rows will do, since Unite leaves them by their bytes and readers collapse.
bool MayFollow(const KeptFact& b, const KeptFact& a);

// Rule 3.6's second half: no t >= H can still see it.
inline bool IsExpired(TimeMicros event_time, TimeMicros horizon, DurationMicros ttl) {
  return ttl != 0 && !WithinTwiceTtl(event_time, horizon, ttl);
}

// The answer to one question.
struct KeptAnswer {
  Match match = Match::kNotFound;
  TimeMicros event_time = kMinTime;  // of the winner or, for kOutsideMaxAge, of the newest
  const KeptFact* winner = nullptr;  // for kFound
};

// The greatest fact that is visible at t; null where there is none. `facts` are collapsed (at some
// H <= t). Where facts lie in several places, the greatest of theirs is that of all.
// Cost: O(facts that are not yet visible at t).
const KeptFact* NewestVisible(std::span<const KeptFact> facts, TimeMicros t);
// Rules 3.1, 3.4, 3.7 and 7.2 for the version with this ttl, from the greatest visible fact.
KeptAnswer AnswerOf(const KeptFact* newest, TimeMicros t, DurationMicros ttl);
// Both.
KeptAnswer AnswerAt(std::span<const KeptFact> facts, TimeMicros t, DurationMicros ttl);

}  // namespace coeval
