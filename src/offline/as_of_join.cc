#include "offline/as_of_join.h"

#include <span>
#include <utility>

#include "offline/fact_loop.h"
#include "offline/fact_slots.h"
#include "offline/found_slots.h"
#include "offline/keyed_questions.h"
#include "offline/placed_join.h"
#include "offline/read_ahead.h"
#include "offline/slot_heads.h"
#include "offline/slot_winners.h"

namespace coeval {
namespace {

// Of facts written after their questions, the values that are not null.
void CountWrittenAfter(const QuestionIndex& questions, const SlotHeads& heads,
                       std::span<const SlotId> found, AsOfAnswers* out) {
  AsOfCounts& counts = out->counts;
  counts.values_written_after.assign(out->answers.features.size(), 0);
  if (counts.written_after == 0) return;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == kNoSlot || !WrittenAfter(questions, heads, i, found[i])) continue;
    for (std::size_t f = 0; f < out->answers.features.size(); ++f) {
      const bool is_null = out->answers.features[f].IsNull(static_cast<std::int64_t>(i));
      counts.values_written_after[f] += is_null ? 0 : 1;
    }
  }
}

Status ResolveTies(const FoundSlots& found, const AsOfJoin& join, const OpenFacts& open,
                   const Context& context, SlotFinder* finder, SlotWinners* winners,
                   AsOfCounts* counts) {
  if (winners->OpenTies(found.used) == 0) return Status::Ok();
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactStream> facts,
                          open(join.schema, winners->OpenRange()));
  COEVAL_RETURN_IF_ERROR(ReadAll(facts.get(), context, nullptr, [&](const FactBatch& batch) {
                           winners->AddForTies(batch, FindSlots(batch, finder));
                         }).status());
  CountTies(winners->heads(), found.of_questions.values(), counts);
  return winners->CheckTiesResolved();
}

// Facts that stream past once: the values of each slot's greatest so far are copied from them.
Status JoinStream(const QuestionIndex& questions, const AsOfJoin& join,
                  std::unique_ptr<FactStream> facts, const OpenFacts& open, const Context& context,
                  const FactProgress& progress, AsOfAnswers* out) {
  SlotFinder finder(questions, join.rule);
  SlotWinners winners(questions.num_slots(), join.schema, join.needed);
  // Without a question that could match, the source is opened (is it there? are its columns?) but
  // not read.
  if (questions.num_slots() > 0) {
    if (context.threads > 1) facts = ReadAhead(std::move(facts));
    COEVAL_ASSIGN_OR_RETURN(out->counts.read,
                            ReadAll(facts.get(), context, progress,
                                    [&](const FactBatch& batch) { winners.Add(batch, &finder); }));
  }
  out->counts.facts_of_questions = finder.facts_of_questions();
  out->counts.candidates = finder.candidates();
  const FoundSlots found = AnswerOf(questions, winners.heads(), join, context.threads, out);
  COEVAL_RETURN_IF_ERROR(ResolveTies(found, join, open, context, &finder, &winners, &out->counts));
  COEVAL_ASSIGN_OR_RETURN(out->answers.features,
                          winners.values().Gather(found.of_questions.values()));
  CountWrittenAfter(questions, winners.heads(), found.of_questions.values(), out);
  return Status::Ok();
}

// The values of the winners, wherever some lie.
Status GatherValues(const QuestionIndex& questions, const AsOfJoin& join, FactPieces* facts,
                    const Context& context, PlacedJoin* placed, AsOfAnswers* out) {
  if (!join.needed.empty()) {
    COEVAL_RETURN_IF_ERROR(
        placed->values().Read(placed->unread(), facts, &placed->heads(), context));
  }
  COEVAL_ASSIGN_OR_RETURN(out->answers.features,
                          placed->values().Gather(placed->found(), placed->heads(), context));
  CountWrittenAfter(questions, placed->heads(), placed->found(), out);
  return Status::Ok();
}

// Facts in pieces: keys and times first.
Status JoinPieces(const QuestionIndex& questions, const AsOfJoin& join, FactPieces* facts,
                  const OpenFacts& open, const Context& context, const FactProgress& progress,
                  AsOfAnswers* out) {
  PlacedJoin placed(questions, join, facts, context);
  COEVAL_RETURN_IF_ERROR(placed.Run(open, progress, out));
  return GatherValues(questions, join, facts, context, &placed, out);
}

// The same of facts that are held, which are the index.
Status JoinHeld(QuestionKeys keys, std::span<const TimeMicros> times, const AsOfJoin& join,
                FactPieces* facts, const OpenFacts& open, const Context& context,
                const FactProgress& progress, AsOfAnswers* out) {
  COEVAL_ASSIGN_OR_RETURN(FactSlots slots,
                          FactSlots::Read(facts, keys, times, join.rule, context, progress));
  UntouchedArray<SlotId> slot_of = slots.SlotsOf(keys, times, context.threads);
  keys.ids = {};
  const QuestionIndex questions =
      QuestionIndex::OfSlots(std::move(keys), times, slots.TakeSlots(), std::move(slot_of));
  PlacedJoin placed(questions, join, facts, context);
  COEVAL_RETURN_IF_ERROR(placed.Run(slots, open, out));
  return GatherValues(questions, join, facts, context, &placed, out);
}

// Is it the facts that are to be indexed? Then they must be read twice, which costs little where
// they are held, and be fewer. Without a question that could match they are not read at all.
bool IndexesFacts(FactPieces* facts, const QuestionKeys& keys, std::int64_t num_questions) {
  if (facts == nullptr || !facts->is_held() || !HavePlaces(*facts)) return false;
  if (keys.min_time > keys.max_time) return false;
  std::int64_t rows = 0;
  for (std::size_t piece = 0; piece < facts->size(); ++piece) rows += facts->rows(piece);
  return rows <= num_questions;
}

}  // namespace

FactRange RangeOf(TimeMicros min_time, TimeMicros max_time, const AsOfRule& rule) {
  FactRange range;
  range.event_max = max_time;
  if (rule.ttl > 0) {
    // Up to twice the ttl a fact still tells that it expired (rule 7.2).
    range.event_min = SaturatingSubtract(SaturatingSubtract(min_time, rule.ttl), rule.ttl);
  }
  return range;
}

FactRange RangeOf(const QuestionIndex& questions, const AsOfRule& rule) {
  return RangeOf(questions.min_time(), questions.max_time(), rule);
}

Result<AsOfAnswers> JoinAsOf(const QuestionIndex& questions, const AsOfJoin& join,
                             const OpenFacts& open, const Context& context,
                             const FactProgress& progress) {
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactStream> facts,
                          open(NeededOf(join), RangeOf(questions, join.rule)));
  return JoinAsOf(questions, join, std::move(facts), open, context, progress);
}

Result<AsOfAnswers> JoinAsOf(const QuestionIndex& questions, const AsOfJoin& join,
                             std::unique_ptr<FactStream> facts, const OpenFacts& open,
                             const Context& context, const FactProgress& progress) {
  AsOfAnswers out;
  FactPieces* pieces = facts->pieces();
  const Status status =
      pieces != nullptr && HavePlaces(*pieces)
          ? JoinPieces(questions, join, pieces, open, context, progress, &out)
          : JoinStream(questions, join, std::move(facts), open, context, progress, &out);
  if (!status.ok()) return status;
  return out;
}

Result<AsOfAnswers> JoinAsOf(KeyedQuestions* questions, const AsOfJoin& join, const OpenFacts& open,
                             const Context& context, const FactProgress& progress) {
  if (!questions->has_index()) {
    COEVAL_ASSIGN_OR_RETURN(QuestionKeys * keys, questions->Keys(context.threads));
    COEVAL_ASSIGN_OR_RETURN(
        std::unique_ptr<FactStream> facts,
        open(NeededOf(join), RangeOf(keys->min_time, keys->max_time, join.rule)));
    if (IndexesFacts(facts->pieces(), *keys, questions->num_questions())) {
      AsOfAnswers out;
      COEVAL_RETURN_IF_ERROR(JoinHeld(questions->TakeKeys(), questions->times(), join,
                                      facts->pieces(), open, context, progress, &out));
      return out;
    }
    COEVAL_ASSIGN_OR_RETURN(const QuestionIndex* index, questions->Index(context.threads));
    return JoinAsOf(*index, join, std::move(facts), open, context, progress);
  }
  COEVAL_ASSIGN_OR_RETURN(const QuestionIndex* index, questions->Index(context.threads));
  return JoinAsOf(*index, join, open, context, progress);
}

}  // namespace coeval
