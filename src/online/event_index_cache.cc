#include "online/event_index_cache.h"

#include "base/hash.h"

namespace coeval {

EventIndexCache::Shard& EventIndexCache::ShardOf(std::string_view store_key) {
  return shards_[static_cast<std::size_t>(Hash64(store_key) >> 32) % kShards];
}

EventIndexCache::Entry& EventIndexCache::Shard::Touch(std::string_view key) {
  const auto place = places.find(key);
  if (place != places.end()) {
    entries.splice(entries.begin(), entries, place->second);
    return entries.front();
  }
  Entry& entry = entries.emplace_front(Entry{.key = std::string(key), .index = {}});
  places.emplace(entry.key, entries.begin());
  bytes += entry.bytes();
  return entry;
}

void EventIndexCache::Shard::Shrink(std::size_t most) {
  while (bytes > most && !entries.empty()) {
    bytes -= entries.back().bytes();
    places.erase(entries.back().key);
    entries.pop_back();
  }
}

EventIndexCache::Found EventIndexCache::Find(std::string_view store_key, std::uint64_t version) {
  Shard& shard = ShardOf(store_key);
  const std::lock_guard lock(shard.mutex);
  Entry& entry = shard.Touch(store_key);
  Found found;
  if (entry.version == version && entry.asked) {
    found = {entry.index, true, entry.is_too_large};
  } else if (entry.version <= version) {  // else somebody reads an older state
    shard.bytes -= entry.bytes();
    entry.version = version;
    entry.asked = true;
    entry.index.reset();
    entry.is_too_large = false;
    shard.bytes += entry.bytes();
  }
  shard.Shrink(shard_bytes_);
  return found;
}

void EventIndexCache::Put(std::string_view store_key, std::uint64_t version,
                          std::shared_ptr<const EventIndex> index) {
  Shard& shard = ShardOf(store_key);
  const std::lock_guard lock(shard.mutex);
  Entry& entry = shard.Touch(store_key);
  if (entry.version > version) return;
  shard.bytes -= entry.bytes();
  entry.version = version;
  entry.asked = true;
  entry.is_too_large = index->bytes() > shard_bytes_;
  entry.index = entry.is_too_large ? nullptr : std::move(index);
  shard.bytes += entry.bytes();
  shard.Shrink(shard_bytes_);
}

std::size_t EventIndexCache::bytes() const {
  std::size_t bytes = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    bytes += shard.bytes;
  }
  return bytes;
}

}  // namespace coeval
