#include "offline/question_index.h"

#include <utility>

namespace coeval {

Result<QuestionIndex> QuestionIndex::Build(std::span<const Column> keys,
                                           std::span<const TimeMicros> times, int threads) {
  COEVAL_ASSIGN_OR_RETURN(QuestionKeys questions, QuestionKeys::Of(keys, times, threads));
  return Build(std::move(questions), times, threads);
}

QuestionIndex QuestionIndex::Build(QuestionKeys questions, std::span<const TimeMicros> times,
                                   int threads) {
  QuestionIndex index;
  index.slots_ = TimeSlots::Build(questions.ids.values(), times, questions.keys.size(), threads,
                                  &index.slot_of_);
  index.keys_ = std::move(questions.keys);
  index.min_time_ = questions.min_time;
  index.max_time_ = questions.max_time;
  return index;
}

QuestionIndex QuestionIndex::OfSlots(QuestionKeys questions, std::span<const TimeMicros> times,
                                     TimeSlots slots, UntouchedArray<SlotId> slot_of) {
  QuestionIndex index;
  index.slots_ = std::move(slots);
  index.slot_of_ = std::move(slot_of);
  index.keys_ = std::move(questions.keys);
  index.times_ = times;
  index.min_time_ = questions.min_time;
  index.max_time_ = questions.max_time;
  return index;
}

}  // namespace coeval
