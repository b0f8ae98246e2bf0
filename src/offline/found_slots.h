// FoundSlots: what every way of joining does at its end (rules 3.1, 3.7, 7.2): from the heads of
// the slots to what each question gets, and the count of it.
#pragma once

#include <span>
#include <vector>

#include "offline/as_of_join.h"
#include "offline/question_index.h"
#include "offline/slot_heads.h"
#include "offline/untouched.h"

namespace coeval {

// Per question the slot that holds its values, or kNoSlot; and these slots, each once, ascending.
struct FoundSlots {
  UntouchedArray<SlotId> of_questions;
  std::vector<SlotId> used;
};

// Matches and times of all questions (unless only values are wanted), with all counts of answers
// but for the values of those written after. Cost: O(questions + slots), by `threads`.
FoundSlots AnswerOf(const QuestionIndex& questions, const SlotHeads& heads, const AsOfJoin& join,
                    int threads, AsOfAnswers* out);

// Was the fact of this question, which was found, written after its time?
bool WrittenAfter(const QuestionIndex& questions, const SlotHeads& heads, std::size_t question,
                  SlotId found);

// Those found that are tied, anew: after ties were told apart by values.
void CountTies(const SlotHeads& heads, std::span<const SlotId> found, AsOfCounts* counts);

}  // namespace coeval
