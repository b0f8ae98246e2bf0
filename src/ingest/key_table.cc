#include "ingest/key_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/status.h"

namespace coeval {
namespace {

constexpr std::size_t kMeanCount = 112;  // of entries in a bucket
constexpr std::uint32_t kStep = 4;       // by which a bucket grows: what is spare stays little
constexpr std::int64_t kAllocatorBytes = 16;

// Of an entry: the key, then these.
constexpr std::size_t kFingerprintAt = 16;
constexpr std::size_t kTimeAt = 24;
constexpr std::size_t kRowsAt = 32;
constexpr std::size_t kFedAt = 35;

template <typename T>
T Load(const std::byte* bytes) {
  T value{};
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

std::uint32_t Load24(const std::byte* bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 3; ++i) value |= std::to_integer<std::uint32_t>(bytes[i]) << (8 * i);
  return value;
}

void Store24(std::uint32_t value, std::byte* out) {
  for (std::size_t i = 0; i < 3; ++i) out[i] = static_cast<std::byte>(value >> (8 * i));
}

}  // namespace

KeyHash KeyTable::KeyAt(const Bucket& bucket, std::size_t i) {
  return Load<KeyHash>(bucket.bytes.get() + i * kEntryBytes);
}

TimeMicros KeyTable::TimeAt(const Bucket& bucket, std::size_t i) {
  return Load<TimeMicros>(bucket.bytes.get() + i * kEntryBytes + kTimeAt);
}

KeyTable::Entry KeyTable::EntryAt(const Bucket& bucket, std::size_t i) {
  const std::byte* const bytes = bucket.bytes.get() + i * kEntryBytes;
  return {.fingerprint = Load<std::uint64_t>(bytes + kFingerprintAt),
          .c = Load<TimeMicros>(bytes + kTimeAt),
          .rows = Load24(bytes + kRowsAt),
          .fed = Load24(bytes + kFedAt)};
}

void KeyTable::Write(const KeyHash& key, const Entry& entry, std::byte* out) {
  std::memcpy(out, key.data(), sizeof(key));
  std::memcpy(out + kFingerprintAt, &entry.fingerprint, sizeof(entry.fingerprint));
  std::memcpy(out + kTimeAt, &entry.c, sizeof(entry.c));
  Store24(entry.rows, out + kRowsAt);
  Store24(entry.fed, out + kFedAt);
}

std::optional<std::size_t> KeyTable::PlaceIn(const Bucket& bucket, const KeyHash& key) {
  for (std::size_t i = 0; i < bucket.count; ++i) {
    if (KeyAt(bucket, i) == key) return i;
  }
  return std::nullopt;
}

std::size_t KeyTable::BucketOf(const KeyHash& key) const {
  const std::array<std::uint64_t, 3> seeded = {key[0], key[1], seed_};
  const std::uint64_t hash = Hash64({reinterpret_cast<const char*>(seeded.data()), sizeof(seeded)});
  const std::size_t bucket = hash & (2 * whole_ - 1);
  return bucket < buckets_.size() ? bucket : bucket - whole_;
}

std::optional<KeyTable::Entry> KeyTable::Find(const KeyHash& key) const {
  const Bucket& bucket = buckets_[BucketOf(key)];
  const auto place = PlaceIn(bucket, key);
  if (!place) return std::nullopt;
  return EntryAt(bucket, *place);
}

void KeyTable::Put(const KeyHash& key, const Entry& entry, TimeMicros since) {
  COEVAL_CHECK(entry.rows < kMostRows && entry.fed < kMostFed);
  std::array<std::byte, kEntryBytes> bytes{};
  Write(key, entry, bytes.data());
  Bucket& bucket = buckets_[BucketOf(key)];
  if (const auto place = PlaceIn(bucket, key)) {
    std::memcpy(bucket.bytes.get() + *place * kEntryBytes, bytes.data(), kEntryBytes);
    bucket.oldest = std::min(bucket.oldest, entry.c);
    oldest_ = std::min(oldest_, entry.c);
    return;
  }
  if (bucket.count == bucket.capacity) DropOlderIn(&bucket, since);
  Append(bytes, &bucket);
  ++size_;
  oldest_ = std::min(oldest_, entry.c);
  if (size_ > kMeanCount * buckets_.size()) SplitOne();
}

void KeyTable::Append(std::span<const std::byte> entry, Bucket* bucket) {
  if (bucket->count == bucket->capacity) SetCapacity(bucket->capacity + kStep, bucket);
  std::memcpy(bucket->bytes.get() + bucket->count * kEntryBytes, entry.data(), kEntryBytes);
  bucket->oldest = std::min(bucket->oldest, TimeAt(*bucket, bucket->count));
  ++bucket->count;
}

void KeyTable::SetCapacity(std::uint32_t capacity, Bucket* bucket) {
  const auto allocated = [](std::uint32_t entries) {
    return entries == 0 ? 0 : static_cast<std::int64_t>(entries * kEntryBytes) + kAllocatorBytes;
  };
  std::unique_ptr<std::byte[]> bytes;
  if (capacity > 0) bytes = std::make_unique_for_overwrite<std::byte[]>(capacity * kEntryBytes);
  if (bucket->count > 0) {
    std::memcpy(bytes.get(), bucket->bytes.get(), bucket->count * kEntryBytes);
  }
  allocated_ += allocated(capacity) - allocated(bucket->capacity);
  bucket->bytes = std::move(bytes);
  bucket->capacity = capacity;
}

void KeyTable::DropOlderIn(Bucket* bucket, TimeMicros since) {
  if (bucket->oldest >= since) return;
  std::uint32_t kept = 0;
  bucket->oldest = kMaxTime;
  for (std::uint32_t i = 0; i < bucket->count; ++i) {
    const TimeMicros c = TimeAt(*bucket, i);
    if (c < since) continue;
    bucket->oldest = std::min(bucket->oldest, c);
    if (kept != i) {
      std::memcpy(bucket->bytes.get() + kept * kEntryBytes, bucket->bytes.get() + i * kEntryBytes,
                  kEntryBytes);
    }
    ++kept;
  }
  if (kept == bucket->count) return;
  size_ -= bucket->count - kept;
  bucket->count = kept;
  if (bucket->capacity - kept >= 2 * kStep) {
    SetCapacity((kept + kStep - 1) / kStep * kStep, bucket);
  }
}

void KeyTable::Sweep(TimeMicros since) {
  if (swept_ >= buckets_.size()) swept_ = 0;
  DropOlderIn(&buckets_[swept_++], since);
}

void KeyTable::DropOlder(TimeMicros since) {
  if (oldest_ >= since) return;
  oldest_ = kMaxTime;
  for (Bucket& bucket : buckets_) {
    DropOlderIn(&bucket, since);
    oldest_ = std::min(oldest_, bucket.oldest);
  }
}

std::size_t KeyTable::CountOlder(TimeMicros since, std::size_t most) const {
  if (oldest_ >= since) return 0;
  std::size_t count = 0;
  for (const Bucket& bucket : buckets_) {
    if (bucket.oldest >= since) continue;
    for (std::size_t i = 0; i < bucket.count; ++i) count += TimeAt(bucket, i) < since ? 1 : 0;
    if (count >= most) return most;
  }
  return count;
}

// Into the first of those that are whole and its other half.
void KeyTable::SplitOne() {
  const std::size_t at = buckets_.size() - whole_;
  buckets_.emplace_back();
  Bucket both = std::exchange(buckets_[at], Bucket());
  for (std::size_t i = 0; i < both.count; ++i) {
    Append({both.bytes.get() + i * kEntryBytes, kEntryBytes}, &buckets_[BucketOf(KeyAt(both, i))]);
  }
  both.count = 0;
  SetCapacity(0, &both);
  if (buckets_.size() == 2 * whole_) whole_ *= 2;
}

std::int64_t KeyTable::bytes() const {
  return allocated_ + static_cast<std::int64_t>(buckets_.capacity() * sizeof(Bucket));
}

}  // namespace coeval
