#include "ingest/key_table.h"

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coeval {
namespace {

KeyHash KeyOf(std::uint64_t number) {
  return HashOfKey("key " + std::to_string(number));
}

// A table beside a plain map that forgets nothing.
class TableAndMap {
 public:
  explicit TableAndMap(std::uint64_t seed) : random_(seed), table_(random_()) {}

  void Put(std::uint64_t keys) {
    const KeyHash key = KeyOf(random_() % keys);
    c_ += static_cast<TimeMicros>(random_() % 1000);
    const KeyTable::Entry entry = {
        .fingerprint = random_(),
        .c = c_ - static_cast<TimeMicros>(random_() % 500),
        .rows = static_cast<std::uint32_t>(random_()) % KeyTable::kMostRows,
        .fed = static_cast<std::uint32_t>(random_()) % KeyTable::kMostFed};
    table_.Put(key, entry, since());
    map_[key] = entry;
  }

  void Sweep() { table_.Sweep(since()); }

  // All of it, until nothing old is left.
  void SweepAll() {
    for (std::size_t i = 0; i <= map_.size(); ++i) Sweep();
    EXPECT_EQ(table_.size(), CountKept());
    EXPECT_EQ(table_.CountOlder(since(), 1), 0U);
  }

  void DropOlder() {
    table_.DropOlder(since());
    EXPECT_EQ(table_.size(), CountKept());
    EXPECT_EQ(table_.CountOlder(since(), 1), 0U);
  }

  void Check() {
    std::size_t older = 0;
    std::size_t found = 0;
    for (const auto& [key, entry] : map_) {
      const auto in_table = table_.Find(key);
      if (entry.c >= since()) {
        ASSERT_EQ(in_table, entry);
      } else if (in_table) {
        ASSERT_EQ(*in_table, entry);
        ++older;
      }
      found += in_table ? 1 : 0;
    }
    EXPECT_EQ(table_.size(), found);
    EXPECT_EQ(table_.CountOlder(since(), map_.size() + 1), older);
    EXPECT_EQ(table_.CountOlder(since(), 10), std::min<std::size_t>(older, 10));
    EXPECT_EQ(table_.Find(KeyOf(~std::uint64_t{0})), std::nullopt);
  }

  void SetKept(DurationMicros kept) { kept_ = kept; }

  [[nodiscard]] const KeyTable& table() const { return table_; }

 private:
  // Never goes back: what was dropped does not count again.
  TimeMicros since() { return since_ = std::max(since_, c_ - kept_); }

  std::size_t CountKept() {
    return static_cast<std::size_t>(std::count_if(
        map_.begin(), map_.end(), [&](const auto& one) { return one.second.c >= since(); }));
  }

  std::mt19937_64 random_;
  KeyTable table_;
  std::map<KeyHash, KeyTable::Entry> map_;
  TimeMicros c_ = 0;
  DurationMicros kept_ = 0;
  TimeMicros since_ = kMinTime;
};

TEST(KeyTableTest, HoldsWhatAMapHolds) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t seed = std::random_device()();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    TableAndMap both(seed);
    const std::uint64_t keys = 1 + random() % 5000;
    for (int step = 0; step < 5000; ++step) {
      if (random() % 1000 == 0) both.SetKept(static_cast<DurationMicros>(random() % 3'000'000));
      both.Put(keys);
      if (random() % 4 == 0) both.Sweep();
      if (random() % 500 == 0) both.Check();
      if (random() % 1000 == 0) both.SweepAll();
      if (random() % 1000 == 0) both.DropOlder();
      if (HasFailure()) return;
    }
    both.Check();
  }
}

// The sweep of each new entry keeps up with what grows old, and memory comes back.
TEST(KeyTableTest, WhatIsOldGoesByAndBy) {
  KeyTable table(7);
  constexpr std::uint64_t kKept = 20'000;
  for (std::uint64_t i = 0; i < 4 * kKept; ++i) {
    const auto c = static_cast<TimeMicros>(i);
    const TimeMicros since = c - static_cast<TimeMicros>(kKept) + 1;
    table.Put(KeyOf(i), {.fingerprint = i, .c = c}, since);
    table.Sweep(since);
    ASSERT_LE(table.size(), kKept + kKept / 50);
    ASSERT_LE(table.bytes(), static_cast<std::int64_t>(42 * (kKept + 100)));
  }
  for (std::uint64_t i = 0; i < kKept; ++i) table.Sweep(kMaxTime);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_LE(table.bytes(), 100'000);
  EXPECT_EQ(table.CountOlder(kMaxTime, 1), 0U);
}

// Where keys lie in memory is not known outside; what they are is the same everywhere.
TEST(KeyTableTest, AKeyIsTheFrontOfItsDigest) {
  EXPECT_EQ(HashOfKey("abc"), (KeyHash{0xEACF018FBF1678BAU, 0x2322AE5DDE404141U}));
  std::set<KeyHash> hashes;
  for (std::uint64_t i = 0; i < 1000; ++i) hashes.insert(KeyOf(i));
  hashes.insert(HashOfKey(""));
  hashes.insert(HashOfKey(std::string(1, '\0')));
  EXPECT_EQ(hashes.size(), 1002U);
}

}  // namespace
}  // namespace coeval
