#include "offline/slot_lookup.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

#include "offline/work_items.h"

namespace coeval {
namespace {

constexpr std::size_t kSlotsInAPiece = 4;          // at least, if times were even
constexpr std::size_t kFewSlots = 16;              // looked at one by one
constexpr std::size_t kBlock = 256;                // look-ups whose memory is fetched ahead
constexpr std::size_t kSlotsForAThread = 1 << 16;  // less are not worth one

std::uint64_t Above(TimeMicros t, TimeMicros first) {
  return static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(first);
}

}  // namespace

SlotLookup::SlotLookup(const TimeSlots& slots, int threads) : times_(slots.times()) {
  keys_.resize(slots.num_keys());
  std::uint64_t starts = 0;
  for (KeyId key = 0; key < slots.num_keys(); ++key) {
    KeyPieces& pieces = keys_[key];
    pieces.slots = slots.of(key);
    if (pieces.slots.begin == pieces.slots.end) continue;
    pieces.first = times_[pieces.slots.begin];
    const std::uint64_t length = Above(times_[pieces.slots.end - 1], pieces.first);
    const std::uint64_t most = (pieces.slots.end - pieces.slots.begin) / kSlotsInAPiece + 1;
    pieces.shift = std::max(
        0, static_cast<int>(std::bit_width(length)) - static_cast<int>(std::bit_width(most)) + 1);
    if (pieces.shift > 63) pieces.shift = 63;
    pieces.last_piece = length >> pieces.shift;
    pieces.begin = starts;
    starts += pieces.last_piece + 2;
  }
  starts_ = UntouchedArray<SlotId>(starts);
  const std::vector<KeyId> cuts = slots.CutKeys(kSlotsForAThread);
  DoItems(threads, cuts.size() - 1, [&](std::size_t /*worker*/, std::size_t item) {
    for (KeyId key = cuts[item]; key < cuts[item + 1]; ++key) FillStarts(keys_[key]);
  });
}

void SlotLookup::FillStarts(const KeyPieces& key) {
  if (key.slots.begin == key.slots.end) return;
  SlotId* starts = starts_.data() + key.begin;
  std::uint64_t next = 0;  // the first piece without a start
  for (SlotId slot = key.slots.begin; slot < key.slots.end; ++slot) {
    const std::uint64_t piece = Above(times_[slot], key.first) >> key.shift;
    while (next <= piece) starts[next++] = slot;
  }
  while (next < key.last_piece + 2) starts[next++] = key.slots.end;
}

void SlotLookup::Find(std::span<const KeyId> keys, std::span<const TimeMicros> times,
                      SlotId* found) const {
  for (std::size_t first = 0; first < keys.size(); first += kBlock) {
    const std::size_t count = std::min(kBlock, keys.size() - first);
    FindBlock(keys.subspan(first, count), times.subspan(first, count), found + first);
  }
}

// Each step fetches ahead what the next one reads.
void SlotLookup::FindBlock(std::span<const KeyId> keys, std::span<const TimeMicros> times,
                           SlotId* found) const {
  constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
  std::array<std::uint64_t, kBlock> starts;  // NOLINT(*-member-init): all that is read is written
  std::array<Piece, kBlock> pieces;
  if (keys_.size() > kBlock) {
    for (const KeyId key : keys) {
      if (key != kNoKey) __builtin_prefetch(&keys_[key]);
    }
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    starts[i] = kNowhere;
    if (keys[i] == kNoKey) continue;
    const KeyPieces& key = keys_[keys[i]];
    if (key.slots.begin == key.slots.end || times[i] < key.first) continue;
    const std::uint64_t piece = std::min(Above(times[i], key.first) >> key.shift, key.last_piece);
    starts[i] = key.begin + piece;
    __builtin_prefetch(&starts_[starts[i]]);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (starts[i] == kNowhere) continue;
    pieces[i] = {starts_[starts[i]], starts_[starts[i] + 1]};
    __builtin_prefetch(&times_[pieces[i].begin == 0 ? 0 : pieces[i].begin - 1]);
    __builtin_prefetch(&times_[pieces[i].end == 0 ? 0 : pieces[i].end - 1]);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (starts[i] == kNowhere) {
      found[i] = kNoSlot;
      continue;
    }
    const auto [begin, end] = pieces[i];
    SlotId after = begin;  // the first that is later
    if (end - begin <= kFewSlots) {
      for (SlotId slot = begin; slot < end; ++slot) after += times_[slot] <= times[i] ? 1U : 0U;
    } else {
      const auto last = times_.begin() + end;
      after = static_cast<SlotId>(std::upper_bound(times_.begin() + begin, last, times[i]) -
                                  times_.begin());
    }
    found[i] = after - 1;  // a key's first slot is not later: there is one
  }
}

}  // namespace coeval
