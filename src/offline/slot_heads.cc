#include "offline/slot_heads.h"

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "offline/work_items.h"

namespace coeval {
namespace {

// The lock of a head: a bit of its word. Held for a few comparisons.
class HeadLock {
 public:
  explicit HeadLock(std::uint64_t& word) : word_(word) {
    while ((word_.fetch_or(SlotHeads::kLocked, std::memory_order_acquire) & SlotHeads::kLocked) !=
           0) {
      while ((word_.load(std::memory_order_relaxed) & SlotHeads::kLocked) != 0) {
        __builtin_ia32_pause();
      }
    }
  }

  HeadLock(const HeadLock&) = delete;
  HeadLock& operator=(const HeadLock&) = delete;

  // Who waits writes nothing but the bit that is set already, so a plain store loses nothing.
  ~HeadLock() {
    word_.store(word_.load(std::memory_order_relaxed) & ~std::uint64_t{SlotHeads::kLocked},
                std::memory_order_release);
  }

 private:
  std::atomic_ref<std::uint64_t> word_;
};

}  // namespace

SlotHeads::SlotHeads(SlotId num_slots, int threads) : heads_(num_slots) {
  DoChunks(threads, num_slots, ChunksOf(num_slots, 0, threads),
           [this](std::size_t /*chunk*/, std::size_t begin, std::size_t end) {
             std::fill(heads_.data() + begin, heads_.data() + end, Head{});
           });
}

std::strong_ordering SlotHeads::Compare(const FactBatch& facts, std::int64_t row,
                                        SlotId slot) const {
  const TimeMicros event_time = facts.event_times()[static_cast<std::size_t>(row)];
  // What rule 3.3 compares first mostly decides.
  if (event_time != heads_[slot].event_time) return event_time <=> heads_[slot].event_time;
  return CompareTimes(facts.times(row), facts.sequence_of(row), Get(slot).times, sequence(slot));
}

SlotHeads::Outcome SlotHeads::Judge(const FactBatch& facts, std::int64_t row, SlotId slot) {
  if (!Has(slot, kFilled)) return Outcome::kWins;
  const std::strong_ordering order = Compare(facts, row, slot);
  if (order != 0) return order > 0 ? Outcome::kWins : Outcome::kLoses;
  const bool is_delete = facts.is_delete(row);
  if (!is_delete && !Has(slot, kDelete)) return Outcome::kSame;
  if (is_delete && Has(slot, kDelete)) return Outcome::kLoses;  // nothing tells them apart
  Mark(slot, kTied);
  return is_delete ? Outcome::kWins : Outcome::kLoses;
}

// A tie that Judge() marked stays marked with the winner: the loser was its equal.
void SlotHeads::Set(const FactBatch& facts, std::int64_t row, SlotId slot, FactPlace place,
                    std::uint8_t more_flags) {
  Head& head = heads_[slot];
  const FactTimes times = facts.times(row);
  const Sequence sequence = facts.sequence_of(row);
  std::uint64_t flags = std::uint64_t{kFilled} | more_flags | (WordOf(head) & kLocked);
  if (Has(slot, kFilled) && Has(slot, kTied) && Compare(facts, row, slot) == 0) flags |= kTied;
  if (times.has_created) flags |= kCreated;
  if (sequence.present) flags |= kSequence;
  if (facts.is_delete(row)) flags |= kDelete;
  if (facts.arrived()) flags |= kArrived;
  head.event_time = times.event_time;
  head.created_time = times.created_time;
  head.sequence = sequence.number;
  // The lock stays as it is: others may wait for it.
  SetWord(slot, WordOf(place) | flags);
}

SlotHeads::Outcome SlotHeads::Offer(const FactBatch& facts, std::int64_t row, SlotId slot,
                                    FactPlace place) {
  const HeadLock lock(heads_[slot].word);
  const Outcome outcome = Judge(facts, row, slot);
  if (outcome == Outcome::kWins) Set(facts, row, slot, place);
  return outcome;
}

bool SlotHeads::StandsAs(SlotId slot, const FactTimes& times, const Sequence& sequence) const {
  const HeadLock lock(heads_[slot].word);
  return !Has(slot, kDelete) &&
         CompareTimes(times, sequence, Get(slot).times, this->sequence(slot)) == 0;
}

std::strong_ordering SlotHeads::CompareHeads(SlotId a, SlotId b) const {
  return CompareTimes(Get(a).times, sequence(a), Get(b).times, sequence(b));
}

UntouchedArray<SlotId> SlotHeads::Greatest(const QuestionIndex& questions, int threads) const {
  constexpr std::size_t kSlotsEach = 1 << 16;
  UntouchedArray<SlotId> greatest(heads_.size());
  std::atomic<bool> all_own = true;
  const auto of_key = [&](KeyId key) {
    const SlotRange range = questions.slots(key);
    SlotId best = kNoSlot;
    bool own = true;
    for (SlotId slot = range.begin; slot < range.end; ++slot) {
      if (Has(slot, kFilled) && (best == kNoSlot || CompareHeads(slot, best) > 0)) best = slot;
      greatest[slot] = best;
      own = own && best == slot;
    }
    if (!own) all_own.store(false, std::memory_order_relaxed);
  };
  const std::vector<KeyId> cuts = questions.slots().CutKeys(kSlotsEach);
  DoItems(threads, cuts.size() - 1, [&](std::size_t /*worker*/, std::size_t item) {
    for (KeyId key = cuts[item]; key < cuts[item + 1]; ++key) of_key(key);
  });
  return all_own ? UntouchedArray<SlotId>() : std::move(greatest);
}

}  // namespace coeval
