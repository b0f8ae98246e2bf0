// FactSlots: facts that are held, by key and by the time from which each is a candidate (rule 3.1):
// the other side of the as-of join, indexed where the facts are fewer than the questions
// (docs/decisions/0018).
//
//   facts of jfk, from    09:00   12:00   12:00      slots   0 = 09:00, 1 = 12:00
//   slot of each          0       1       1
//   question at           11:00   15:00   08:00
//   its slot              0       1       none       the last that is not later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "offline/as_of_join.h"
#include "offline/question_keys.h"
#include "offline/slot_finder.h"
#include "offline/time_slots.h"
#include "offline/untouched.h"
#include "source/fact_reader.h"

namespace coeval {

// Immutable; threads: any.
class FactSlots {
 public:
  // Some facts of a piece, without features, and where their slots lie.
  struct Part {
    std::size_t piece = 0;
    FactBatch facts;
    std::size_t first = 0;
  };

  // Reads keys and times of all pieces, which are held and stay so. Facts of no question's key, and
  // those that are later than all questions of their key, have no slot. Errors: as ReadAllPieces.
  // Cost: O(facts + questions), and a sort of each key's times unless they are in order, by
  // context.threads threads; about 32 bytes a fact.
  static Result<FactSlots> Read(FactPieces* pieces, const QuestionKeys& questions,
                                std::span<const TimeMicros> times, const AsOfRule& rule,
                                const Context& context, const FactProgress& progress);

  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

  [[nodiscard]] std::span<const SlotId> slots_of(const Part& part) const {
    return slot_of_.values().subspan(part.first, static_cast<std::size_t>(part.facts.num_rows));
  }

  [[nodiscard]] const FactCounts& read() const { return read_; }

  [[nodiscard]] std::int64_t facts_of_questions() const { return facts_of_questions_; }

  [[nodiscard]] std::int64_t candidates() const { return candidates_; }

  // The slot of each question.
  [[nodiscard]] UntouchedArray<SlotId> SlotsOf(const QuestionKeys& questions,
                                               std::span<const TimeMicros> times,
                                               int threads) const;

  // Gives the slots away.
  TimeSlots TakeSlots() { return std::move(slots_); }

 private:
  std::vector<Part> parts_;
  TimeSlots slots_;
  UntouchedArray<SlotId> slot_of_;  // per fact
  FactCounts read_;
  std::int64_t facts_of_questions_ = 0;
  std::int64_t candidates_ = 0;
};

}  // namespace coeval
