#include "offline/placed_winners.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_set>

namespace coeval {

PlacedWinners::PlacedWinners(const QuestionIndex& questions, const AsOfRule& rule,
                             std::size_t workers)
    : heads_(questions.num_slots()) {
  workers_.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    workers_.push_back({.finder = SlotFinder(questions, rule), .candidates = {}});
  }
}

void PlacedWinners::Add(std::size_t worker, std::uint32_t piece, const FactBatch& facts) {
  Worker& own = workers_[worker];
  std::array<SlotId, SlotFinder::kBlock> slots{};
  for (std::int64_t first = 0; first < facts.num_rows; first += SlotFinder::kBlock) {
    const std::int64_t count = std::min(SlotFinder::kBlock, facts.num_rows - first);
    own.finder.Find(facts, first, count, slots.data());
    for (std::int64_t i = 0; i < count; ++i) {
      if (slots[static_cast<std::size_t>(i)] != kNoSlot) {
        heads_.Prefetch(slots[static_cast<std::size_t>(i)]);
      }
    }
    for (std::int64_t row = first; row < first + count; ++row) {
      const SlotId slot = slots[static_cast<std::size_t>(row - first)];
      if (slot == kNoSlot) continue;
      const FactPlace place{piece, static_cast<std::uint32_t>(facts.row_number(row))};
      if (heads_.Offer(facts, row, slot, place) != SlotHeads::Outcome::kSame) continue;
      own.candidates.push_back({{slot, place}, facts.times(row), facts.sequence_of(row)});
      if (own.candidates.size() >= own.most) ThrowOutBeaten(&own);
    }
  }
}

void PlacedWinners::ThrowOutBeaten(Worker* worker) {
  std::erase_if(worker->candidates, [this](const Candidate& c) {
    return !heads_.StandsAs(c.fact.slot, c.times, c.sequence);
  });
  worker->most = std::max(worker->most, 2 * worker->candidates.size());
}

std::vector<TiedFact> PlacedWinners::Ties(std::span<const SlotId> slots) const {
  std::unordered_set<SlotId> tied;
  for (const Worker& worker : workers_) {
    for (const Candidate& c : worker.candidates) {
      if (heads_.StandsAs(c.fact.slot, c.times, c.sequence)) tied.insert(c.fact.slot);
    }
  }
  if (tied.empty()) return {};
  std::vector<TiedFact> ties;
  std::unordered_set<SlotId> wanted;
  for (const SlotId slot : slots) {
    if (tied.contains(slot) && wanted.insert(slot).second)
      ties.push_back({slot, heads_.place(slot)});
  }
  for (const Worker& worker : workers_) {
    for (const Candidate& c : worker.candidates) {
      if (wanted.contains(c.fact.slot) && heads_.StandsAs(c.fact.slot, c.times, c.sequence)) {
        ties.push_back(c.fact);
      }
    }
  }
  std::sort(ties.begin(), ties.end(), [](const TiedFact& a, const TiedFact& b) {
    return std::tie(a.slot, a.place) < std::tie(b.slot, b.place);
  });
  return ties;
}

std::int64_t PlacedWinners::facts_of_questions() const {
  std::int64_t sum = 0;
  for (const Worker& worker : workers_) sum += worker.finder.facts_of_questions();
  return sum;
}

std::int64_t PlacedWinners::candidates() const {
  std::int64_t sum = 0;
  for (const Worker& worker : workers_) sum += worker.finder.candidates();
  return sum;
}

}  // namespace coeval
