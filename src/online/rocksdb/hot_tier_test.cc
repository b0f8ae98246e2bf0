// The store with and without its hot tier: the same answers, whatever comes in meanwhile.
#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "online/rocksdb/open.h"
#include "online/rocksdb/warm_rows.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 100;

// Stores that are told the same: without a cache, with one in which all has room, and with one in
// which little has.
class HotTierTest : public testing::Test {
 protected:
  struct Store {
    std::string name;
    OnlineStoreOptions options;
    std::unique_ptr<OnlineStore> store = {};
    std::shared_ptr<TestLog> log = std::make_shared<TestLog>();
  };

  void SetUp() override {
    stores_.push_back({.name = "none", .options = {.cache_bytes = 0}});
    stores_.push_back({.name = "roomy", .options = {.cache_bytes = 16 << 20}});
    stores_.push_back({.name = "tiny", .options = {.cache_bytes = kTiny}});
    for (Store& store : stores_) {
      store.options.fresh_bytes = 30'000;
      store.store =
          *OpenRocksDbStore(folder_ / store.name, "flights", clock_.context(), store.options);
    }
  }

  void Push(const ViewVersion& view, const std::vector<TestFact>& facts) {
    for (Store& store : stores_) {
      const PushedBatch batch = PushOf(view, facts, number_);
      store.log->Expect(1);
      const auto c = store.store->Push({&batch, 1}, store.log);
      ASSERT_TRUE(c.ok()) << c.status().ToString();
    }
    number_ += static_cast<std::int64_t>(facts.size());
  }

  void Load(const ViewVersion& view, const std::vector<TestFact>& facts, bool replace) {
    for (Store& store : stores_) {
      const auto done = LoadFacts(*store.store, view, facts, {}, replace, /*pushed=*/!replace);
      ASSERT_TRUE(done.ok()) << done.status().ToString();
    }
  }

  // Every store at the same moments; `held` are snapshots of before, one for each store.
  void Compare(const ViewVersion& view,
               const std::vector<std::shared_ptr<const OnlineSnapshot>>& snapshots, TimeMicros t) {
    const auto expected = AskStore(*snapshots[0], view, kKeys, t);
    ASSERT_TRUE(expected.ok()) << expected.status().ToString();
    for (std::size_t i = 1; i < stores_.size(); ++i) {
      // Twice: what was read, and what was kept of it.
      for (int turn = 0; turn < 2; ++turn) {
        const auto answers = AskStore(*snapshots[i], view, kKeys, t);
        ASSERT_TRUE(answers.ok()) << answers.status().ToString();
        ASSERT_EQ(*answers, *expected) << stores_[i].name << ", turn " << turn << ", at " << t;
      }
    }
  }

  std::vector<std::shared_ptr<const OnlineSnapshot>> Snapshots() {
    std::vector<std::shared_ptr<const OnlineSnapshot>> snapshots;
    for (Store& store : stores_) snapshots.push_back(*store.store->Now());
    return snapshots;
  }

  // Room for about a hundred rows.
  static constexpr std::size_t kTiny = 16 << 10;

  TestFolder folder_;
  TestClock clock_{kNow};
  std::vector<Store> stores_;
  std::int64_t number_ = 1;
};

TEST_F(HotTierTest, AnswersAsTheFilesDo) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const ViewVersion pushed = TestView(TestSource(CreatedMeaning::kArrival), kHour, "pushed");
  const ViewVersion timeless = TestView(TimelessTestSource(), 0, "timeless");
  std::vector<std::shared_ptr<const OnlineSnapshot>> held = Snapshots();
  TimeMicros now = kNow;
  for (int step = 0; step < 200; ++step) {
    now += static_cast<TimeMicros>(random() % 40) * kSecond + 7;
    clock_.fixed->Set(now);
    switch (random() % 10) {
      case 0:
        Load(pushed, RandomFacts(random, 20, kKeys, now / kMinute * kMinute, true), false);
        break;
      case 1: {
        std::vector<TestFact> rows;
        for (std::int64_t key = 0; key < kKeys; ++key) {
          if (random() % 3 != 0) rows.push_back({.key = key, .n = step});
        }
        Load(timeless, rows, true);
        break;
      }
      case 2:
        for (Store& store : stores_) ASSERT_TRUE(store.store->Flush().ok());
        break;
      case 3:
        if (random() % 8 != 0) break;
        for (Store& store : stores_) ASSERT_TRUE(store.store->Drop(pushed.data_identity).ok());
        break;
      case 4:
        if (random() % 3 != 0) break;
        for (Store& store : stores_) ASSERT_TRUE(store.store->Compact().ok());
        break;
      default:
        Push(pushed, RandomFacts(random, random() % 20 + 1, kKeys, now, false));
    }
    if (HasFatalFailure()) return;
    const auto snapshots = Snapshots();
    for (const ViewVersion* view : {&pushed, &timeless}) {
      Compare(*view, snapshots, snapshots[0]->time());
      if (HasFatalFailure()) return;
      // A reader that is slow sees what it saw, while newer ones have put in what they see.
      Compare(*view, held, held[0]->time());
      if (HasFatalFailure()) return;
    }
    if (random() % 4 == 0) held = snapshots;
  }
  const OnlineStats roomy = stores_[1].store->Stats();
  EXPECT_GT(roomy.cache_hits, roomy.cache_misses);
  EXPECT_GT(roomy.cache_entries, kKeys);
  EXPECT_EQ(stores_[0].store->Stats().cache_hits, 0);
  EXPECT_EQ(stores_[0].store->Stats().cache_misses, 0);
}

// What a flush did not touch stays known; what it touched is read again.
TEST_F(HotTierTest, AFlushLeavesOtherKeysAlone) {
  const ViewVersion view = TestView(TestSource(CreatedMeaning::kArrival), kHour);
  std::vector<TestFact> facts;
  for (std::int64_t key = 0; key < kKeys; ++key) {
    facts.push_back({.key = key, .event_time = kNow, .n = key});
  }
  Push(view, facts);
  OnlineStore& store = *stores_[1].store;
  ASSERT_TRUE(store.Flush().ok());
  const auto misses_of_all = [&] {
    const std::int64_t before = store.Stats().cache_misses;
    const auto snapshot = *store.Now();
    EXPECT_TRUE(AskStore(*snapshot, view, kKeys, snapshot->time()).ok());
    return store.Stats().cache_misses - before;
  };
  EXPECT_EQ(misses_of_all(), kKeys);
  EXPECT_EQ(misses_of_all(), 0);
  Push(view, {{.key = 3, .event_time = kNow, .n = 100}, {.key = 4, .event_time = kNow, .n = 4}});
  EXPECT_EQ(misses_of_all(), 0) << "what is pushed lies beside";
  ASSERT_TRUE(store.Flush().ok());
  EXPECT_EQ(misses_of_all(), 2);
  const std::vector<TestFact> loaded = {
      {.key = 5, .event_time = kNow - kMinute, .created = kNow - kMinute, .n = 0}};
  ASSERT_TRUE(LoadFacts(store, view, loaded, {}, false, true).ok());
  EXPECT_EQ(misses_of_all(), 1);
}

// A batch of a thousand keys with one value is seen whole, while others push, their facts go into
// files, and the cache has no room for a quarter of them; and no reader goes back in time.
TEST_F(HotTierTest, BatchesAreSeenWholeUnderEviction) {
  constexpr std::int64_t kMany = 1'000;
  const ViewVersion view = TestView(TestSource(CreatedMeaning::kArrival), kHour);
  TestFolder folder;
  OnlineStoreOptions options = {.fresh_bytes = 600'000, .cache_bytes = kTiny};
  const auto store = *OpenRocksDbStore(folder / "online", "flights", clock_.context(), options);
  const auto log = std::make_shared<TestLog>();
  std::mutex pushing;
  std::int64_t number = 1;
  std::int64_t newest = 0;
  const auto push = [&](std::int64_t rounds) {
    for (std::int64_t i = 0; i < rounds; ++i) {
      const std::lock_guard lock(pushing);  // the log of a test is one for all
      ++newest;
      std::vector<TestFact> facts;
      for (std::int64_t key = 0; key < kMany; ++key) {
        facts.push_back({.key = key, .event_time = kNow, .n = newest});
      }
      const PushedBatch batch = PushOf(view, facts, number);
      number += kMany;
      log->Expect(1);
      ASSERT_TRUE(store->Push({&batch, 1}, log).ok());
    }
  };
  push(1);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      std::int64_t last = 0;
      while (!done) {
        const auto snapshot = *store->Now();
        const auto answers = *AskStore(*snapshot, view, kMany, snapshot->time());
        for (const TestAnswer& answer : answers) ASSERT_EQ(answer, answers.front());
        const std::int64_t seen = answers.front().values[0].AsInt();
        ASSERT_GE(seen, last);
        last = seen;
      }
    });
  }
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 2; ++writer) writers.emplace_back(push, 20);
  for (std::thread& writer : writers) writer.join();
  done = true;
  for (std::thread& reader : readers) reader.join();
  const auto snapshot = *store->Now();
  const auto answers = *AskStore(*snapshot, view, kMany, snapshot->time());
  EXPECT_EQ(answers.front().values[0].AsInt(), 41);
  EXPECT_GT(store->LogApplied(), 0);
}

// Who serves begins with what was in memory; others do not read it, and do not lose it.
TEST_F(HotTierTest, AStoreThatServesIsWarmedWithTheRowsThatItHadInMemory) {
  const ViewVersion view = TestView(TestSource(CreatedMeaning::kArrival), kHour);
  const ViewVersion other = TestView(TestSource(CreatedMeaning::kArrival), kHour, "other");
  TestFolder folder;
  std::unique_ptr<OnlineStore> store;
  const auto open = [&](bool serves) {
    store.reset();
    store = *OpenRocksDbStore(folder / "online", "flights", clock_.context(),
                              {.cache_bytes = 16 << 20});
    if (serves) store->KeepWarm();
    while (store->Stats().warming) std::this_thread::yield();
  };
  const auto ask = [&] {
    const auto snapshot = *store->Now();
    return *AskStore(*snapshot, view, kKeys, snapshot->time());
  };
  open(true);
  std::vector<TestFact> facts;
  for (std::int64_t key = 0; key < kKeys; ++key) {
    facts.push_back({.key = key, .event_time = kNow, .n = key});
  }
  ASSERT_TRUE(LoadFacts(*store, view, facts).ok());
  ASSERT_TRUE(LoadFacts(*store, other, facts).ok());
  const auto expected = ask();
  open(false);
  EXPECT_EQ(store->Stats().cache_entries, 0);
  open(true);
  EXPECT_EQ(store->Stats().cache_entries, kKeys);
  EXPECT_EQ(ask(), expected);
  EXPECT_EQ(store->Stats().cache_misses, 0);
  // What came since is what is read.
  facts[3].n = 777;
  facts[3].event_time = kNow + 1;
  open(false);
  clock_.fixed->Set(kNow + kMinute);
  ASSERT_TRUE(LoadFacts(*store, view, {facts[3]}).ok());
  open(true);
  EXPECT_EQ(ask()[3].values[0].AsInt(), 777);
  EXPECT_EQ(store->Stats().cache_misses, 0);
  // Keys of data that were dropped, and a list that is damaged, warm nothing.
  ASSERT_TRUE(store->Drop(view.data_identity).ok());
  open(true);
  EXPECT_EQ(store->Stats().cache_entries, 0);
}

TEST(WarmKeysTest, AListIsReadAsItWasWrittenOrNotAtAll) {
  const std::vector<std::string> keys = {"abc", "", std::string(300, 'x')};
  const std::string bytes = EncodeWarmKeys(keys, 1 << 20);
  EXPECT_EQ(*DecodeWarmKeys(bytes), keys);
  EXPECT_EQ(*DecodeWarmKeys(EncodeWarmKeys(keys, 30)), std::vector<std::string>({"abc", ""}));
  for (std::size_t size = 0; size < bytes.size(); size += 7) {
    EXPECT_FALSE(DecodeWarmKeys(std::string_view(bytes).substr(0, size)).ok());
  }
  for (std::size_t at = 0; at < bytes.size(); at += 5) {
    std::string damaged = bytes;
    damaged[at] ^= 16;
    EXPECT_FALSE(DecodeWarmKeys(damaged).ok()) << at;
  }
}

// Random pushes, flushes and reads of single keys on several threads: a key's value never goes
// back, and is at least the newest that was acknowledged before the read began (rule 7.4).
TEST_F(HotTierTest, EachKeyIsReadInTheOrderOfItsWrites) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const ViewVersion view = TestView(TestSource(CreatedMeaning::kArrival), kHour);
  OnlineStore& store = *stores_[2].store;
  const auto log = stores_[2].log;
  std::vector<std::atomic<std::int64_t>> acknowledged(kKeys);
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      std::vector<std::int64_t> last(kKeys, 0);
      while (!done) {
        std::vector<std::int64_t> before;
        for (const auto& value : acknowledged) before.push_back(value.load());
        const auto snapshot = *store.Now();
        const auto answers = *AskStore(*snapshot, view, kKeys, snapshot->time());
        for (std::size_t key = 0; key < kKeys; ++key) {
          const bool found = answers[key].match == Match::kFound;
          const std::int64_t seen = found ? answers[key].values[0].AsInt() : 0;
          ASSERT_GE(seen, before[key]) << "key " << key;
          ASSERT_GE(seen, last[key]) << "key " << key;
          last[key] = seen;
        }
      }
    });
  }
  std::mt19937_64 random(seed);
  std::int64_t number = 1;
  for (std::int64_t step = 1; step <= 2'000; ++step) {
    std::map<std::int64_t, TestFact> facts;
    for (std::uint64_t i = 0; i < random() % 4 + 1; ++i) {
      const auto key = static_cast<std::int64_t>(random() % kKeys);
      facts[key] = {.key = key, .event_time = kNow, .n = step};
    }
    std::vector<TestFact> pushed;
    for (const auto& [key, fact] : facts) pushed.push_back(fact);
    const PushedBatch batch = PushOf(view, pushed, number);
    number += static_cast<std::int64_t>(pushed.size());
    log->Expect(1);
    ASSERT_TRUE(store.Push({&batch, 1}, log).ok());
    for (const auto& [key, fact] : facts) acknowledged[static_cast<std::size_t>(key)] = step;
    const bool flushed = random() % 20 != 0 || store.Flush().ok();
    ASSERT_TRUE(flushed);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace coeval
