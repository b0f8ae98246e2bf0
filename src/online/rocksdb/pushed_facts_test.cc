// Pushes into the embedded store: visible at once, whole, and the same from memory, from files and
// after a restart.
#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

using testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 5;

// What was pushed, as a log would give it back.
struct Logged {
  std::vector<TestFact> facts;
  TimeMicros c = 0;
  std::int64_t first_number = 0;
  std::int64_t record = 0;
};

class PushedFactsTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context(), options_);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
    for (const Logged& push : logged_) {
      if (push.record <= store_->LogApplied()) continue;
      const Status replayed =
          store_->Replay(PushOf(view_, push.facts, push.first_number), push.c, push.record);
      ASSERT_TRUE(replayed.ok()) << replayed.ToString();
    }
  }

  void Reopen() {
    store_.reset();
    Open();
  }

  // One push, and what it adds to all facts.
  TimeMicros Push(const std::vector<TestFact>& facts) {
    const PushedBatch batch = PushOf(view_, facts, number_);
    log_->Expect(1);
    const Result<TimeMicros> c = store_->Push({&batch, 1}, log_);
    EXPECT_TRUE(c.ok()) << c.status().ToString();
    if (!c.ok()) return 0;
    for (const TestFact& fact : AsPushed(facts, *c, number_)) all_.push_back(fact);
    logged_.push_back({facts, *c, number_, log_->record()});
    number_ += static_cast<std::int64_t>(facts.size());
    return *c;
  }

  // Facts of a batch source, which come with created times of their own.
  void Load(const std::vector<TestFact>& facts) {
    const auto committed = LoadFacts(*store_, view_, facts, {}, false, /*pushed=*/true);
    ASSERT_TRUE(committed.ok()) << committed.status().ToString();
    for (const TestFact& fact : facts) all_.push_back(fact);
  }

  // What the log holds of a push, by a load: it is there already, or it was pushed before the view.
  void CarryAgain(const Logged& push) {
    const std::vector<TestFact> facts = AsPushed(push.facts, push.c, push.first_number);
    const auto committed = LoadFacts(*store_, view_, facts, {}, false, /*pushed=*/true);
    ASSERT_TRUE(committed.ok()) << committed.status().ToString();
  }

  void TellRandomStory(std::uint64_t seed);

  // Every key, at `t`, against the oracle.
  void CheckAt(const OnlineSnapshot& snapshot, TimeMicros t) const {
    const auto answers = AskStore(snapshot, view_, kKeys, t);
    ASSERT_TRUE(answers.ok()) << answers.status().ToString();
    for (std::int64_t key = 0; key < kKeys; ++key) {
      ASSERT_EQ((*answers)[static_cast<std::size_t>(key)], AskPlainly(all_, view_, key, t))
          << "key " << key << " at " << t;
    }
  }

  void CheckNow() const {
    const auto snapshot = store_->Now();
    ASSERT_TRUE(snapshot.ok());
    CheckAt(**snapshot, (*snapshot)->time());
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  OnlineStoreOptions options_;
  ViewVersion view_ = TestView(TestSource(CreatedMeaning::kArrival), kHour);
  std::unique_ptr<OnlineStore> store_;
  std::shared_ptr<TestLog> log_ = std::make_shared<TestLog>();
  std::vector<TestFact> all_;
  std::vector<Logged> logged_;
  std::int64_t number_ = 1;
};

TEST_F(PushedFactsTest, AreVisibleFromTheirBatchOn) {
  const auto before = *store_->Now();
  const TimeMicros c = Push({{.key = 1, .event_time = kNow - kMinute, .n = 7}});
  EXPECT_GT(c, before->time());
  CheckAt(*before, before->time());
  const auto after = *store_->Now();
  EXPECT_GE(after->time(), c);
  CheckAt(*after, c);
  EXPECT_EQ((*AskStore(*after, view_, kKeys, c))[1].match, Match::kFound);
  EXPECT_EQ((*AskStore(*after, view_, kKeys, c - 1))[1].match, Match::kNotFound);
}

TEST_F(PushedFactsTest, GroupsTakeTimesThatFollowEachOther) {
  const std::vector<PushedBatch> batches = {
      PushOf(view_, {{.key = 1, .event_time = kNow, .n = 1}}, 1),
      PushOf(view_, {{.key = 1, .event_time = kNow, .n = 2}}, 2)};
  log_->Expect(2);
  const Result<TimeMicros> c = store_->Push(batches, log_);
  ASSERT_TRUE(c.ok()) << c.status().ToString();
  const auto snapshot = *store_->Now();
  EXPECT_GE(snapshot->time(), *c + 1);
  EXPECT_EQ((*AskStore(*snapshot, view_, kKeys, *c))[1].values[0].AsInt(), 1);
  EXPECT_EQ((*AskStore(*snapshot, view_, kKeys, *c + 1))[1].values[0].AsInt(), 2);
}

TEST_F(PushedFactsTest, LieInFilesAfterAFlushAndAreTheSame) {
  Push(
      {{.key = 1, .event_time = kNow - kMinute, .n = 7}, {.key = 2, .event_time = kNow, .x = 1.5}});
  EXPECT_EQ(store_->LogApplied(), 0);
  EXPECT_GT(store_->Stats().fresh_bytes, 0);
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_EQ(store_->LogApplied(), 1);
  EXPECT_EQ(store_->Stats().fresh_bytes, 0);
  EXPECT_EQ(store_->Stats().views.front().newest_event_time, kNow);
  CheckNow();
  Reopen();
  CheckNow();
}

// So that a log whose records feed no view need not be replayed for ever.
TEST_F(PushedFactsTest, RecordsWithoutFactsAreAppliedByAFlush) {
  Push({{.key = 1, .event_time = kNow - kMinute, .n = 7}});
  ASSERT_TRUE(store_->Flush().ok());
  const PushedBatch nothing{.views = {}, .log = "log"};
  log_->Expect(1);
  ASSERT_TRUE(store_->Push({&nothing, 1}, log_).ok());
  EXPECT_EQ(store_->LogApplied(), 1);
  ASSERT_TRUE(store_->Flush().ok());
  EXPECT_EQ(store_->LogApplied(), 2);
  Reopen();
  EXPECT_EQ(store_->LogApplied(), 2);
  CheckNow();
}

TEST_F(PushedFactsTest, OfALoadThatIsOnItsWayStay) {
  const LoadSpec spec = {.version = &view_, .ttl = kHour, .pushed = true};
  auto load = store_->BeginLoad(spec, clock_.context());
  ASSERT_TRUE(load.ok());
  const std::vector<TestFact> facts = {{.key = 1, .event_time = kNow - kMinute, .n = 1},
                                       {.key = 2, .event_time = kNow - kMinute, .n = 2}};
  ASSERT_TRUE((*load)->Add(RowsOf(view_.source, facts)).ok());
  ASSERT_TRUE((*load)->Seal().ok());
  Push({{.key = 1, .event_time = kNow, .n = 3}, {.key = 3, .event_time = kNow, .n = 4}});
  ASSERT_TRUE(store_->Flush().ok());
  ASSERT_TRUE((*load)->Commit({}).ok());
  for (const TestFact& fact : facts) all_.push_back(fact);
  CheckNow();
  ASSERT_TRUE(store_->Compact().ok());
  CheckNow();
}

TEST_F(PushedFactsTest, AreRefusedWhileAViewThatNothingIsPushedToIsFilled) {
  const auto load = store_->BeginLoad({.version = &view_, .ttl = kHour}, clock_.context());
  ASSERT_TRUE(load.ok());
  const PushedBatch batch = PushOf(view_, {{.key = 1, .event_time = kNow, .n = 1}}, 1);
  const auto pushed = store_->Push({&batch, 1}, log_);
  EXPECT_EQ(pushed.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(pushed.status().message(), HasSubstr("weather"));
}

// Time stands still before the C of a push that may still be found in the log.
TEST_F(PushedFactsTest, OfAFailedLogAreNeverSeen) {
  Push({{.key = 1, .event_time = kNow, .n = 1}});
  const PushedBatch batch = PushOf(view_, {{.key = 1, .event_time = kNow, .n = 2}}, number_);
  log_->FailAppends(true);
  log_->FailSettling(true);
  clock_.fixed->Set(kNow + kMinute);
  EXPECT_EQ(store_->Push({&batch, 1}, log_).status().code(), StatusCode::kIoError);
  clock_.fixed->Set(kNow + kHour);
  EXPECT_LT((*store_->Now())->time(), kNow + kMinute);
  CheckNow();
  EXPECT_FALSE(LoadFacts(*store_, view_, {}, {}, false, true).ok());
  log_->FailSettling(false);
  EXPECT_EQ(store_->Push({&batch, 1}, log_).status().code(), StatusCode::kIoError);
  EXPECT_EQ((*store_->Now())->time(), kNow + kHour);
  log_->FailAppends(false);
  Push({{.key = 2, .event_time = kNow, .n = 3}});
  CheckNow();
}

// What was pushed and what is carried from the log is one fact, by its writer and number.
TEST_F(PushedFactsTest, CarriedFromTheLogTheyAreTheSameFacts) {
  view_ = TestView(TestSource(), kHour);
  Push({{.key = 1, .event_time = kNow - kMinute, .n = 7}, {.key = 2, .event_time = kNow, .n = 8}});
  ASSERT_TRUE(store_->Flush().ok());
  const TimeMicros horizon = store_->horizon();
  const auto before = store_->StateHash(view_, horizon + kMinute);
  CarryAgain(logged_.front());
  CheckNow();
  ASSERT_TRUE(store_->Compact().ok());
  CheckNow();
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(*store_->StateHash(view_, horizon + kMinute), *before);
}

// Pushes, loads, flushes, compactions and restarts in any order; now and then pushes are carried
// from the log as well, as for a version that was applied after them.
void PushedFactsTest::TellRandomStory(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto pick = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  options_.fresh_bytes = 20'000;
  Reopen();
  TimeMicros now = kNow;
  for (int step = 0; step < 250; ++step) {
    now += pick(0, 40) * kSecond + 7;  // never a time that a fact of a batch source is created at
    clock_.fixed->Set(now);
    switch (pick(0, 9)) {
      case 0:
        Load(RandomFacts(random, 20, kKeys, kNow + (now - kNow) / kMinute * kMinute, true));
        if (!logged_.empty() && pick(0, 1) == 0) CarryAgain(logged_[random() % logged_.size()]);
        break;
      case 1:
        ASSERT_TRUE(store_->Flush().ok());
        break;
      case 2:
        ASSERT_TRUE(pick(0, 3) != 0 || store_->Compact().ok());
        break;
      case 3:
        if (pick(0, 3) == 0) Reopen();
        break;
      default: {
        const auto facts = static_cast<std::size_t>(pick(1, 8));
        Push(RandomFacts(random, facts, kKeys, now, false));
      }
    }
    CheckNow();
    const auto snapshot = *store_->Now();
    for (int i = 0; i < 3; ++i) {
      const TimeMicros from = std::max(snapshot->horizon(), now - 10 * kMinute);
      CheckAt(*snapshot,
              from + static_cast<TimeMicros>(
                         random() % static_cast<std::uint64_t>(snapshot->time() - from + 1)));
    }
    if (HasFailure()) return;
  }
}

TEST_F(PushedFactsTest, RandomStoriesAnswerAsTheRulesSay) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  TellRandomStory(seed);
}

// Each fact is known by the rule of its own: batch facts by event time and delay, pushed ones by
// when they arrived.
TEST_F(PushedFactsTest, RandomStoriesBesideABatchSourceOfVersionsToo) {
  view_ = TestView(TestSource(CreatedMeaning::kVersion, kMinute), kHour);
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  TellRandomStory(seed);
}

// Whatever comes in, goes to files or waits for room meanwhile.
TEST_F(PushedFactsTest, BatchesAreSeenWholeWhileOthersPush) {
  options_.fresh_bytes = 60'000;
  Reopen();
  std::atomic<bool> done{false};
  std::mutex numbers;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 3; ++writer) {
    writers.emplace_back([&, writer] {
      for (std::int64_t i = 0; i < 150; ++i) {
        std::vector<TestFact> facts;
        for (std::int64_t key = 0; key < kKeys; ++key) {
          facts.push_back({.key = key, .event_time = kNow, .n = i * 3 + writer});
        }
        // The log of a test is one for all.
        const std::lock_guard lock(numbers);
        Push(facts);
      }
    });
  }
  std::thread reader([&] {
    while (!done) {
      const auto snapshot = *store_->Now();
      const auto answers = *AskStore(*snapshot, view_, kKeys, snapshot->time());
      for (const TestAnswer& answer : answers) EXPECT_EQ(answer, answers.front());
    }
  });
  for (std::thread& writer : writers) writer.join();
  done = true;
  reader.join();
  CheckNow();
  ASSERT_TRUE(store_->Flush().ok());
  CheckNow();
}

TEST_F(PushedFactsTest, ManyOfOneKeyAreAnsweredFromFilesAsFromMemory) {
  constexpr std::int64_t kPushes = 200;
  for (std::int64_t push = 0; push < kPushes; ++push) {
    clock_.fixed->Set(kNow + push * 10 * kSecond);
    std::vector<TestFact> facts;
    for (std::int64_t i = 0; i < 50; ++i) {
      facts.push_back({.key = 0, .event_time = kNow + push * 10 * kSecond - i, .n = push});
    }
    Push(facts);
  }
  CheckNow();
  ASSERT_TRUE(store_->Flush().ok());
  CheckNow();
  // Facts of the last five minutes, and the one that holds at their begin.
  EXPECT_LE(store_->Verify(clock_.context())->facts, 50 * 32);
}

// What a comparison with the sources asks for, of one moment.
TEST_F(PushedFactsTest, ASnapshotTellsItsKeysAndTheirFacts) {
  const auto key_of = [&](std::int64_t city) {
    return EncodeKey(std::vector<Value>{Value::Int(city)}, view_.join_keys);
  };
  const auto facts_of = [&](const OnlineSnapshot& snapshot, std::int64_t city) {
    KeptFacts facts;
    EXPECT_TRUE(snapshot.AddFacts(view_, key_of(city), &facts).ok());
    std::set<TimeMicros> times;
    for (const KeptFact& fact : facts.facts()) times.insert(fact.times.event_time);
    return times;
  };
  const std::shared_ptr<const OnlineSnapshot> empty = *store_->Now();
  EXPECT_EQ(facts_of(*empty, 1), std::set<TimeMicros>());
  EXPECT_EQ(*empty->ForEachEntity(view_, [](std::string_view) { return Status(); }), 0);
  Load({{.key = 1, .event_time = kNow - 5, .n = 1}, {.key = 2, .event_time = kNow - 4, .n = 2}});
  Push({{.key = 1, .event_time = kNow - 3, .n = 3}});
  const std::shared_ptr<const OnlineSnapshot> snapshot = *store_->Now();
  Load({{.key = 3, .event_time = kNow - 2, .n = 4}});
  for (const bool flushed : {false, true}) {
    ASSERT_TRUE(!flushed || store_->Flush().ok());
    EXPECT_EQ(facts_of(*snapshot, 1), (std::set<TimeMicros>{kNow - 5, kNow - 3}));
    EXPECT_EQ(facts_of(*snapshot, 3), std::set<TimeMicros>());
    std::set<std::string> keys;
    const auto missed = snapshot->ForEachEntity(view_, [&](std::string_view key) {
      keys.emplace(key);
      return Status();
    });
    ASSERT_TRUE(missed.ok());
    EXPECT_EQ(*missed, 0);
    EXPECT_EQ(keys, (std::set<std::string>{key_of(1), key_of(2)}));
  }
  EXPECT_LT(snapshot->Progress(view_).committed, store_->Progress(view_).committed);
  EXPECT_EQ(snapshot->ForEachEntity(view_, [](std::string_view) { return Status::Cancelled("no"); })
                .status()
                .code(),
            StatusCode::kCancelled);
}

}  // namespace
}  // namespace coeval
