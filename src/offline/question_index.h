// QuestionIndex: the questions of a spine, (key, t), by key and time: the small side of the as-of
// join, which facts streaming past are probed against. Made once for all views with the same keys.
//
//   questions                     slots: distinct (key, t), each key's in order of time
//   (jfk, 12:00)  -> slot 1       jfk: 0 = 09:00, 1 = 12:00
//   (lga, 10:00)  -> slot 2       lga: 2 = 10:00
//   (jfk, 09:00)  -> slot 0
//   (jfk, 12:00)  -> slot 1
//   (null, 9:00)  -> kNoSlot
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"
#include "base/time.h"
#include "column/column.h"
#include "offline/key_index.h"
#include "offline/question_keys.h"
#include "offline/time_slots.h"
#include "offline/untouched.h"

namespace coeval {

// Immutable; threads: any.
class QuestionIndex {
 public:
  // `keys` as KeyIndex::Build takes them, `times` one for each question. Errors: those of KeyIndex.
  // Cost: O(n), and a sort of each key's times unless they are in order already; by `threads`.
  static Result<QuestionIndex> Build(std::span<const Column> keys,
                                     std::span<const TimeMicros> times, int threads = 1);
  // The same of questions whose keys are known.
  static QuestionIndex Build(QuestionKeys questions, std::span<const TimeMicros> times,
                             int threads);

  // Not the times of questions but others are the slots, and `slot_of` says which is the last that
  // is not later than a question (slot_lookup.h). Borrows `times`, one for each question.
  static QuestionIndex OfSlots(QuestionKeys questions, std::span<const TimeMicros> times,
                               TimeSlots slots, UntouchedArray<SlotId> slot_of);

  [[nodiscard]] std::int64_t num_questions() const {
    return static_cast<std::int64_t>(slot_of_.size());
  }

  [[nodiscard]] SlotId num_slots() const { return slots_.size(); }

  [[nodiscard]] const KeyIndex& keys() const { return keys_; }

  // Per question; kNoSlot where a join key is null (rule 2.2).
  [[nodiscard]] std::span<const SlotId> slot_of() const { return slot_of_.values(); }

  // The time of a question that has a slot.
  [[nodiscard]] TimeMicros time_of(std::size_t question) const {
    return times_.empty() ? slots_.times()[slot_of_[question]] : times_[question];
  }

  // Per slot.
  [[nodiscard]] std::span<const TimeMicros> slot_times() const { return slots_.times(); }

  [[nodiscard]] SlotRange slots(KeyId key) const { return slots_.of(key); }

  [[nodiscard]] const TimeSlots& slots() const { return slots_; }

  // Fetches into the cache what slots(key) reads.
  void Prefetch(KeyId key) const { slots_.Prefetch(key); }

  // Of the questions with a key; kMaxTime and kMinTime where there are none.
  [[nodiscard]] TimeMicros min_time() const { return min_time_; }

  [[nodiscard]] TimeMicros max_time() const { return max_time_; }

  // For a part of a spine's questions: these are now min_time() and max_time(). Before it is
  // shared.
  void WidenTimes(TimeMicros min_time, TimeMicros max_time) {
    min_time_ = min_time;
    max_time_ = max_time;
  }

 private:
  KeyIndex keys_;
  TimeSlots slots_;
  UntouchedArray<SlotId> slot_of_;     // [number of questions]
  std::span<const TimeMicros> times_;  // per question; none: those of their slots
  TimeMicros min_time_ = kMaxTime;
  TimeMicros max_time_ = kMinTime;
};

}  // namespace coeval
