// RowCache: the hot tier. What the store's files hold under the keys that are asked again and
// again, in memory, within so many bytes. It holds stored bytes, not answers: a hit goes through
// the same code as a read of the files, and is right at every t at which the read would be.
//
// An entry says from which to which version of the view's files it is right (FileChanges). A reader
// asks for the version of its own state, so whatever was written since, or is being written, it
// sees what its state shows; nothing has to be invalidated, and no order of reader and writer
// matters. Pushed facts that are not in files yet do not lie here (online/fresh_facts.h).
//
// Readers take no lock: buckets of 16 slots, each a pointer with 16 bits of the key's hash; what
// they found lives until their ReaderEpochs::Reading ends. Writers take a lock for each shard. What
// stays is decided by S3-FIFO: what is new passes a short queue and goes unless it is asked again;
// what was, or was thrown out too early, gets into the long one, where who is asked stays.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "online/file_changes.h"
#include "online/reader_epochs.h"

namespace coeval {

// Threads: any number may look up and put in at once.
class RowCache {
 public:
  // Of the entries with what the allocator adds, of the tables that find them, and of what was let
  // go and is still read: together at most `bytes`, but for a table's smallest size.
  explicit RowCache(std::size_t bytes);
  ~RowCache();
  RowCache(const RowCache&) = delete;
  RowCache& operator=(const RowCache&) = delete;

  // A key and what is found under it. Borrows the key and the changes.
  struct Lookup {
    std::string_view key;     // the view's number and the entity key
    std::uint64_t hash = 0;   // Hash64 of it
    std::uint64_t files = 0;  // the version that is asked for
    const FileChanges* changes = nullptr;
    // What the files hold, "" for nothing; none: not known here. It lives as long as the Reading.
    std::optional<std::string_view> found = {};
  };

  // Fills in what is found. `reading` is of epochs(). Cost: about two misses of the processor's
  // caches for each, of which those of neighbours overlap.
  void Find(const ReaderEpochs::Reading& reading, std::span<Lookup> lookups);

  // What the files of that version hold. Rows that are large beside the cache are not kept.
  void Put(std::string_view key, std::uint64_t hash, std::uint64_t files, std::string_view value);

  [[nodiscard]] ReaderEpochs& epochs() { return epochs_; }

  // The keys in memory, those that stay longest first, of at most so many bytes together.
  [[nodiscard]] std::vector<std::string> Keys(std::size_t most) const;

  struct Stats {
    std::int64_t limit = 0;
    std::int64_t bytes = 0;
    std::int64_t entries = 0;
    std::int64_t hits = 0;
    std::int64_t misses = 0;
  };

  [[nodiscard]] Stats stats() const;

 private:
  struct Entry;
  struct Table;
  struct Shard;

  static constexpr std::size_t kShards = 16;

  // On lines of their own: readers count here.
  struct alignas(64) Counters {
    std::atomic<std::int64_t> hits{0};
    std::atomic<std::int64_t> misses{0};
  };

  Shard& ShardOf(std::uint64_t hash) const;

  const std::size_t limit_;
  ReaderEpochs epochs_;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
  std::array<Counters, kShards> counters_;
};

}  // namespace coeval
