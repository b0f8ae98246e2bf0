#include "offline/fact_slots.h"

#include <utility>

#include "offline/fact_loop.h"
#include "offline/slot_lookup.h"
#include "offline/work_items.h"

namespace coeval {

Result<FactSlots> FactSlots::Read(FactPieces* pieces, const QuestionKeys& questions,
                                  std::span<const TimeMicros> times, const AsOfRule& rule,
                                  const Context& context, const FactProgress& progress) {
  FactSlots made;
  std::vector<std::vector<FactBatch>> of_pieces(pieces->size());
  COEVAL_ASSIGN_OR_RETURN(made.read_, ReadAllPieces(pieces, /*features=*/false, context, progress,
                                                    [&](std::size_t /*worker*/, std::size_t piece,
                                                        const FactBatch& facts) {
                                                      of_pieces[piece].push_back(facts);
                                                    }));
  std::size_t rows = 0;
  for (std::size_t piece = 0; piece < of_pieces.size(); ++piece) {
    for (FactBatch& facts : of_pieces[piece]) {
      made.parts_.push_back({.piece = piece, .facts = std::move(facts), .first = rows});
      rows += static_cast<std::size_t>(made.parts_.back().facts.num_rows);
    }
  }
  const std::vector<TimeMicros> latest = LatestOfKeys(questions, times, context.threads);
  UntouchedArray<KeyId> keys(rows);
  UntouchedArray<TimeMicros> from(rows);

  struct Counts {
    std::int64_t of_questions = 0;
    std::int64_t candidates = 0;
  };

  std::vector<Counts> counts(made.parts_.size());
  DoItems(context.threads, made.parts_.size(), [&](std::size_t /*worker*/, std::size_t item) {
    const Part& part = made.parts_[item];
    questions.keys.Find(part.facts.keys, 0, part.facts.num_rows, keys.data() + part.first);
    Counts of_part;
    for (std::int64_t row = 0; row < part.facts.num_rows; ++row) {
      const std::size_t at = part.first + static_cast<std::size_t>(row);
      if (keys[at] == kNoKey) continue;
      ++of_part.of_questions;
      const FactTimes of_fact = part.facts.times(row);
      from[at] = CandidateFrom(of_fact, rule);
      if (from[at] > latest[keys[at]] || IsNever(of_fact, rule)) {
        keys[at] = kNoKey;
      } else {
        ++of_part.candidates;
      }
    }
    counts[item] = of_part;
  });
  for (const Counts& of_part : counts) {
    made.facts_of_questions_ += of_part.of_questions;
    made.candidates_ += of_part.candidates;
  }
  made.slots_ = TimeSlots::Build(keys.values(), from.values(), questions.keys.size(),
                                 context.threads, &made.slot_of_);
  return made;
}

UntouchedArray<SlotId> FactSlots::SlotsOf(const QuestionKeys& questions,
                                          std::span<const TimeMicros> times, int threads) const {
  const SlotLookup lookup(slots_, threads);
  UntouchedArray<SlotId> slot_of(times.size());
  const std::span<const KeyId> keys = questions.ids.values();
  DoChunks(threads, times.size(), ChunksOf(times.size(), 0, threads),
           [&](std::size_t /*chunk*/, std::size_t begin, std::size_t end) {
             lookup.Find(keys.subspan(begin, end - begin), times.subspan(begin, end - begin),
                         slot_of.data() + begin);
           });
  return slot_of;
}

}  // namespace coeval
