#include "offline/shown_facts.h"

#include <algorithm>
#include <map>
#include <utility>

namespace coeval {
namespace {

// Of the fates beyond t, or beyond the window's newer end, the oldest are the nearest.
bool OldestAreNearest(Fate fate) {
  return fate == Fate::kFuture || fate == Fate::kAfter;
}

// Positions in `order` (rank ascending) of the facts to show, ascending.
std::vector<std::size_t> Choose(std::span<const std::size_t> order,
                                std::span<const Verdict> verdicts, std::int64_t nearest) {
  std::map<Fate, std::vector<std::size_t>> of_fate;
  for (std::size_t i = 0; i < order.size(); ++i) of_fate[verdicts[order[i]].fate].push_back(i);
  std::vector<std::size_t> chosen;
  for (const auto& [fate, positions] : of_fate) {
    const auto n = static_cast<std::size_t>(
        std::min<std::int64_t>(std::max<std::int64_t>(nearest, 1), std::ssize(positions)));
    const auto first_newest = positions.end() - static_cast<std::ptrdiff_t>(n);
    const auto last_oldest = positions.begin() + static_cast<std::ptrdiff_t>(n);
    if (!OldestAreNearest(fate)) chosen.insert(chosen.end(), first_newest, positions.end());
    if (OldestAreNearest(fate) || fate == Fate::kCounted) {
      chosen.insert(chosen.end(), positions.begin(), last_oldest);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

}  // namespace

ExplainedFacts ShowFacts(const KeyFacts& facts, std::span<const Verdict> verdicts,
                         const FactQuestion& question, const std::vector<std::size_t>& columns,
                         std::int64_t nearest) {
  ExplainedFacts out;
  out.source = question.read_from;
  out.timeless = question.source->timeless;
  for (const std::size_t column : columns) out.columns.push_back(facts.schema()[column]);
  out.of_key = static_cast<std::int64_t>(facts.size());
  out.read = facts.read();
  for (const Verdict& verdict : verdicts) ++out.fates[verdict.fate];
  const std::vector<std::size_t> order = OrderByRank(facts);
  std::size_t next = 0;  // position after the one shown last
  for (const std::size_t position : Choose(order, verdicts, nearest)) {
    const std::size_t fact = order[position];
    ExplainedFact& shown = out.shown.emplace_back();
    shown.verdict = verdicts[fact];
    shown.times = facts.times(fact);
    shown.known = KnownTime(shown.times, *question.source, question.known);
    if (const Sequence sequence = facts.sequence(fact); sequence.present) {
      shown.sequence = sequence.number;
    }
    shown.is_delete = facts.is_delete(fact);
    for (const std::size_t column : columns) {
      shown.values.push_back(facts.columns()[column].GetValue(static_cast<std::int64_t>(fact)));
    }
    shown.file = facts.file(fact);
    shown.row = facts.place(fact).row;
    shown.row_group = facts.place(fact).row_group;
    shown.left_out = static_cast<std::int64_t>(position - next);
    next = position + 1;
  }
  out.left_out = static_cast<std::int64_t>(order.size() - next);
  return out;
}

}  // namespace coeval
