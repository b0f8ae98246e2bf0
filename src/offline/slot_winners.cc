#include "offline/slot_winners.h"

#include <algorithm>
#include <array>
#include <compare>
#include <utility>

#include "column/tie_encoding.h"

namespace coeval {
namespace {

constexpr std::int64_t kBlock = 512;  // facts whose slots are fetched ahead of their use
constexpr SlotId kFewSlots = 16;      // searched one by one

std::vector<ColumnSchema> Pick(const std::vector<ColumnSchema>& schema,
                               const std::vector<std::size_t>& positions) {
  std::vector<ColumnSchema> picked;
  picked.reserve(positions.size());
  for (const std::size_t i : positions) picked.push_back(schema[i]);
  return picked;
}

// The first of `times` in [begin, end) that is >= v, found by doubling steps away from `hint`.
// Cost: O(log distance). REQUIRES: the last is >= v; hint in [begin, end).
SlotId Gallop(std::span<const TimeMicros> times, SlotId begin, SlotId end, SlotId hint,
              TimeMicros v) {
  SlotId low = begin;
  SlotId high = end - 1;  // the answer lies in [low, high]
  SlotId step = 1;
  if (times[hint] >= v) {
    high = hint;
    while (high - begin >= step && times[high - step] >= v) {
      high -= step;
      step *= 2;
    }
    low = high - begin >= step ? high - step + 1 : begin;
  } else {
    low = hint + 1;
    while (end - 1 - low >= step && times[low + step - 1] < v) {
      low += step;
      step *= 2;
    }
    high = end - 1 - low < step ? end - 1 : low + step - 1;
  }
  const auto first = times.begin() + low;
  return low + static_cast<SlotId>(std::lower_bound(first, times.begin() + high, v) - first);
}

// Where v would lie if the times of the range were even. REQUIRES: the range is not empty.
SlotId Guess(std::span<const TimeMicros> times, SlotRange range, TimeMicros v) {
  const auto first = static_cast<double>(times[range.begin]);
  const double length = static_cast<double>(times[range.end - 1]) - first;
  const double share = length > 0 ? (static_cast<double>(v) - first) / length : 0;
  const auto last = static_cast<double>(range.end - 1 - range.begin);
  return range.begin + static_cast<SlotId>(std::clamp(share, 0.0, 1.0) * last);
}

}  // namespace

SlotWinners::SlotWinners(const QuestionIndex& questions, AsOfRule rule,
                         std::vector<ColumnSchema> schema, std::vector<std::size_t> needed)
    : questions_(questions),
      rule_(std::move(rule)),
      needed_(std::move(needed)),
      heads_(questions.num_slots()),
      values_(Pick(schema, needed_), questions.num_slots()) {
  while (prefix_ < needed_.size() && needed_[prefix_] == prefix_) ++prefix_;
  const KeyId keys = questions.keys().size();
  if (questions.num_slots() / kFewSlots < keys) return;  // few slots a key, mostly
  cursors_.resize(keys);
  for (KeyId key = 0; key < keys; ++key) cursors_[key] = questions.slots(key).begin;
}

FactTimes SlotWinners::TimesOf(const Head& head) {
  return {head.event_time, head.created_time, (head.flags & kCreated) != 0};
}

Sequence SlotWinners::SequenceOf(const Head& head) {
  return {(head.flags & kSequence) != 0, {}, head.sequence};
}

TimeMicros SlotWinners::CandidateFrom(const FactTimes& times) const {
  const TimeMicros v = VisibleTime(times, rule_.source, rule_.known);
  if (!rule_.strictly_before || rule_.source.timeless) return v;
  return std::max(v, SaturatingAdd(times.event_time, 1));
}

// Strictly before: nothing comes after the last instant, where the sum above saturates.
bool SlotWinners::IsNever(const FactTimes& times) const {
  return rule_.strictly_before && !rule_.source.timeless && times.event_time == kMaxTime;
}

// The first slot in the range with time >= v. REQUIRES: there is one.
SlotId SlotWinners::FindSlot(KeyId key, SlotRange range, TimeMicros v) {
  const std::span<const TimeMicros> times = questions_.slot_times();
  if (range.end - range.begin <= kFewSlots) {
    SlotId slot = range.begin;
    while (times[slot] < v) ++slot;
    return slot;
  }
  if (cursors_.empty()) return Gallop(times, range.begin, range.end, Guess(times, range, v), v);
  // Facts in order of time fall near the one before; others are guessed as if times were even.
  SlotId& cursor = cursors_[key];
  const SlotId near = std::min<SlotId>(range.end - 1, cursor + kFewSlots);
  const bool is_near = times[near] >= v && (cursor == range.begin || times[cursor - 1] < v);
  cursor = Gallop(times, range.begin, range.end, is_near ? cursor : Guess(times, range, v), v);
  return cursor;
}

// The slot of each of `count` facts; kNoSlot where it is no candidate for any question. Each step
// fetches ahead what the next one reads.
void SlotWinners::FindSlots(const FactBatch& facts, std::int64_t first, std::int64_t count,
                            SlotId* slots, bool counted) {
  std::array<KeyId, kBlock> keys{};
  std::array<SlotRange, kBlock> ranges{};
  const TimeMicros* times = questions_.slot_times().data();
  questions_.keys().Find(facts.keys, first, count, keys.data());
  std::size_t found = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    slots[i] = kNoSlot;
    if (keys[i] == kNoKey) continue;
    questions_.Prefetch(keys[i]);
    ++found;
  }
  if (counted) facts_of_questions_ += static_cast<std::int64_t>(found);
  if (found == 0) return;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    if (keys[i] == kNoKey) continue;
    ranges[i] = questions_.slots(keys[i]);
    if (ranges[i].begin != ranges[i].end) __builtin_prefetch(times + ranges[i].end - 1);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const SlotRange range = ranges[i];
    if (keys[i] == kNoKey || range.begin == range.end) continue;
    const FactTimes of_fact = facts.times(first + static_cast<std::int64_t>(i));
    const TimeMicros v = CandidateFrom(of_fact);
    if (times[range.end - 1] < v || IsNever(of_fact)) continue;
    slots[i] = FindSlot(keys[i], range, v);
    if (counted) ++candidates_;
    __builtin_prefetch(&heads_[slots[i]], 1);
  }
}

void SlotWinners::Add(const FactBatch& facts) {
  std::array<SlotId, kBlock> slots{};
  for (std::int64_t first = 0; first < facts.num_rows; first += kBlock) {
    const std::int64_t count = std::min(kBlock, facts.num_rows - first);
    FindSlots(facts, first, count, slots.data(), true);
    for (std::int64_t i = 0; i < count; ++i) {
      const SlotId slot = slots[static_cast<std::size_t>(i)];
      if (slot != kNoSlot) Offer(facts, first + i, slot);
    }
  }
  StorePending(facts.features);
}

void SlotWinners::Offer(const FactBatch& facts, std::int64_t row, SlotId slot) {
  Head& head = heads_[slot];
  if ((head.flags & kFilled) == 0) return Replace(facts, row, slot, 0);
  const std::strong_ordering order =
      CompareTimes(facts.times(row), facts.sequence_of(row), TimesOf(head), SequenceOf(head));
  if (order > 0) return Replace(facts, row, slot, 0);
  if (order < 0) return;
  switch (CompareTie(facts, row, slot)) {
    case Tie::kSame:
      break;
    case Tie::kLoses:
      head.flags |= kTied;
      break;
    case Tie::kOpen:
      head.flags |= kTied | kOpen;
      break;
    case Tie::kWins:
      Replace(facts, row, slot, kTied);
      break;
  }
}

void SlotWinners::Replace(const FactBatch& facts, std::int64_t row, SlotId slot,
                          std::uint8_t tie_flags) {
  Head& head = heads_[slot];
  if ((head.flags & kPending) == 0) pending_.push_back({slot, 0});
  const FactTimes times = facts.times(row);
  const Sequence sequence = facts.sequence_of(row);
  head.event_time = times.event_time;
  head.created_time = times.created_time;
  head.sequence = sequence.number;
  head.row = static_cast<std::uint32_t>(row);
  unsigned flags = unsigned{kFilled} | kPending | tie_flags;
  if (times.has_created) flags |= kCreated;
  if (sequence.present) flags |= kSequence;
  if (facts.is_delete(row)) flags |= kDelete;
  head.flags = static_cast<std::uint8_t>(flags);
}

// Values are copied once a batch, however often a slot's winner changed within it.
void SlotWinners::StorePending(std::span<const Column> columns) {
  for (SlotRow& pending : pending_) {
    Head& head = heads_[pending.slot];
    pending.row = head.row;
    head.flags = static_cast<std::uint8_t>(head.flags & ~unsigned{kPending});
  }
  values_.Store(columns, pending_);
  pending_.clear();
}

bool SlotWinners::SameAsHead(const FactBatch& facts, std::int64_t row, SlotId slot,
                             std::size_t feature) const {
  const Head& head = heads_[slot];
  if ((head.flags & kPending) == 0) {
    return values_.SameBits(feature, slot, facts.features[feature], row);
  }
  return SameCellBits(facts.features[feature], row, facts.features[feature], head.row);
}

// A fact against a slot's winner of the same times and sequence. Tie encoding 1 is free of
// prefixes, so comparing column by column is comparing the whole.
SlotWinners::Tie SlotWinners::CompareTie(const FactBatch& facts, std::int64_t row, SlotId slot) {
  const Head& head = heads_[slot];
  const bool head_is_delete = (head.flags & kDelete) != 0;
  if (head_is_delete) return facts.is_delete(row) ? Tie::kSame : Tie::kLoses;  // rule 3.7
  if (facts.is_delete(row)) return Tie::kWins;
  for (std::size_t i = 0; i < needed_.size(); ++i) {
    if (SameAsHead(facts, row, slot, i)) continue;
    if (i >= prefix_) return Tie::kOpen;
    tie_a_.clear();
    tie_b_.clear();
    AppendTieBytes(facts.features[i], row, &tie_a_);
    if ((head.flags & kPending) != 0) {
      AppendTieBytes(facts.features[i], head.row, &tie_b_);
    } else {
      values_.AppendTieBytes(i, slot, &tie_b_);
    }
    return tie_a_ < tie_b_ ? Tie::kLoses : Tie::kWins;
  }
  return Tie::kSame;  // of needed features that are equal it matters not which fact they are of
}

void SlotWinners::Settle() {
  const KeyId keys = questions_.keys().size();
  for (KeyId key = 0; key < keys; ++key) {
    const SlotRange range = questions_.slots(key);
    SlotId best = kNoSlot;
    for (SlotId slot = range.begin; slot < range.end; ++slot) {
      const Head& head = heads_[slot];
      // Facts of equal times and sequence are visible from one time on, so they share a slot, and
      // two slots never tie.
      if ((head.flags & kFilled) != 0 &&
          (best == kNoSlot || CompareTimes(TimesOf(head), SequenceOf(head), TimesOf(heads_[best]),
                                           SequenceOf(heads_[best])) > 0)) {
        best = slot;
      }
      heads_[slot].row = best;
    }
  }
}

std::size_t SlotWinners::OpenTies(std::span<const SlotId> winners) {
  open_.clear();
  for (const SlotId winner : winners) {
    if (winner != kNoSlot && (heads_[winner].flags & kOpen) != 0) open_.try_emplace(winner);
  }
  return open_.size();
}

FactRange SlotWinners::OpenRange() const {
  FactRange range{.event_min = kMaxTime, .event_max = kMinTime, .created_min = {}};
  for (const auto& [slot, best] : open_) {
    range.event_min = std::min(range.event_min, heads_[slot].event_time);
    range.event_max = std::max(range.event_max, heads_[slot].event_time);
  }
  return range;
}

void SlotWinners::AddForTies(const FactBatch& facts) {
  std::unordered_map<SlotId, std::uint32_t> winners;
  std::array<SlotId, kBlock> slots{};
  for (std::int64_t first = 0; first < facts.num_rows; first += kBlock) {
    const std::int64_t count = std::min(kBlock, facts.num_rows - first);
    FindSlots(facts, first, count, slots.data(), false);
    for (std::int64_t row = first; row < first + count; ++row) {
      const SlotId slot = slots[static_cast<std::size_t>(row - first)];
      if (slot == kNoSlot || (heads_[slot].flags & kOpen) == 0 || facts.is_delete(row)) continue;
      const auto open = open_.find(slot);
      if (open == open_.end()) continue;
      const Head& head = heads_[slot];
      if (CompareTimes(facts.times(row), facts.sequence_of(row), TimesOf(head), SequenceOf(head)) !=
          0) {
        continue;
      }
      std::string tie = TieBytes(facts.features, row);
      if (tie <= open->second) continue;
      open->second = std::move(tie);
      winners[slot] = static_cast<std::uint32_t>(row);
    }
  }
  std::vector<SlotRow> rows;
  rows.reserve(winners.size());
  for (const auto& [slot, row] : winners) rows.push_back({slot, row});
  std::vector<Column> columns;
  columns.reserve(needed_.size());
  for (const std::size_t i : needed_) columns.push_back(facts.features[i]);
  values_.Store(columns, rows);
}

Status SlotWinners::CheckTiesResolved() const {
  for (const auto& [slot, best] : open_) {
    if (best.empty()) {
      return Status::Unavailable(
          "a source changed while it was read: a fact of event time " +
          FormatTime(heads_[slot].event_time) +
          " was there at first and then was not; run the training set again");
    }
  }
  return Status::Ok();
}

SlotWinners::Winner SlotWinners::Get(SlotId winner) const {
  const Head& head = heads_[winner];
  return {TimesOf(head), (head.flags & kDelete) != 0, (head.flags & kTied) != 0};
}

}  // namespace coeval
