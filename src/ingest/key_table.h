// KeyTable: what idempotency keys stand for, a million of them in 42 MB, whatever their length.
//
// A key is kept as the first 128 bits of its SHA-256. Keys come from whoever may push, so that a
// fast hash will not do: two keys that hash alike would name one push, and who can make such a pair
// could have another's push refused. Of SHA-256 nobody can; by chance alone, of a billion keys, two
// are alike once in 10^20 times, and then the later push is refused, since its rows are others.
//
// Entries lie packed in buckets of about a hundred, which grow by a few entries and are split one
// at a time as the table grows, so that no push waits for a table that is built anew. Which bucket
// a key falls into depends on a seed that nobody outside knows: nobody can fill one alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/time.h"

namespace coeval {

// Of a key.
using KeyHash = std::array<std::uint64_t, 2>;

inline KeyHash HashOfKey(std::string_view key) {
  return Sha256Front(key);
}

// Threads: one at a time. Cost: O(1) where nothing else is said, about a microsecond among
// millions.
class KeyTable {
 public:
  struct Entry {
    std::uint64_t fingerprint = 0;
    TimeMicros c = kMinTime;
    std::uint32_t rows = 0;  // below kMostRows
    std::uint32_t fed = 0;   // below kMostFed

    friend bool operator==(const Entry&, const Entry&) = default;
  };

  static constexpr std::uint32_t kMostRows = 1U << 24;
  static constexpr std::uint32_t kMostFed = 1U << 24;

  explicit KeyTable(std::uint64_t seed) : seed_(seed) {}

  [[nodiscard]] std::optional<Entry> Find(const KeyHash& key) const;

  // The key stands for this now. What is older than `since` may be dropped on the way.
  void Put(const KeyHash& key, const Entry& entry, TimeMicros since);

  // Drops what is older than `since` in one more bucket: called once for each new entry, all of it
  // is gone by the time the table has grown by a hundredth.
  void Sweep(TimeMicros since);

  // Drops all that is older at once. Cost: O(1) where nothing is, else a look at each bucket.
  void DropOlder(TimeMicros since);

  // How many are older, counted as far as `most`. Cost: as DropOlder.
  [[nodiscard]] std::size_t CountOlder(TimeMicros since, std::size_t most) const;

  // Entries; also those that are old and not yet dropped.
  [[nodiscard]] std::size_t size() const { return size_; }

  // What it takes, with what the allocator takes for it.
  [[nodiscard]] std::int64_t bytes() const;

 private:
  static constexpr std::size_t kEntryBytes = 38;

  struct Bucket {
    std::unique_ptr<std::byte[]> bytes;
    std::uint32_t count = 0;
    std::uint32_t capacity = 0;
    TimeMicros oldest = kMaxTime;  // nothing in it is older
  };

  static KeyHash KeyAt(const Bucket& bucket, std::size_t i);
  static Entry EntryAt(const Bucket& bucket, std::size_t i);
  static TimeMicros TimeAt(const Bucket& bucket, std::size_t i);
  static void Write(const KeyHash& key, const Entry& entry, std::byte* out);
  static std::optional<std::size_t> PlaceIn(const Bucket& bucket, const KeyHash& key);

  [[nodiscard]] std::size_t BucketOf(const KeyHash& key) const;
  void Append(std::span<const std::byte> entry, Bucket* bucket);
  void SetCapacity(std::uint32_t capacity, Bucket* bucket);
  void DropOlderIn(Bucket* bucket, TimeMicros since);
  void SplitOne();

  std::uint64_t seed_;
  // Linear hashing: of 2^n + m buckets, the first m have their other half behind the first 2^n.
  std::vector<Bucket> buckets_ = std::vector<Bucket>(1);
  std::size_t whole_ = 1;  // 2^n
  std::size_t size_ = 0;
  std::int64_t allocated_ = 0;
  std::size_t swept_ = 0;         // the bucket that is next
  TimeMicros oldest_ = kMaxTime;  // nothing is older
};

}  // namespace coeval
