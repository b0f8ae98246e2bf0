#include "online/row_cache.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

#include "base/hash.h"
#include "base/status.h"

namespace coeval {
namespace {

constexpr std::size_t kSlots = 16;     // of a bucket
constexpr std::size_t kFullness = 10;  // entries for each bucket at which a table grows
constexpr std::uint8_t kMostUses = 3;
constexpr std::size_t kMostWaiting = 16 << 10;  // bytes to be freed that are left for later
constexpr std::size_t kBlock = 32;              // look-ups whose misses overlap

constexpr std::uint64_t kPointerBits = 48;
constexpr std::uint64_t kPointerMask = (std::uint64_t{1} << kPointerBits) - 1;

// The top four bits choose the shard, the lowest ones the bucket, those between tell entries of a
// bucket apart.
constexpr std::uint64_t TagOf(std::uint64_t hash) {
  return ((hash >> 40) & 0xffff) << kPointerBits;
}

struct alignas(128) Bucket {
  std::array<std::atomic<std::uint64_t>, kSlots> slots{};  // tag and address; 0: free
};

struct Ghost {
  std::uint32_t hash = 0;
  std::uint32_t number = 0;  // of those that were thrown out, from 1 on
};

}  // namespace

// In front of the key's bytes and those of the value, in one allocation.
struct RowCache::Entry {
  Entry* before = nullptr;  // in its queue; under the shard's lock
  Entry* after = nullptr;
  const std::uint32_t since;
  std::atomic<std::uint32_t> until;  // only grows
  const std::uint32_t value_size;
  const std::uint16_t key_size;
  std::atomic<std::uint8_t> uses{0};
  bool in_main = false;  // under the shard's lock

  static Entry* Make(std::string_view key, std::uint32_t files, std::string_view value) {
    void* const place = ::operator new(sizeof(Entry) + key.size() + value.size());
    return new (place) Entry(key, files, value);
  }

  static void Free(Entry* entry) {
    entry->~Entry();
    ::operator delete(entry);
  }

  // With what the allocator puts in front of it and rounds up to.
  static std::size_t BytesOf(std::size_t key, std::size_t value) {
    return (sizeof(Entry) + key + value + 8 + 15) / 16 * 16;
  }

  [[nodiscard]] std::size_t bytes() const { return BytesOf(key_size, value_size); }

  [[nodiscard]] std::string_view key() const { return {data(), key_size}; }

  [[nodiscard]] std::string_view value() const { return {data() + key_size, value_size}; }

  void Use() {
    const std::uint8_t now = uses.load(std::memory_order_relaxed);
    if (now < kMostUses) uses.store(now + 1, std::memory_order_relaxed);
  }

  // Was it right at this version of the files? What it is found to be right at is remembered.
  bool HoldsAt(const Lookup& lookup) {
    if (lookup.files < since) return false;
    std::uint32_t known = until.load();
    if (lookup.files <= known) return true;
    if (lookup.files > std::numeric_limits<std::uint32_t>::max() || lookup.changes == nullptr ||
        !lookup.changes->Untouched(known, lookup.files, lookup.hash)) {
      return false;
    }
    const auto files = static_cast<std::uint32_t>(lookup.files);
    while (known < files && !until.compare_exchange_weak(known, files)) {
    }
    return true;
  }

 private:
  Entry(std::string_view key, std::uint32_t files, std::string_view value)
      : since(files),
        until(files),
        value_size(static_cast<std::uint32_t>(value.size())),
        key_size(static_cast<std::uint16_t>(key.size())) {
    std::memcpy(data(), key.data(), key.size());
    if (!value.empty()) std::memcpy(data() + key.size(), value.data(), value.size());
  }

  [[nodiscard]] char* data() { return reinterpret_cast<char*>(this + 1); }

  [[nodiscard]] const char* data() const { return reinterpret_cast<const char*>(this + 1); }
};

struct RowCache::Table {
  explicit Table(std::size_t count) : buckets(count) {}

  std::vector<Bucket> buckets;  // a power of two of them

  Bucket& BucketOf(std::uint64_t hash) { return buckets[hash & (buckets.size() - 1)]; }

  static std::size_t BytesOf(std::size_t count) { return count * sizeof(Bucket); }

  [[nodiscard]] std::size_t bytes() const { return BytesOf(buckets.size()); }

  static Entry* EntryIn(std::uint64_t slot) {
    return reinterpret_cast<Entry*>(slot & kPointerMask);  // NOLINT(performance-no-int-to-ptr)
  }

  static std::uint64_t SlotOf(std::uint64_t hash, const Entry* entry) {
    const auto address = reinterpret_cast<std::uint64_t>(entry);
    COEVAL_CHECK((address & ~kPointerMask) == 0);
    return TagOf(hash) | address;
  }

  // The entry of the key, or null.
  Entry* Find(std::uint64_t hash, std::string_view key) {
    for (const auto& slot : BucketOf(hash).slots) {
      const std::uint64_t found = slot.load();
      if (found == 0 || (found & ~kPointerMask) != TagOf(hash)) continue;
      Entry* const entry = EntryIn(found);
      if (entry->key() == key) return entry;
    }
    return nullptr;
  }

  // Is there a free slot for it?
  bool Insert(std::uint64_t hash, const Entry* entry) {
    for (auto& slot : BucketOf(hash).slots) {
      if (slot.load() != 0) continue;
      slot.store(SlotOf(hash, entry));
      return true;
    }
    return false;
  }

  void Remove(std::uint64_t hash, const Entry* entry) {
    for (auto& slot : BucketOf(hash).slots) {
      if (slot.load() == SlotOf(hash, entry)) slot.store(0);
    }
  }
};

struct RowCache::Shard {
  // First in, first out.
  struct Queue {
    Entry* newest = nullptr;
    Entry* oldest = nullptr;
    std::size_t bytes = 0;
    std::size_t entries = 0;

    void Add(Entry* entry) {
      entry->before = newest;
      entry->after = nullptr;
      (newest == nullptr ? oldest : newest->after) = entry;
      newest = entry;
      bytes += entry->bytes();
      ++entries;
    }

    void Remove(Entry* entry) {
      (entry->before == nullptr ? oldest : entry->before->after) = entry->after;
      (entry->after == nullptr ? newest : entry->after->before) = entry->before;
      bytes -= entry->bytes();
      --entries;
    }
  };

  struct Retired {
    std::uint64_t epoch = 0;
    Entry* entry = nullptr;
    std::unique_ptr<Table> table;
    std::size_t bytes = 0;
  };

  Shard(ReaderEpochs& of_readers, std::size_t most)
      : epochs(of_readers), limit(most - most / 8), retired_limit(most / 8) {
    table = new Table(1);
    ghosts.resize(4);
  }

  ~Shard() {
    for (Queue* queue : {&fresh, &main}) {
      for (Entry* entry = queue->oldest; entry != nullptr;) {
        Entry* const after = entry->after;
        Entry::Free(entry);
        entry = after;
      }
    }
    for (const Retired& gone : retired) {
      if (gone.entry != nullptr) Entry::Free(gone.entry);
    }
    delete table.load();
  }

  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // All that follows REQUIRES the lock.

  [[nodiscard]] std::size_t table_bytes() const {
    return table.load()->bytes() + ghosts.size() * sizeof(Ghost);
  }

  [[nodiscard]] std::size_t bytes() const { return fresh.bytes + main.bytes + table_bytes(); }

  void Retire(Entry* entry, std::unique_ptr<Table> old_table, std::size_t size) {
    retired_bytes += size;
    retired.push_back({epochs.current(), entry, std::move(old_table), size});
  }

  // Frees what nobody can see any more.
  void FreeRetired() {
    if (retired.empty()) return;
    const std::uint64_t epoch = epochs.Advance();
    std::size_t kept = 0;
    while (kept < retired.size() && retired[kept].epoch + 2 <= epoch) {
      if (retired[kept].entry != nullptr) Entry::Free(retired[kept].entry);
      retired_bytes -= retired[kept].bytes;
      ++kept;
    }
    retired.erase(retired.begin(), retired.begin() + static_cast<std::ptrdiff_t>(kept));
  }

  void Remove(Entry* entry, std::uint64_t hash) {
    table.load()->Remove(hash, entry);
    (entry->in_main ? main : fresh).Remove(entry);
    Retire(entry, nullptr, entry->bytes());
  }

  void Haunt(std::uint64_t hash) {
    const auto mark = static_cast<std::uint32_t>(hash >> 8);
    ghosts[(hash >> 4) & (ghosts.size() - 1)] = {mark, ++thrown_out};
  }

  // Was it thrown out not long ago?
  [[nodiscard]] bool IsGhost(std::uint64_t hash) const {
    const Ghost& ghost = ghosts[(hash >> 4) & (ghosts.size() - 1)];
    return ghost.number != 0 && ghost.hash == static_cast<std::uint32_t>(hash >> 8) &&
           thrown_out - ghost.number <= main.entries;
  }

  void EvictOne() {
    if (fresh.entries > 0 && (fresh.bytes > limit / 10 || main.entries == 0)) {
      Entry* const entry = fresh.oldest;
      if (entry->uses.load(std::memory_order_relaxed) > 1) {
        fresh.Remove(entry);
        entry->in_main = true;
        entry->uses.store(0, std::memory_order_relaxed);
        return main.Add(entry);
      }
      const std::uint64_t hash = Hash64(entry->key());
      Haunt(hash);
      return Remove(entry, hash);
    }
    Entry* const entry = main.oldest;
    const std::uint8_t uses = entry->uses.load(std::memory_order_relaxed);
    if (uses == 0) return Remove(entry, Hash64(entry->key()));
    entry->uses.store(uses - 1, std::memory_order_relaxed);
    main.Remove(entry);
    main.Add(entry);
  }

  void Shrink() {
    while (bytes() > limit && fresh.entries + main.entries > 0) EvictOne();
  }

  // A table of twice the size, unless it would take the room of half of the entries.
  void Grow() {
    const std::size_t count = table.load()->buckets.size() * 2;
    if (Table::BytesOf(count) > limit / 2) return;
    auto larger = std::make_unique<Table>(count);
    for (Queue* queue : {&fresh, &main}) {
      for (Entry* entry = queue->oldest; entry != nullptr;) {
        Entry* const next = entry->after;
        const std::uint64_t hash = Hash64(entry->key());
        if (!larger->Insert(hash, entry)) Remove(entry, hash);
        entry = next;
      }
    }
    ghosts.assign(count * 4, Ghost());
    std::unique_ptr<Table> old(table.exchange(larger.release()));
    const std::size_t size = old->bytes();
    Retire(nullptr, std::move(old), size);
  }

  // Takes the place of whoever is asked least in the bucket.
  void Insert(std::uint64_t hash, Entry* entry) {
    while (!table.load()->Insert(hash, entry)) {
      Entry* least = nullptr;
      for (const auto& slot : table.load()->BucketOf(hash).slots) {
        Entry* const other = Table::EntryIn(slot.load());
        if (least == nullptr || other->uses < least->uses) least = other;
      }
      Remove(least, Hash64(least->key()));
    }
    (entry->in_main ? main : fresh).Add(entry);
  }

  mutable std::mutex mutex;
  ReaderEpochs& epochs;
  const std::size_t limit;  // of entries and tables
  const std::size_t retired_limit;
  std::atomic<Table*> table{nullptr};
  Queue fresh;  // S3-FIFO's small queue: a tenth
  Queue main;
  std::vector<Ghost> ghosts;
  std::uint32_t thrown_out = 0;
  std::vector<Retired> retired;  // by epoch
  std::size_t retired_bytes = 0;
};

RowCache::RowCache(std::size_t bytes) : limit_(bytes) {
  static_assert(sizeof(Entry) == 32);
  for (auto& shard : shards_) shard = std::make_unique<Shard>(epochs_, bytes / kShards);
}

RowCache::~RowCache() = default;

RowCache::Shard& RowCache::ShardOf(std::uint64_t hash) const {
  return *shards_[hash >> 60];
}

void RowCache::Find(const ReaderEpochs::Reading& /*reading*/, std::span<Lookup> lookups) {
  static_assert(kShards == 16);
  std::int64_t hits = 0;
  for (std::size_t begin = 0; begin < lookups.size(); begin += kBlock) {
    const std::span<Lookup> block =
        lookups.subspan(begin).first(std::min<std::size_t>(kBlock, lookups.size() - begin));
    std::array<Table*, kBlock> tables = {};
    for (std::size_t i = 0; i < block.size(); ++i) {
      tables[i] = ShardOf(block[i].hash).table.load();
      const char* const bucket = reinterpret_cast<const char*>(&tables[i]->BucketOf(block[i].hash));
      __builtin_prefetch(bucket);
      __builtin_prefetch(bucket + 64);
    }
    if (block.size() > 1) {
      for (std::size_t i = 0; i < block.size(); ++i) {
        for (const auto& slot : tables[i]->BucketOf(block[i].hash).slots) {
          const std::uint64_t found = slot.load(std::memory_order_relaxed);
          if (found == 0 || (found & ~kPointerMask) != TagOf(block[i].hash)) continue;
          const char* const entry = reinterpret_cast<const char*>(Table::EntryIn(found));
          for (int line = 0; line < 3; ++line) __builtin_prefetch(entry + line * 64);
          break;
        }
      }
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      Entry* const entry = tables[i]->Find(block[i].hash, block[i].key);
      if (entry == nullptr || !entry->HoldsAt(block[i])) continue;
      entry->Use();
      block[i].found = entry->value();
      ++hits;
    }
  }
  if (lookups.empty()) return;
  Counters& counters = counters_[lookups.front().hash % kShards];
  counters.hits.fetch_add(hits, std::memory_order_relaxed);
  const std::int64_t misses = static_cast<std::int64_t>(lookups.size()) - hits;
  if (misses > 0) counters.misses.fetch_add(misses, std::memory_order_relaxed);
}

void RowCache::Put(std::string_view key, std::uint64_t hash, std::uint64_t files,
                   std::string_view value) {
  Shard& shard = ShardOf(hash);
  if (Entry::BytesOf(key.size(), value.size()) > shard.limit / 4) return;
  if (key.size() > std::numeric_limits<std::uint16_t>::max() ||
      files > std::numeric_limits<std::uint32_t>::max()) {
    return;
  }
  const std::lock_guard lock(shard.mutex);
  if (shard.retired.size() >= kBlock ||
      shard.retired_bytes > std::min(kMostWaiting, shard.retired_limit / 2)) {
    shard.FreeRetired();
    if (shard.retired_bytes > shard.retired_limit) return;  // a reader takes its time
  }
  Entry* const old = shard.table.load()->Find(hash, key);
  bool in_main = false;
  std::uint8_t uses = 0;
  if (old != nullptr) {
    if (files <= old->until.load()) return;  // somebody has put it in, or somebody newer has
    in_main = old->in_main;
    uses = old->uses.load(std::memory_order_relaxed);
    shard.Remove(old, hash);
  } else {
    in_main = shard.IsGhost(hash);
  }
  Entry* const entry = Entry::Make(key, static_cast<std::uint32_t>(files), value);
  entry->in_main = in_main;
  entry->uses.store(uses, std::memory_order_relaxed);
  shard.Insert(hash, entry);
  const std::size_t buckets = shard.table.load()->buckets.size();
  if (shard.fresh.entries + shard.main.entries > buckets * kFullness) shard.Grow();
  shard.Shrink();
}

std::vector<std::string> RowCache::Keys(std::size_t most) const {
  std::vector<std::string> keys;
  std::size_t bytes = 0;
  for (const bool in_main : {true, false}) {
    for (const auto& shard : shards_) {
      const std::lock_guard lock(shard->mutex);
      const Shard::Queue& queue = in_main ? shard->main : shard->fresh;
      for (const Entry* entry = queue.newest; entry != nullptr; entry = entry->before) {
        bytes += entry->key_size;
        if (bytes > most) return keys;
        keys.emplace_back(entry->key());
      }
    }
  }
  return keys;
}

RowCache::Stats RowCache::stats() const {
  Stats stats;
  stats.limit = static_cast<std::int64_t>(limit_);
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    stats.bytes += static_cast<std::int64_t>(shard->bytes() + shard->retired_bytes);
    stats.entries += static_cast<std::int64_t>(shard->fresh.entries + shard->main.entries);
  }
  for (const Counters& counters : counters_) {
    stats.hits += counters.hits.load(std::memory_order_relaxed);
    stats.misses += counters.misses.load(std::memory_order_relaxed);
  }
  return stats;
}

}  // namespace coeval
