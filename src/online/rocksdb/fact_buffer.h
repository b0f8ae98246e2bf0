// FactBuffer: encoded facts on their way into sorted files, in memory: pairs of an entity key and a
// fact list, appended in any order, then sorted by key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coeval {

// Threads: one at a time. Bytes may be borrowed until the buffer is destroyed.
class FactBuffer {
 public:
  // Room for about `bytes` of keys, values and places.
  explicit FactBuffer(std::size_t bytes);

  // REQUIRES: !full().
  void Add(std::string_view key, std::string_view value);

  // It holds what it has room for: hand it on.
  [[nodiscard]] bool full() const {
    return bytes_.size() + places_.size() * sizeof(Place) >= room_;
  }

  [[nodiscard]] std::size_t size() const { return places_.size(); }

  [[nodiscard]] std::size_t size_bytes() const {
    return bytes_.capacity() + places_.capacity() * sizeof(Place);
  }

  // By key; pairs of equal key stay in the order in which they came.
  void Sort();

  [[nodiscard]] std::string_view key(std::size_t i) const;
  [[nodiscard]] std::string_view value(std::size_t i) const;

  // Asks the processor for a pair that will be looked at soon; nothing where there is none.
  void Prefetch(std::size_t i) const {
    if (i < places_.size()) __builtin_prefetch(bytes_.data() + places_[i].offset);
  }

  // The first pair whose key is not less. REQUIRES: sorted.
  [[nodiscard]] std::size_t LowerBound(std::string_view key) const;

 private:
  // Most keys differ in the eight bytes after their first, which is the same in all of them.
  struct Place {
    std::uint64_t prefix;
    std::uint32_t offset;
  };

  struct Sizes {
    std::uint32_t key;
    std::uint32_t value;
  };

  [[nodiscard]] Sizes SizesAt(std::uint32_t offset) const;
  [[nodiscard]] std::string_view KeyAt(std::uint32_t offset) const;

  std::size_t room_;
  std::string bytes_;  // per pair: sizes, key, value
  std::vector<Place> places_;
  char first_byte_ = 0;
  bool mixed_ = false;  // the first bytes differ: prefixes do not order
};

}  // namespace coeval
