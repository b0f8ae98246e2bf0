// An ordered multiset with counts and order statistics: what min, max, quantiles, distinct counts
// and top lists keep where events may be taken back.
//
//   {2.5: 1, 3.0: 4, 9.0: 1}   size 6, distinct 3, At(4) = 3.0, CountBelow(9.0) = 5
//
// Sorted blocks of at most 128 keys. A key is found by binary search over blocks and then within
// one; a rank by adding up the blocks' totals, 64 blocks at a time. Cost: O(log n) comparisons and
// a move of at most 128 keys for Add and Remove; for ranks also n / 8,192 additions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/status.h"

namespace coeval {

// K is any type with a strict weak order by std::less<>; Add and the others take anything that
// compares with it.
template <class K>
class OrderedMultiset {
 public:
  [[nodiscard]] std::int64_t size() const { return size_; }

  [[nodiscard]] std::int64_t distinct() const { return distinct_; }

  [[nodiscard]] bool empty() const { return size_ == 0; }

  // How often the key was there before.
  template <class Key>
  std::int64_t Add(const Key& key, std::int64_t count = 1) {
    size_ += count;
    if (blocks_.empty()) {
      blocks_.emplace_back();
      totals_.push_back(0);
    }
    const std::size_t b = std::min(BlockOf(key), blocks_.size() - 1);
    Block& block = blocks_[b];
    totals_[b] += count;
    if (b / kGroup < groups_.size()) groups_[b / kGroup] += count;
    const auto at = static_cast<std::size_t>(
        std::lower_bound(block.keys.begin(), block.keys.end(), key, std::less<>()) -
        block.keys.begin());
    if (at < block.keys.size() && !std::less<>()(key, block.keys[at])) {
      const std::int64_t before = block.counts[at];
      block.counts[at] += count;
      return before;
    }
    block.keys.insert(block.keys.begin() + static_cast<std::ptrdiff_t>(at), K(key));
    block.counts.insert(block.counts.begin() + static_cast<std::ptrdiff_t>(at), count);
    ++distinct_;
    if (block.keys.size() > kBlock) Split(b);
    return 0;
  }

  // How often the key is there afterwards. REQUIRES: it is there at least `count` times.
  template <class Key>
  std::int64_t Remove(const Key& key, std::int64_t count = 1) {
    const std::size_t b = BlockOf(key);
    COEVAL_CHECK(b < blocks_.size());
    Block& block = blocks_[b];
    const auto at = static_cast<std::size_t>(
        std::lower_bound(block.keys.begin(), block.keys.end(), key, std::less<>()) -
        block.keys.begin());
    COEVAL_CHECK(at < block.keys.size() && !std::less<>()(key, block.keys[at]) &&
                 block.counts[at] >= count);
    size_ -= count;
    totals_[b] -= count;
    if (b / kGroup < groups_.size()) groups_[b / kGroup] -= count;
    block.counts[at] -= count;
    if (block.counts[at] > 0) return block.counts[at];
    block.keys.erase(block.keys.begin() + static_cast<std::ptrdiff_t>(at));
    block.counts.erase(block.counts.begin() + static_cast<std::ptrdiff_t>(at));
    --distinct_;
    if (block.keys.empty()) {
      blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(b));
      totals_.erase(totals_.begin() + static_cast<std::ptrdiff_t>(b));
      groups_.clear();
    }
    return 0;
  }

  template <class Key>
  [[nodiscard]] std::int64_t CountOf(const Key& key) const {
    const std::size_t b = BlockOf(key);
    if (b == blocks_.size()) return 0;
    const Block& block = blocks_[b];
    const auto found = std::lower_bound(block.keys.begin(), block.keys.end(), key, std::less<>());
    if (found == block.keys.end() || std::less<>()(key, *found)) return 0;
    return block.counts[static_cast<std::size_t>(found - block.keys.begin())];
  }

  // REQUIRES: not empty.
  [[nodiscard]] const K& First() const { return blocks_.front().keys.front(); }

  [[nodiscard]] const K& Last() const { return blocks_.back().keys.back(); }

  // The key at position `rank` of all, counted with repetition from 0. REQUIRES: rank < size().
  [[nodiscard]] const K& At(std::int64_t rank) const {
    Groups();
    std::size_t group = 0;
    while (rank >= groups_[group]) rank -= groups_[group++];
    std::size_t b = group * kGroup;
    while (rank >= totals_[b]) rank -= totals_[b++];
    const Block& block = blocks_[b];
    std::size_t at = 0;
    while (rank >= block.counts[at]) rank -= block.counts[at++];
    return block.keys[at];
  }

  // How many are less than the key.
  template <class Key>
  [[nodiscard]] std::int64_t CountBelow(const Key& key) const {
    Groups();
    const std::size_t b = BlockOf(key);
    std::int64_t below = 0;
    for (std::size_t g = 0; g < b / kGroup; ++g) below += groups_[g];
    for (std::size_t i = b - b % kGroup; i < b; ++i) below += totals_[i];
    if (b == blocks_.size()) return below;
    const Block& block = blocks_[b];
    for (std::size_t i = 0; i < block.keys.size() && std::less<>()(block.keys[i], key); ++i) {
      below += block.counts[i];
    }
    return below;
  }

  // f(key, count) in ascending order, until it returns false.
  template <class F>
  void ForEach(F&& f) const {
    for (const Block& block : blocks_) {
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        if (!f(block.keys[i], block.counts[i])) return;
      }
    }
  }

  // The same from the greatest.
  template <class F>
  void ForEachDown(F&& f) const {
    for (std::size_t b = blocks_.size(); b-- > 0;) {
      for (std::size_t i = blocks_[b].keys.size(); i-- > 0;) {
        if (!f(blocks_[b].keys[i], blocks_[b].counts[i])) return;
      }
    }
  }

  void Merge(const OrderedMultiset& other) {
    other.ForEach([this](const K& key, std::int64_t count) {
      Add(key, count);
      return true;
    });
  }

  void Clear() { *this = OrderedMultiset(); }

  // Without what the keys themselves hold elsewhere.
  [[nodiscard]] std::size_t HeldBytes() const {
    return blocks_.size() * (sizeof(Block) + kBlock * (sizeof(K) + sizeof(std::int64_t)) * 3 / 4);
  }

 private:
  static constexpr std::size_t kBlock = 128;
  static constexpr std::size_t kGroup = 64;  // blocks

  struct Block {
    std::vector<K> keys;
    std::vector<std::int64_t> counts;
  };

  // The first block whose last key is not below `key`; blocks_.size() where there is none.
  template <class Key>
  [[nodiscard]] std::size_t BlockOf(const Key& key) const {
    return static_cast<std::size_t>(
        std::partition_point(blocks_.begin(), blocks_.end(),
                             [&](const Block& block) {
                               return !block.keys.empty() && std::less<>()(block.keys.back(), key);
                             }) -
        blocks_.begin());
  }

  void Split(std::size_t b) {
    const auto half = static_cast<std::ptrdiff_t>(kBlock / 2);
    Block upper;
    Block& lower = blocks_[b];
    upper.keys.assign(std::make_move_iterator(lower.keys.begin() + half),
                      std::make_move_iterator(lower.keys.end()));
    upper.counts.assign(lower.counts.begin() + half, lower.counts.end());
    lower.keys.resize(static_cast<std::size_t>(half));
    lower.counts.resize(static_cast<std::size_t>(half));
    std::int64_t moved = 0;
    for (const std::int64_t count : upper.counts) moved += count;
    totals_[b] -= moved;
    totals_.insert(totals_.begin() + static_cast<std::ptrdiff_t>(b) + 1, moved);
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(b) + 1, std::move(upper));
    groups_.clear();
  }

  void Groups() const {
    if (!groups_.empty() || totals_.empty()) return;
    for (std::size_t b = 0; b < totals_.size(); ++b) {
      if (b % kGroup == 0) groups_.push_back(0);
      groups_.back() += totals_[b];
    }
  }

  std::vector<Block> blocks_;
  std::vector<std::int64_t> totals_;          // of each block's counts
  mutable std::vector<std::int64_t> groups_;  // of each 64 totals; empty: to be added up again
  std::int64_t size_ = 0;
  std::int64_t distinct_ = 0;
};

}  // namespace coeval
