#include "offline/placed_join.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

#include "offline/fact_loop.h"
#include "offline/found_slots.h"
#include "offline/tie_breaker.h"
#include "offline/work_items.h"

namespace coeval {

std::vector<ColumnSchema> NeededOf(const AsOfJoin& join) {
  std::vector<ColumnSchema> needed;
  needed.reserve(join.needed.size());
  for (const std::size_t i : join.needed) needed.push_back(join.schema[i]);
  return needed;
}

bool HavePlaces(const FactPieces& facts) {
  if (facts.size() >= FactPlace::kMostPieces) return false;
  for (std::size_t piece = 0; piece < facts.size(); ++piece) {
    if (facts.rows(piece) > std::numeric_limits<std::uint32_t>::max()) return false;
  }
  return true;
}

PlacedJoin::PlacedJoin(const QuestionIndex& questions, const AsOfJoin& join, FactPieces* facts,
                       const Context& context)
    : questions_(questions),
      join_(join),
      facts_(facts),
      context_(context),
      winners_(questions, join.rule, static_cast<std::size_t>(std::max(1, context.threads))),
      values_(NeededOf(join), facts->size()) {}

Status PlacedJoin::Run(const OpenFacts& open, const FactProgress& progress, AsOfAnswers* out) {
  // Without a question that could match, the source was opened (is it there? are its columns?) but
  // is not read.
  if (questions_.num_slots() > 0) {
    COEVAL_ASSIGN_OR_RETURN(
        out->counts.read,
        ReadAllPieces(facts_, /*features=*/false, context_, progress,
                      [this](std::size_t worker, std::size_t piece, const FactBatch& batch) {
                        winners_.Add(worker, static_cast<std::uint32_t>(piece), batch);
                      }));
  }
  out->counts.facts_of_questions = winners_.facts_of_questions();
  out->counts.candidates = winners_.candidates();
  return Answer(open, out);
}

Status PlacedJoin::Run(const FactSlots& slots, const OpenFacts& open, AsOfAnswers* out) {
  const std::vector<FactSlots::Part>& parts = slots.parts();
  COEVAL_RETURN_IF_ERROR(RunItems(context_.threads, parts.size(), *context_.cancel,
                                  [&](std::size_t worker, std::size_t item) {
                                    const FactSlots::Part& part = parts[item];
                                    winners_.Add(worker, static_cast<std::uint32_t>(part.piece),
                                                 part.facts, slots.slots_of(part));
                                    return Status::Ok();
                                  }));
  out->counts.read = slots.read();
  out->counts.facts_of_questions = slots.facts_of_questions();
  out->counts.candidates = slots.candidates();
  return Answer(open, out);
}

Status PlacedJoin::Answer(const OpenFacts& open, AsOfAnswers* out) {
  FoundSlots found = AnswerOf(questions_, winners_.heads(), join_, context_.threads, out);
  found_ = std::move(found.of_questions);
  const std::size_t used = found.used.size();
  COEVAL_ASSIGN_OR_RETURN(unread_, BreakTies(std::move(found.used), questions_, join_, facts_, open,
                                             context_, &winners_, &values_));
  if (unread_.size() < used) {
    CountTies(winners_.heads(), found_.values(), &out->counts);
  }
  return Status::Ok();
}

}  // namespace coeval
