#include "offline/placed_winners.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

namespace coeval {

PlacedWinners::PlacedWinners(const QuestionIndex& questions, const AsOfRule& rule,
                             std::size_t workers)
    : heads_(questions.num_slots(), static_cast<int>(workers)) {
  workers_.reserve(workers);
  for (std::size_t i = 0; i < workers; ++i) {
    workers_.push_back({.finder = SlotFinder(questions, rule), .candidates = {}});
  }
}

void PlacedWinners::Add(std::size_t worker, std::uint32_t piece, const FactBatch& facts) {
  Worker& own = workers_[worker];
  own.finder.FindAll(facts, [&](std::int64_t first, std::span<const FoundSlot> found) {
    for (const FoundSlot& each : found) heads_.Prefetch(each.slot);
    for (const auto& [slot, i] : found) Offer(&own, piece, facts, first + i, slot);
  });
}

void PlacedWinners::Add(std::size_t worker, std::uint32_t piece, const FactBatch& facts,
                        std::span<const SlotId> slots) {
  constexpr std::size_t kAhead = 32;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i + kAhead < slots.size() && slots[i + kAhead] != kNoSlot) {
      heads_.Prefetch(slots[i + kAhead]);
    }
    if (slots[i] == kNoSlot) continue;
    Offer(&workers_[worker], piece, facts, static_cast<std::int64_t>(i), slots[i]);
  }
}

void PlacedWinners::Offer(Worker* worker, std::uint32_t piece, const FactBatch& facts,
                          std::int64_t row, SlotId slot) {
  const FactPlace place{piece, static_cast<std::uint32_t>(facts.row_number(row))};
  if (heads_.Offer(facts, row, slot, place) != SlotHeads::Outcome::kSame) return;
  worker->candidates.push_back({{slot, place}, facts.times(row), facts.sequence_of(row)});
  if (worker->candidates.size() >= worker->most) ThrowOutBeaten(worker);
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
