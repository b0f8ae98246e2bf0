// The hot tier alone, beside a plain map; what a store gives out of it is tested in
// rocksdb/hot_tier_test.cc.
#include "online/row_cache.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/hash.h"

namespace coeval {
namespace {

std::optional<std::string> Ask(RowCache& cache, const std::string& key, std::uint64_t files,
                               const FileChanges& changes = {}) {
  const ReaderEpochs::Reading reading(cache.epochs());
  RowCache::Lookup lookup = {.key = key, .hash = Hash64(key), .files = files, .changes = &changes};
  cache.Find(reading, {&lookup, 1});
  if (!lookup.found) return std::nullopt;
  return std::string(*lookup.found);
}

void Put(RowCache& cache, const std::string& key, std::uint64_t files, const std::string& value) {
  cache.Put(key, Hash64(key), files, value);
}

TouchedKeys Touched(const std::vector<std::string>& keys) {
  std::vector<std::uint64_t> hashes;
  for (const std::string& key : keys) hashes.push_back(Hash64(key));
  return hashes;
}

TEST(FileChangesTest, TellWhatWasNotTouched) {
  const FileChanges changes =
      FileChanges().With(7, 9, Touched({"a", "b"})).With(9, 12, Touched({"c"}));
  EXPECT_TRUE(changes.Untouched(7, 12, Hash64("d")));
  EXPECT_FALSE(changes.Untouched(7, 12, Hash64("a")));
  EXPECT_TRUE(changes.Untouched(9, 12, Hash64("a")));
  EXPECT_FALSE(changes.Untouched(9, 12, Hash64("c")));
  EXPECT_FALSE(changes.Untouched(6, 12, Hash64("d"))) << "of what was before nothing is known";
  EXPECT_FALSE(changes.Untouched(7, 13, Hash64("d"))) << "nor of what came after";
  EXPECT_TRUE(changes.Untouched(12, 12, Hash64("d")));
}

TEST(FileChangesTest, ForgetWhatCannotBeTold) {
  const FileChanges known = FileChanges().With(1, 2, Touched({"a"}));
  EXPECT_FALSE(known.With(2, 3, std::nullopt).Untouched(2, 3, Hash64("d")));
  EXPECT_FALSE(known.With(2, 3, std::nullopt).With(3, 4, Touched({})).Untouched(1, 4, Hash64("d")));
  EXPECT_FALSE(known.With(3, 4, Touched({})).Untouched(1, 4, Hash64("d"))) << "a gap";
  const TouchedKeys many = std::vector<std::uint64_t>(FileChanges::kMostKeys, 1);
  const FileChanges full = known.With(2, 3, many);
  EXPECT_LE(full.bytes(), FileChanges::kMostKeys * sizeof(std::uint64_t));
  EXPECT_TRUE(full.Untouched(2, 3, Hash64("d")));
  EXPECT_FALSE(full.Untouched(1, 3, Hash64("d")));
  FileChanges long_one;
  for (std::uint64_t i = 0; i < 100; ++i) long_one = long_one.With(i, i + 1, Touched({"a"}));
  EXPECT_TRUE(long_one.Untouched(100 - FileChanges::kMostWrites, 100, Hash64("d")));
  EXPECT_FALSE(long_one.Untouched(99 - FileChanges::kMostWrites, 100, Hash64("d")));
}

TEST(ReaderEpochsTest, WaitForWhoIsReading) {
  ReaderEpochs epochs;
  const std::uint64_t before = epochs.current();
  {
    const ReaderEpochs::Reading reading(epochs);
    EXPECT_EQ(epochs.Advance(), before + 1) << "the reader may not have seen what went since";
    EXPECT_EQ(epochs.Advance(), before + 1);
  }
  EXPECT_EQ(epochs.Advance(), before + 2);
}

TEST(RowCacheTest, FindsWhatIsRightAtTheVersion) {
  RowCache cache(1 << 20);
  EXPECT_EQ(Ask(cache, "a", 5), std::nullopt);
  Put(cache, "a", 5, "old");
  Put(cache, "b", 5, "");
  EXPECT_EQ(Ask(cache, "a", 5), "old");
  EXPECT_EQ(Ask(cache, "b", 5), "") << "it is known that nothing is there";
  EXPECT_EQ(Ask(cache, "a", 4), std::nullopt) << "an older state";
  EXPECT_EQ(Ask(cache, "a", 6), std::nullopt) << "nobody knows what was written";
  const FileChanges changes = FileChanges().With(5, 6, Touched({"b"}));
  EXPECT_EQ(Ask(cache, "a", 6, changes), "old");
  EXPECT_EQ(Ask(cache, "b", 6, changes), std::nullopt);
  EXPECT_EQ(Ask(cache, "a", 6), "old") << "what was found out once is known";
  EXPECT_EQ(Ask(cache, "a", 5), "old");
}

// Who reads an old state does not hide what a newer one holds, whoever comes first.
TEST(RowCacheTest, TheNewerVersionStays) {
  RowCache cache(1 << 20);
  Put(cache, "a", 7, "new");
  Put(cache, "a", 5, "old");
  EXPECT_EQ(Ask(cache, "a", 7), "new");
  EXPECT_EQ(Ask(cache, "a", 5), std::nullopt);
  Put(cache, "a", 8, "newest");
  EXPECT_EQ(Ask(cache, "a", 8), "newest");
  EXPECT_EQ(Ask(cache, "a", 7), std::nullopt);
}

TEST(RowCacheTest, StaysWithinItsBytes) {
  constexpr std::size_t kBytes = 256 << 10;
  RowCache cache(kBytes);
  for (int i = 0; i < 20'000; ++i) {
    Put(cache, "key" + std::to_string(i), 1, std::string(static_cast<std::size_t>(i % 300), 'x'));
    if (i % 100 != 0) continue;
    ASSERT_LE(cache.stats().bytes, static_cast<std::int64_t>(kBytes));
  }
  EXPECT_GT(cache.stats().bytes, static_cast<std::int64_t>(kBytes / 2));
  EXPECT_GT(cache.stats().entries, 500);
  Put(cache, "large", 1, std::string(kBytes, 'x'));
  EXPECT_EQ(Ask(cache, "large", 1), std::nullopt);
}

// Ten numbers a row: a key of 13 bytes and a list of 118.
TEST(RowCacheTest, TakesLittleMoreThanTheRows) {
  constexpr std::int64_t kRows = 100'000;
  RowCache cache(64 << 20);
  for (std::int64_t i = 0; i < kRows; ++i) {
    std::string key = std::to_string(i);
    key.insert(0, 13 - key.size(), '0');
    Put(cache, key, 1, std::string(118, 'x'));
  }
  const RowCache::Stats stats = cache.stats();
  EXPECT_GT(stats.entries, kRows * 99 / 100) << "hardly any bucket is full";
  EXPECT_LT(stats.bytes, stats.entries * 131 * 16 / 10);
}

// A scan over keys that are asked once does not throw out those that are asked again and again.
TEST(RowCacheTest, KeepsWhatIsAskedAgain) {
  RowCache cache(512 << 10);
  const std::string value(100, 'x');
  const auto ask = [&](const std::string& key) {
    if (Ask(cache, key, 1)) return true;
    Put(cache, key, 1, value);
    return false;
  };
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 500; ++i) ask("hot" + std::to_string(i));
  }
  int hits = 0;
  for (int i = 0; i < 50'000; ++i) {
    ask("once" + std::to_string(i));
    if (i % 10 == 0) hits += ask("hot" + std::to_string(i / 10 % 500)) ? 1 : 0;
  }
  EXPECT_GT(hits, 4'500) << "of 5,000";
  EXPECT_EQ(cache.stats().hits, hits + 2'000);
}

std::string ValueOf(const std::string& key, std::uint64_t version) {
  return key + "@" + std::to_string(version) + std::string(Hash64(key) % 50, '.');
}

// Readers and writers of different versions at once, in so little room that entries come and go:
// what is found is always what the files held at the version asked for.
TEST(RowCacheTest, GivesWhatWasThereWhileOthersPutIn) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  constexpr int kKeys = 400;
  constexpr int kVersions = 40;
  std::mt19937_64 random(seed);
  // Of each version: the write that led to it, and when each key was touched last.
  std::vector<FileChanges> changes(1);
  std::vector<std::vector<std::uint64_t>> touched(1, std::vector<std::uint64_t>(kKeys, 0));
  for (std::uint64_t version = 1; version < kVersions; ++version) {
    std::vector<std::string> keys;
    touched.push_back(touched.back());
    for (int key = 0; key < kKeys; ++key) {
      if (random() % 8 != 0) continue;
      keys.push_back("key" + std::to_string(key));
      touched.back()[static_cast<std::size_t>(key)] = version;
    }
    const bool told = random() % 5 != 0;
    changes.push_back(
        changes.back().With(version - 1, version, told ? Touched(keys) : std::nullopt));
  }
  RowCache cache(48 << 10);
  std::atomic<std::int64_t> wrong{0};
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937_64 own(seed + thread);
      for (std::uint64_t step = 0; step < 40'000; ++step) {
        // All go on together, some of them behind.
        const std::uint64_t newest = step * kVersions / 40'000;
        const std::uint64_t version = newest - std::min(newest, own() % 3);
        const auto key_number = static_cast<std::size_t>(own() % kKeys * (own() % 3) / 2);
        const std::string key = "key" + std::to_string(key_number);
        const std::string expected = ValueOf(key, touched[version][key_number]);
        if (const auto found = Ask(cache, key, version, changes[version])) {
          wrong += *found == expected ? 0 : 1;
        } else {
          Put(cache, key, version, expected);
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  const RowCache::Stats stats = cache.stats();
  EXPECT_GT(stats.hits, 10'000);
  EXPECT_GT(stats.misses, 1'000);
  EXPECT_EQ(stats.hits + stats.misses, 160'000);
}

}  // namespace
}  // namespace coeval
