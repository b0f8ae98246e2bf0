#include "offline/slot_winners.h"

#include <algorithm>
#include <utility>

#include "column/tie_encoding.h"

namespace coeval {
namespace {

std::vector<ColumnSchema> Pick(const std::vector<ColumnSchema>& schema,
                               const std::vector<std::size_t>& positions) {
  std::vector<ColumnSchema> picked;
  picked.reserve(positions.size());
  for (const std::size_t i : positions) picked.push_back(schema[i]);
  return picked;
}

}  // namespace

SlotWinners::SlotWinners(SlotId num_slots, const std::vector<ColumnSchema>& schema,
                         std::vector<std::size_t> needed)
    : needed_(std::move(needed)), heads_(num_slots), values_(Pick(schema, needed_), num_slots) {
  while (prefix_ < needed_.size() && needed_[prefix_] == prefix_) ++prefix_;
}

void SlotWinners::Add(const FactBatch& facts, std::span<const SlotId> slots) {
  constexpr std::size_t kAhead = 16;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (i + kAhead < slots.size() && slots[i + kAhead] != kNoSlot)
      heads_.Prefetch(slots[i + kAhead]);
    if (slots[i] != kNoSlot) Offer(facts, static_cast<std::int64_t>(i), slots[i]);
  }
  StorePending(facts.features);
}

void SlotWinners::Add(const FactBatch& facts, SlotFinder* finder) {
  finder->FindAll(facts, [&](std::int64_t first, std::span<const FoundSlot> found) {
    for (const FoundSlot& each : found) heads_.Prefetch(each.slot);
    for (const FoundSlot& each : found) Offer(facts, first + each.row, each.slot);
  });
  StorePending(facts.features);
}

void SlotWinners::Offer(const FactBatch& facts, std::int64_t row, SlotId slot) {
  switch (heads_.Judge(facts, row, slot)) {
    case SlotHeads::Outcome::kWins:
      return Replace(facts, row, slot, 0);
    case SlotHeads::Outcome::kLoses:
      return;
    case SlotHeads::Outcome::kSame:
      break;
  }
  switch (CompareTie(facts, row, slot)) {
    case Tie::kSame:
      break;
    case Tie::kLoses:
      heads_.Mark(slot, SlotHeads::kTied);
      break;
    case Tie::kOpen:
      heads_.Mark(slot, SlotHeads::kTied);
      heads_.Mark(slot, SlotHeads::kOpen);
      break;
    case Tie::kWins:
      Replace(facts, row, slot, SlotHeads::kTied);
      break;
  }
}

void SlotWinners::Replace(const FactBatch& facts, std::int64_t row, SlotId slot,
                          std::uint8_t tie_flags) {
  if (!heads_.Has(slot, SlotHeads::kPending)) pending_.push_back({slot, 0});
  heads_.Set(facts, row, slot, {0, static_cast<std::uint32_t>(row)},
             static_cast<std::uint8_t>(SlotHeads::kPending | tie_flags));
}

// Values are copied once a batch, however often a slot's winner changed within it.
void SlotWinners::StorePending(std::span<const Column> columns) {
  for (SlotRow& pending : pending_) {
    pending.row = heads_.place(pending.slot).row;
    heads_.Clear(pending.slot, SlotHeads::kPending);
  }
  values_.Store(columns, pending_);
  pending_.clear();
}

bool SlotWinners::SameAsHead(const FactBatch& facts, std::int64_t row, SlotId slot,
                             std::size_t feature) const {
  if (!heads_.Has(slot, SlotHeads::kPending)) {
    return values_.SameBits(feature, slot, facts.features[feature], row);
  }
  return SameCellBits(facts.features[feature], row, facts.features[feature],
                      heads_.place(slot).row);
}

// A fact against a slot's winner of the same times and sequence, none of them a delete. Tie
// encoding 1 is free of prefixes, so comparing column by column is comparing the whole.
SlotWinners::Tie SlotWinners::CompareTie(const FactBatch& facts, std::int64_t row, SlotId slot) {
  for (std::size_t i = 0; i < needed_.size(); ++i) {
    if (SameAsHead(facts, row, slot, i)) continue;
    if (i >= prefix_) return Tie::kOpen;
    tie_a_.clear();
    tie_b_.clear();
    AppendTieBytes(facts.features[i], row, &tie_a_);
    if (heads_.Has(slot, SlotHeads::kPending)) {
      AppendTieBytes(facts.features[i], heads_.place(slot).row, &tie_b_);
    } else {
      values_.AppendTieBytes(i, slot, &tie_b_);
    }
    return tie_a_ < tie_b_ ? Tie::kLoses : Tie::kWins;
  }
  return Tie::kSame;  // of needed features that are equal it matters not which fact they are of
}

std::size_t SlotWinners::OpenTies(std::span<const SlotId> winners) {
  open_.clear();
  for (const SlotId winner : winners) {
    if (winner != kNoSlot && heads_.Has(winner, SlotHeads::kOpen)) open_.try_emplace(winner);
  }
  return open_.size();
}

FactRange SlotWinners::OpenRange() const {
  FactRange range{.event_min = kMaxTime, .event_max = kMinTime, .created_min = {}};
  for (const auto& [slot, best] : open_) {
    range.event_min = std::min(range.event_min, heads_.Get(slot).times.event_time);
    range.event_max = std::max(range.event_max, heads_.Get(slot).times.event_time);
  }
  return range;
}

void SlotWinners::AddForTies(const FactBatch& facts, std::span<const SlotId> slots) {
  std::unordered_map<SlotId, std::uint32_t> winners;
  for (std::int64_t row = 0; row < facts.num_rows; ++row) {
    const SlotId slot = slots[static_cast<std::size_t>(row)];
    if (slot == kNoSlot || !heads_.Has(slot, SlotHeads::kOpen) || facts.is_delete(row)) continue;
    const auto open = open_.find(slot);
    if (open == open_.end() || heads_.Compare(facts, row, slot) != 0) continue;
    std::string tie = TieBytes(facts.features, row);
    if (tie <= open->second) continue;
    open->second = std::move(tie);
    winners[slot] = static_cast<std::uint32_t>(row);
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
          FormatTime(heads_.Get(slot).times.event_time) +
          " was there at first and then was not; run the training set again");
    }
  }
  return Status::Ok();
}

}  // namespace coeval
