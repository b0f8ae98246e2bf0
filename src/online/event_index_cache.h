// EventIndexCache: the indexes of the keys that are asked again and again, within so many bytes.
// An index is of what the store's files hold of a view at one version of them; who reads another
// version does not see it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "online/event_index.h"

namespace coeval {

// Threads: internally locked, a lock for each of kShards.
class EventIndexCache {
 public:
  explicit EventIndexCache(const EventIndexOptions& options)
      : options_(options), shard_bytes_(options.bytes / kShards) {}

  [[nodiscard]] const EventIndexOptions& options() const { return options_; }

  struct Found {
    std::shared_ptr<const EventIndex> index;  // null: none
    bool asked_before = false;                // at this version
    bool is_too_large = false;                // to be kept
  };

  // Remembers that the key was asked. `store_key`: the view's number and the entity key.
  Found Find(std::string_view store_key, std::uint64_t version);
  // In place of what is there. One that takes more than a shard is not kept, which is remembered.
  void Put(std::string_view store_key, std::uint64_t version,
           std::shared_ptr<const EventIndex> index);

  [[nodiscard]] std::size_t bytes() const;

 private:
  static constexpr std::size_t kShards = 4;

  struct Entry {
    std::string key;
    std::uint64_t version = 0;
    bool asked = false;  // at this version
    std::shared_ptr<const EventIndex> index;
    bool is_too_large = false;

    [[nodiscard]] std::size_t bytes() const {
      return 160 + key.size() + (index == nullptr ? 0 : index->bytes());
    }
  };

  using Entries = std::list<Entry>;  // the one asked last is the first

  struct Shard {
    mutable std::mutex mutex;
    Entries entries;
    std::unordered_map<std::string_view, Entries::iterator> places;  // by Entry::key
    std::size_t bytes = 0;

    // The entry of the key, a new one where there was none.
    Entry& Touch(std::string_view key);
    void Shrink(std::size_t most);
  };

  Shard& ShardOf(std::string_view store_key);

  const EventIndexOptions options_;
  const std::size_t shard_bytes_;
  std::array<Shard, kShards> shards_;
};

}  // namespace coeval
