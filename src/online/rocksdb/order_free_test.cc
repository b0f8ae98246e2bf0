// Rule 3.6: collapsed at one horizon, what a store holds is a function of the set of facts. The
// same facts come in by every way that there is, each time in another order or other batches, some
// of them twice, with flushes, evictions and restarts elsewhere: the same bytes remain. The proof
// is worth what it finds: tests/mutants changes rules one by one, and this must notice.
#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 4;
constexpr int kOrders = 5;
constexpr std::size_t kSetsOfStore = 50;  // each a view of its own
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStores = 1;
#else
constexpr std::size_t kStores = 6;
#endif

// One store, opened again and again.
class OneStore {
 public:
  explicit OneStore(const std::vector<ViewVersion>& views) : views_(views) { Open(); }

  void Open() {
    // Room for a few rows: what is read goes out again, and what is pushed goes into files.
    const OnlineStoreOptions options = {.fresh_bytes = 60'000, .cache_bytes = 16 << 10};
    store_.reset();
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context(), options);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }

  void SetTime(TimeMicros now) { clock_.fixed->Set(now); }

  // Answers, which put rows into memory and others out of it.
  void Read(std::mt19937_64& random) const {
    const auto snapshot = *store_->Now();
    const ViewVersion& view = views_[random() % views_.size()];
    ASSERT_TRUE(AskStore(*snapshot, view, kKeys, snapshot->time()).ok());
  }

  // What is there of each view.
  [[nodiscard]] std::vector<std::string> StateAt(TimeMicros horizon) const {
    EXPECT_TRUE(store_->Flush().ok());
    std::vector<std::string> states;
    for (const ViewVersion& view : views_) {
      const auto hash = store_->StateHash(view, horizon);
      EXPECT_TRUE(hash.ok()) << hash.status().ToString();
      states.push_back(hash.ok() ? *hash : "");
    }
    return states;
  }

  OnlineStore* operator->() const { return store_.get(); }

 private:
  const std::vector<ViewVersion>& views_;
  TestFolder folder_;
  TestClock clock_{kNow};
  std::unique_ptr<OnlineStore> store_;
};

// A push of one view's facts, as the log has it.
struct Arrival {
  std::size_t view = 0;
  std::vector<TestFact> facts;
  TimeMicros c = 0;
  std::int64_t record = 0;
  std::int64_t first_number = 0;
};

class OrderFreeTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::uint64_t seed = std::random_device{}();
    random_.seed(seed);
    std::cout << "seed " << seed << std::endl;
  }

  std::int64_t Pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  bool OneIn(std::int64_t n) { return Pick(1, n) == 1; }

  std::vector<ViewVersion> Views() {
    std::vector<ViewVersion> views;
    for (std::size_t i = 0; i < kSetsOfStore; ++i) {
      const auto created = OneIn(2) ? CreatedMeaning::kArrival : CreatedMeaning::kVersion;
      const DurationMicros ttl = OneIn(3) ? 0 : Pick(2, 20) * kMinute;
      views.push_back(
          TestView(TestSource(created, Pick(0, 2) * kMinute), ttl, "weather" + std::to_string(i)));
    }
    return views;
  }

  // Facts of a batch source, in some order, some twice, in some loads, each in some pieces.
  void Load(OneStore& store, const ViewVersion& view, std::vector<TestFact> facts) {
    const std::size_t count = facts.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (OneIn(4)) facts.push_back(facts[i]);
    }
    std::shuffle(facts.begin(), facts.end(), random_);
    for (std::size_t begin = 0; begin < facts.size();) {
      const auto load = *store->BeginLoad({.version = &view, .ttl = view.view.ttl}, Context());
      for (bool more = true; more && begin < facts.size(); more = !OneIn(3)) {
        const std::size_t end = std::min(facts.size(), begin + 1 + random_() % 30);
        const std::vector<TestFact> piece(facts.begin() + static_cast<std::ptrdiff_t>(begin),
                                          facts.begin() + static_cast<std::ptrdiff_t>(end));
        ASSERT_TRUE(load->Add(RowsOf(view.source, piece)).ok());
        begin = end;
      }
      ASSERT_TRUE(load->Seal().ok());
      ASSERT_TRUE(load->Commit({}).ok());
    }
  }

  std::vector<std::string> Materialized(const std::vector<ViewVersion>& views,
                                        const std::vector<std::vector<TestFact>>& sets,
                                        TimeMicros horizon) {
    OneStore store(views);
    for (std::size_t i = 0; i < views.size(); ++i) {
      Load(store, views[i], sets[i]);
      if (OneIn(10)) store.Read(random_);
      if (OneIn(20)) store.Open();
      if (OneIn(20)) {
        EXPECT_TRUE(store->Compact().ok());
      }
      if (HasFailure()) return {};
    }
    return store.StateAt(horizon);
  }

  // Pushes by the minute. The C of each is the minute's plus its place in it, however they are
  // grouped.
  std::vector<std::vector<Arrival>> Arrivals() {
    std::vector<std::vector<Arrival>> minutes(30);
    std::int64_t record = 0;
    std::int64_t number = 1;
    TimeMicros now = kNow;
    for (std::vector<Arrival>& minute : minutes) {
      now += kMinute;
      const std::int64_t count = Pick(1, 20);
      for (std::int64_t i = 0; i < count; ++i) {
        Arrival arrival;
        arrival.view = random_() % kSetsOfStore;
        arrival.facts = RandomFacts(random_, random_() % 6 + 1, kKeys, now, false);
        arrival.c = now + i;
        arrival.record = ++record;
        arrival.first_number = number;
        number += static_cast<std::int64_t>(arrival.facts.size());
        minute.push_back(std::move(arrival));
      }
    }
    return minutes;
  }

  static PushedBatch BatchOf(const std::vector<ViewVersion>& views, const Arrival& arrival) {
    return PushOf(views[arrival.view], arrival.facts, arrival.first_number);
  }

  // What the store says before the next push: some of it makes no difference.
  void Meanwhile(OneStore& store) {
    const bool flushed = !OneIn(6) || store->Flush().ok();
    const bool compacted = !OneIn(60) || store->Compact().ok();
    ASSERT_TRUE(flushed && compacted);
    if (OneIn(4)) store.Read(random_);
  }

  // After a restart the log brings back what files do not hold, and some of what they do.
  void Replay(OneStore& store, const std::vector<ViewVersion>& views,
              const std::vector<std::vector<Arrival>>& minutes, std::int64_t last) {
    const std::int64_t from = store->LogApplied() - (OneIn(2) ? 0 : Pick(0, 20));
    for (const std::vector<Arrival>& minute : minutes) {
      for (const Arrival& arrival : minute) {
        if (arrival.record <= from || arrival.record > last) continue;
        const Status status = store->Replay(BatchOf(views, arrival), arrival.c, arrival.record);
        ASSERT_TRUE(status.ok()) << status.ToString();
      }
    }
  }

  std::vector<std::string> Pushed(const std::vector<ViewVersion>& views,
                                  const std::vector<std::vector<Arrival>>& minutes,
                                  TimeMicros horizon) {
    OneStore store(views);
    auto log = std::make_shared<TestLog>();
    TimeMicros now = kNow;
    for (const std::vector<Arrival>& minute : minutes) {
      store.SetTime(now += kMinute);
      for (std::size_t begin = 0; begin < minute.size();) {
        const std::size_t end = std::min(minute.size(), begin + 1 + random_() % 5);
        std::vector<PushedBatch> group;
        for (std::size_t i = begin; i < end; ++i) group.push_back(BatchOf(views, minute[i]));
        log->Expect(std::ssize(group));
        const auto c = store->Push(group, log);
        EXPECT_TRUE(c.ok()) << c.status().ToString();
        if (!c.ok()) return {};
        EXPECT_EQ(*c, minute[begin].c);
        Meanwhile(store);
        begin = end;
      }
      if (OneIn(8)) {
        store.Open();
        Replay(store, views, minutes, log->record());
      }
      if (HasFailure()) return {};
    }
    return store.StateAt(horizon);
  }

  std::vector<std::string> Replayed(const std::vector<ViewVersion>& views,
                                    const std::vector<std::vector<Arrival>>& minutes,
                                    TimeMicros horizon) {
    OneStore store(views);
    const std::int64_t last = minutes.back().back().record;
    for (std::int64_t record = 0; record < last;) {
      record = std::min(last, record + Pick(1, last / 3));
      Replay(store, views, minutes, record);
      Meanwhile(store);
      if (OneIn(2)) store.Open();
      if (HasFailure()) return {};
    }
    Replay(store, views, minutes, last);
    return store.StateAt(horizon);
  }

  std::mt19937_64 random_;
};

TEST_F(OrderFreeTest, WhatIsMaterializedInAnyOrderIsTheSame) {
  for (std::size_t i = 0; i < kStores; ++i) {
    const std::vector<ViewVersion> views = Views();
    std::vector<std::vector<TestFact>> sets;
    for (std::size_t set = 0; set < views.size(); ++set) {
      sets.push_back(RandomFacts(random_, random_() % 120 + 1, kKeys, kNow, true));
    }
    const TimeMicros horizon = kNow + Pick(0, 10) * kMinute;
    const std::vector<std::string> first = Materialized(views, sets, horizon);
    for (int order = 1; order < kOrders; ++order) {
      ASSERT_EQ(Materialized(views, sets, horizon), first) << "store " << i << " order " << order;
    }
  }
  std::cout << "proof: order-free, " << kStores * kSetsOfStore << " sets of facts in " << kOrders
            << " orders each: equal bytes" << std::endl;
}

TEST_F(OrderFreeTest, WhatIsPushedOrReplayedInAnyGroupsIsTheSame) {
  for (std::size_t i = 0; i < kStores; ++i) {
    const std::vector<ViewVersion> views = Views();
    const std::vector<std::vector<Arrival>> minutes = Arrivals();
    const TimeMicros horizon = kNow + std::ssize(minutes) * kMinute;
    const std::vector<std::string> first = Pushed(views, minutes, horizon);
    for (int order = 1; order < kOrders; ++order) {
      ASSERT_EQ(Pushed(views, minutes, horizon), first) << "store " << i << " order " << order;
    }
    for (int order = 0; order < kOrders; ++order) {
      ASSERT_EQ(Replayed(views, minutes, horizon), first) << "store " << i << " order " << order;
    }
  }
}

}  // namespace
}  // namespace coeval
