#include "offline/as_of_join.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "definition/fact.h"
#include "offline/fact_loop.h"
#include "offline/placed_values.h"
#include "offline/placed_winners.h"
#include "offline/read_ahead.h"
#include "offline/slot_heads.h"
#include "offline/slot_winners.h"
#include "offline/tie_breaker.h"

namespace coeval {
namespace {

// Rules 3.1 (ttl), 3.7 and 7.2: what a question gets from the greatest of its candidates.
Match MatchOf(const SlotHeads::Winner& winner, TimeMicros t, const AsOfRule& rule) {
  if (winner.is_delete) return Match::kNotFound;
  // Timeless facts take no ttl (rule 1.3).
  if (rule.source.timeless || WithinTtl(winner.times.event_time, t, rule.ttl)) return Match::kFound;
  if (WithinTwiceTtl(winner.times.event_time, t, rule.ttl)) return Match::kOutsideMaxAge;
  return Match::kNotFound;
}

// Matches and times of all questions; `found` gets the slot that holds the values, or kNoSlot.
void Answer(const QuestionIndex& questions, const SlotHeads& heads, const AsOfRule& rule,
            AsOfAnswers* out, std::vector<SlotId>* found) {
  const std::vector<SlotId> greatest = heads.Greatest(questions);
  const auto n = static_cast<std::size_t>(questions.num_questions());
  out->answers.match.assign(n, Match::kNotFound);
  out->answers.event_time.assign(n, kMinTime);
  found->assign(n, kNoSlot);
  for (std::size_t i = 0; i < n; ++i) {
    const SlotId slot = questions.slot_of()[i];
    const SlotId best = slot == kNoSlot ? kNoSlot : greatest[slot];
    if (best == kNoSlot) continue;
    const SlotHeads::Winner winner = heads.Get(best);
    const Match match = MatchOf(winner, questions.slot_times()[slot], rule);
    out->answers.match[i] = match;
    if (winner.is_delete) ++out->counts.deleted;
    if (match == Match::kNotFound) continue;
    out->answers.event_time[i] = winner.times.event_time;
    if (match == Match::kFound) {
      (*found)[i] = best;
    } else {
      ++out->counts.expired;
    }
  }
}

void Count(const QuestionIndex& questions, const SlotHeads& heads, std::span<const SlotId> found,
           AsOfAnswers* out) {
  AsOfCounts& counts = out->counts;
  counts.values_written_after.assign(out->answers.features.size(), 0);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (found[i] == kNoSlot) continue;
    ++counts.found;
    const SlotHeads::Winner winner = heads.Get(found[i]);
    if (winner.tied) ++counts.ties;
    const TimeMicros t = questions.slot_times()[questions.slot_of()[i]];
    if (!winner.times.has_created || winner.times.created_time <= t) continue;
    ++counts.written_after;
    for (std::size_t f = 0; f < out->answers.features.size(); ++f) {
      if (!out->answers.features[f].IsNull(static_cast<std::int64_t>(i))) {
        ++counts.values_written_after[f];
      }
    }
  }
}

Status ResolveTies(std::span<const SlotId> found, const AsOfJoin& join, const OpenFacts& open,
                   const Context& context, SlotFinder* finder, SlotWinners* winners) {
  if (winners->OpenTies(found) == 0) return Status::Ok();
  COEVAL_ASSIGN_OR_RETURN(const std::unique_ptr<FactStream> facts,
                          open(join.schema, winners->OpenRange()));
  COEVAL_RETURN_IF_ERROR(ReadAll(facts.get(), context, nullptr, [&](const FactBatch& batch) {
                           winners->AddForTies(batch, FindSlots(batch, finder));
                         }).status());
  return winners->CheckTiesResolved();
}

// Spine and answer are all that a join holds, but they may be more than is wanted: said early.
void TellMemory(const QuestionIndex& questions, std::span<const ColumnSchema> needed,
                const Context& context) {
  const std::int64_t bytes = SlotWinners::EstimateBytes(needed, questions.num_slots()) +
                             SlotValues::EstimateBytes(needed, questions.num_slots());  // answers
  if (bytes <= context.memory_budget_bytes) return;
  context.log(LogLevel::kWarning, "the join of " + std::to_string(questions.num_questions()) +
                                      " rows and " + std::to_string(needed.size()) +
                                      " features takes about " + std::to_string(bytes >> 20) +
                                      " MiB, more than the memory budget of " +
                                      std::to_string(context.memory_budget_bytes >> 20) +
                                      " MiB; ask for fewer rows or features at a time");
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
                            ReadAll(facts.get(), context, progress, [&](const FactBatch& batch) {
                              winners.Add(batch, FindSlots(batch, &finder));
                            }));
  }
  out->counts.facts_of_questions = finder.facts_of_questions();
  out->counts.candidates = finder.candidates();
  std::vector<SlotId> found;
  Answer(questions, winners.heads(), join.rule, out, &found);
  COEVAL_RETURN_IF_ERROR(ResolveTies(found, join, open, context, &finder, &winners));
  COEVAL_ASSIGN_OR_RETURN(out->answers.features, winners.values().Gather(found));
  Count(questions, winners.heads(), found, out);
  return Status::Ok();
}

// Facts in pieces: keys and times first; then the values of the winners, wherever some lie.
Status JoinPieces(const QuestionIndex& questions, const AsOfJoin& join,
                  const std::vector<ColumnSchema>& needed, FactPieces* facts, const OpenFacts& open,
                  const Context& context, const FactProgress& progress, AsOfAnswers* out) {
  PlacedWinners winners(questions, join.rule,
                        static_cast<std::size_t>(std::max(1, context.threads)));
  if (questions.num_slots() > 0) {
    COEVAL_ASSIGN_OR_RETURN(
        out->counts.read,
        ReadAllPieces(facts, /*features=*/false, context, progress,
                      [&](std::size_t worker, std::size_t piece, const FactBatch& batch) {
                        winners.Add(worker, static_cast<std::uint32_t>(piece), batch);
                      }));
  }
  out->counts.facts_of_questions = winners.facts_of_questions();
  out->counts.candidates = winners.candidates();
  std::vector<SlotId> found;
  Answer(questions, winners.heads(), join.rule, out, &found);
  PlacedValues values(needed, facts->size());
  COEVAL_ASSIGN_OR_RETURN(
      const std::vector<SlotId> untied,
      BreakTies(found, questions, join, facts, open, context, &winners, &values));
  if (!needed.empty()) {
    COEVAL_RETURN_IF_ERROR(values.Read(untied, facts, &winners.heads(), context));
  }
  COEVAL_ASSIGN_OR_RETURN(out->answers.features, values.Gather(found, winners.heads(), context));
  Count(questions, winners.heads(), found, out);
  return Status::Ok();
}

// Can the places of these facts be told (FactPlace)? All but the strangest sources.
bool HavePlaces(const FactPieces& facts) {
  if (facts.size() >= FactPlace::kMostPieces) return false;
  for (std::size_t piece = 0; piece < facts.size(); ++piece) {
    if (facts.rows(piece) > std::numeric_limits<std::uint32_t>::max()) return false;
  }
  return true;
}

}  // namespace

FactRange RangeOf(const QuestionIndex& questions, const AsOfRule& rule) {
  FactRange range;
  range.event_max = questions.max_time();
  if (rule.ttl > 0) {
    // Up to twice the ttl a fact still tells that it expired (rule 7.2).
    range.event_min =
        SaturatingSubtract(SaturatingSubtract(questions.min_time(), rule.ttl), rule.ttl);
  }
  return range;
}

Result<AsOfAnswers> JoinAsOf(const QuestionIndex& questions, const AsOfJoin& join,
                             const OpenFacts& open, const Context& context,
                             const FactProgress& progress) {
  std::vector<ColumnSchema> needed;
  needed.reserve(join.needed.size());
  for (const std::size_t i : join.needed) needed.push_back(join.schema[i]);
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<FactStream> facts,
                          open(needed, RangeOf(questions, join.rule)));
  TellMemory(questions, needed, context);
  AsOfAnswers out;
  FactPieces* pieces = facts->pieces();
  const Status status =
      pieces != nullptr && HavePlaces(*pieces)
          ? JoinPieces(questions, join, needed, pieces, open, context, progress, &out)
          : JoinStream(questions, join, std::move(facts), open, context, progress, &out);
  if (!status.ok()) return status;
  return out;
}

}  // namespace coeval
