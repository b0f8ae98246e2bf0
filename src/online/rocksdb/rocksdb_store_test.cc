#include "online/rocksdb/rocksdb_store.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
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

class RocksDbStoreTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    Result<std::unique_ptr<OnlineStore>> store = TryOpen();
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }

  [[nodiscard]] Result<std::unique_ptr<OnlineStore>> TryOpen() const {
    return OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
  }

  void Reopen() {
    store_.reset();
    Open();
  }

  void Compact() { ASSERT_TRUE(store_->Compact().ok()); }

  Committed Load(const ViewVersion& view, const std::vector<TestFact>& facts,
                 const LoadCommit& commit = {}, bool replace = false) {
    Result<Committed> committed = LoadFacts(*store_, view, facts, commit, replace);
    EXPECT_TRUE(committed.ok()) << committed.status().ToString();
    return committed.ok() ? *committed : Committed{};
  }

  [[nodiscard]] std::shared_ptr<const OnlineSnapshot> Now() const { return *store_->Now(); }

  [[nodiscard]] std::vector<TestAnswer> Ask(const ViewVersion& view) const {
    const auto snapshot = Now();
    return *AskStore(*snapshot, view, kKeys, snapshot->time());
  }

  // Every answer that may be asked for is that of all facts together.
  void ExpectLikeAllFacts(const ViewVersion& view, const std::vector<TestFact>& facts) {
    const auto snapshot = Now();
    for (TimeMicros t : {snapshot->horizon(), snapshot->horizon() + 1,
                         snapshot->horizon() + kMinute, snapshot->time() - 1, snapshot->time()}) {
      t = std::clamp(t, snapshot->horizon(), snapshot->time());
      const auto answers = AskStore(*snapshot, view, kKeys, t);
      ASSERT_TRUE(answers.ok()) << answers.status().ToString();
      for (std::int64_t key = 0; key < kKeys; ++key) {
        ASSERT_EQ((*answers)[static_cast<std::size_t>(key)], AskPlainly(facts, view, key, t))
            << "key " << key << " at " << t << ", horizon " << snapshot->horizon();
      }
    }
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  std::unique_ptr<OnlineStore> store_;
};

TEST_F(RocksDbStoreTest, WhatWasLoadedIsServedAndSurvivesARestart) {
  const ViewVersion view = TestView(TestSource());
  Load(view, {{.key = 1, .event_time = kNow - kMinute, .n = 7, .x = -0.0}},
       {.watermark = kNow, .change_token = ""});
  for (int restart = 0; restart < 2; ++restart) {
    const TestAnswer answer = Ask(view)[1];
    EXPECT_EQ(answer.match, Match::kFound);
    EXPECT_EQ(answer.event_time, kNow - kMinute);
    EXPECT_TRUE(SameBits(answer.values[0], Value::Int(7)));
    EXPECT_TRUE(SameBits(answer.values[1], Value::Double(-0.0)));
    EXPECT_EQ(Ask(view)[0].match, Match::kNotFound);
    EXPECT_EQ(store_->Progress(view).watermark, kNow);
    Reopen();
  }
}

// Many facts are written by all threads, each its own range of keys; few make one file.
TEST_F(RocksDbStoreTest, PartsHoldEveryKeyOnce) {
  const ViewVersion view = TestView(TestSource());
  constexpr std::int64_t kMany = 150'000;
  std::vector<TestFact> facts;
  for (std::int64_t key = 0; key < kMany; ++key) {
    facts.push_back({.key = key, .event_time = kNow - kMinute, .n = 3 * key});
  }
  for (const std::size_t files : {2, 1}) {
    const auto load = store_->BeginLoad({.version = &view}, clock_.context());
    ASSERT_TRUE(load.ok());
    ASSERT_TRUE((*load)->Add(RowsOf(view.source, facts)).ok());
    const Result<LoadSummary> summary = (*load)->Seal();
    ASSERT_TRUE(summary.ok());
    EXPECT_EQ(summary->keys_written, static_cast<std::int64_t>(facts.size()));
    const std::filesystem::directory_iterator staged(folder_ / "online/staging");
    EXPECT_EQ(static_cast<std::size_t>(std::distance(begin(staged), end(staged))), files);
    ASSERT_TRUE((*load)->Commit({}).ok());
    facts.resize(1000);
  }
  const auto snapshot = Now();
  const auto answers = AskStore(*snapshot, view, kMany, snapshot->time());
  ASSERT_TRUE(answers.ok());
  for (std::int64_t key = 0; key < kMany; ++key) {
    const TestAnswer& answer = (*answers)[static_cast<std::size_t>(key)];
    ASSERT_EQ(answer.match, Match::kFound) << "key " << key;
    ASSERT_TRUE(SameBits(answer.values[0], Value::Int(3 * key))) << "key " << key;
  }
}

TEST_F(RocksDbStoreTest, NothingIsVisibleBeforeTheCommitAndNothingStaysWithoutIt) {
  const ViewVersion view = TestView(TestSource());
  {
    const auto load = store_->BeginLoad({.version = &view}, clock_.context());
    ASSERT_TRUE(load.ok());
    ASSERT_TRUE((*load)->Add(RowsOf(view.source, {{.key = 1, .event_time = kNow, .n = 1}})).ok());
    ASSERT_TRUE((*load)->Seal().ok());
    EXPECT_EQ(Ask(view)[1].match, Match::kNotFound);
    EXPECT_EQ(store_->BeginLoad({.version = &view}, clock_.context()).status().code(),
              StatusCode::kUnavailable);
  }
  EXPECT_EQ(Ask(view)[1].match, Match::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "online/staging"));
  EXPECT_FALSE(store_->Progress(view).watermark.has_value());
}

// Rule 1.4: one materialization is one batch, whatever the number of its views.
TEST_F(RocksDbStoreTest, LoadsCommittedTogetherBecomeVisibleTogether) {
  const ViewVersion first = TestView(TestSource(), 0, "first");
  const ViewVersion second = TestView(TestSource(), 0, "second");
  const auto a = *store_->BeginLoad({.version = &first}, clock_.context());
  const auto b = *store_->BeginLoad({.version = &second}, clock_.context());
  for (FactLoad* load : {a.get(), b.get()}) {
    ASSERT_TRUE(load->Add(RowsOf(first.source, {{.key = 1, .event_time = kNow, .n = 1}})).ok());
    ASSERT_TRUE(load->Seal().ok());
  }
  const auto before = Now();
  FactLoad* const loads[] = {a.get(), b.get()};
  const LoadCommit commits[] = {{.watermark = kNow, .change_token = ""},
                                {.watermark = kNow - 1, .change_token = ""}};
  const Result<Committed> committed = store_->CommitTogether(loads, commits);
  ASSERT_TRUE(committed.ok());
  EXPECT_EQ(committed->c, before->time() + 1);
  EXPECT_EQ(Ask(first)[1].match, Match::kFound);
  EXPECT_EQ(Ask(second)[1].match, Match::kFound);
  EXPECT_EQ(store_->Progress(second).watermark, kNow - 1);
  // A snapshot is a moment: what came later is not in it.
  EXPECT_EQ((*AskStore(*before, first, kKeys, before->time()))[1].match, Match::kNotFound);
}

TEST_F(RocksDbStoreTest, AQuestionBeforeTheHorizonIsTooOldAndOneAfterNowIsAMistake) {
  const ViewVersion view = TestView(TestSource());
  Load(view, {{.key = 1, .event_time = kNow - kHour, .n = 1}});
  const auto snapshot = Now();
  EXPECT_EQ(snapshot->horizon(), kNow - 5 * kMinute);
  EXPECT_TRUE(AskStore(*snapshot, view, kKeys, snapshot->horizon()).ok());
  const Status old = AskStore(*snapshot, view, kKeys, snapshot->horizon() - 1).status();
  EXPECT_EQ(old.code(), StatusCode::kTooOld);
  EXPECT_THAT(old.message(), HasSubstr("horizon 2013-01-01T11:55:00Z"));
  EXPECT_EQ(AskStore(*snapshot, view, kKeys, snapshot->time() + 1).status().code(),
            StatusCode::kInvalidArgument);
}

// The horizon never goes back, and a clock that steps by an hour leaves no key without its fact.
TEST_F(RocksDbStoreTest, StepsOfTheClockGiveNoNulls) {
  const ViewVersion view = TestView(TestSource());
  Load(view, {{.key = 1, .event_time = kNow - kMinute, .n = 1}});
  TimeMicros horizon = store_->horizon();
  for (const DurationMicros step : {kHour, -kHour, -kHour, kHour, 2 * kHour, -3 * kHour}) {
    clock_.fixed->Set(*clock_.fixed->Now() + step);
    EXPECT_EQ(Ask(view)[1].match, Match::kFound);
    Load(view, {{.key = 2, .event_time = kNow, .n = 2}});
    EXPECT_EQ(Ask(view)[1].match, Match::kFound);
    EXPECT_EQ(Ask(view)[2].match, Match::kFound);
    EXPECT_GE(store_->horizon(), horizon);
    horizon = store_->horizon();
    Reopen();
    EXPECT_EQ(Ask(view)[1].match, Match::kFound);
    EXPECT_EQ(store_->horizon(), horizon);
  }
}

// Random stories: late rows, ties, deletes, facts of the future, restarts, compactions.
TEST_F(RocksDbStoreTest, EveryAnswerIsThatOfAllFactsTogether) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int story = 0; story < 12; ++story) {
    const Source source = std::vector<Source>{
        TestSource(), TestSource(CreatedMeaning::kVersion, 3 * kMinute),
        TestSource(CreatedMeaning::kArrival), TimelessTestSource()}[random() % 4];
    const DurationMicros ttl =
        source.timeless || random() % 2 == 0 ? 0 : static_cast<int>(1 + random() % 12) * kMinute;
    const ViewVersion view = TestView(source, ttl, "story" + std::to_string(story));
    std::vector<TestFact> all;
    for (int run = 0; run < 8; ++run) {
      clock_.fixed->Set(*clock_.fixed->Now() + (static_cast<int>(random() % 8) - 2) * kMinute);
      std::vector<TestFact> some =
          RandomFacts(random, random() % 40, kKeys, *clock_.fixed->Now(), true);
      if (!all.empty()) some.push_back(all[random() % all.size()]);  // carried again
      // What no t >= H can see may be left out by whoever carries it, and changes nothing.
      Load(view, some);
      all.insert(all.end(), some.begin(), some.end());
      if (random() % 4 == 0) Reopen();
      if (random() % 4 == 0) Compact();
      ExpectLikeAllFacts(view, all);
      if (HasFatalFailure()) return;
    }
    const Result<VerifyReport> report = store_->Verify(clock_.context());
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->problem_count, 0) << report->problems[0].ToText();
  }
}

// Rule 3.6: collapsed, the state is a function of the set of facts and H.
TEST_F(RocksDbStoreTest, TheStateDoesNotDependOnOrderRepetitionOrBatches) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const ViewVersion view = TestView(TestSource(CreatedMeaning::kArrival), 20 * kMinute);
  std::vector<TestFact> facts = RandomFacts(random, 200, kKeys, kNow, true);
  const TimeMicros horizon = kNow + kMinute;
  std::string expected;
  for (int round = 0; round < 8; ++round) {
    ASSERT_TRUE(store_->Drop(view.data_identity).ok());
    std::shuffle(facts.begin(), facts.end(), random);
    std::vector<TestFact> sent = facts;
    sent.insert(sent.end(), facts.begin(), facts.begin() + static_cast<int>(random() % 200));
    for (std::size_t begin = 0; begin < sent.size();) {
      const std::size_t end = std::min(sent.size(), begin + 1 + random() % 150);
      Load(view, {sent.begin() + static_cast<std::ptrdiff_t>(begin),
                  sent.begin() + static_cast<std::ptrdiff_t>(end)});
      begin = end;
      if (random() % 3 == 0) Compact();
    }
    const std::string hash = *store_->StateHash(view, horizon);
    if (round == 0) expected = hash;
    EXPECT_EQ(hash, expected) << "round " << round;
  }
  facts.push_back({.key = 0, .event_time = kNow + kHour, .n = 1});
  Load(view, facts);
  EXPECT_NE(*store_->StateHash(view, horizon), expected);
}

// Rule 3.6: dropped by compaction at the latest.
TEST_F(RocksDbStoreTest, CompactionLetsGoWhatNoQuestionCanSee) {
  const ViewVersion view = TestView(TestSource());
  const ViewVersion expiring = TestView(TestSource(), kMinute, "expiring");
  std::vector<TestFact> facts;
  for (int i = 0; i < 10; ++i) {
    facts.push_back({.key = 1, .event_time = kNow + i * kMinute, .n = i});
  }
  Load(view, facts);
  Load(expiring, facts);
  EXPECT_EQ(store_->Verify(clock_.context())->facts, 20);
  clock_.fixed->Set(kNow + kDay);
  Load(TestView(TestSource(), 0, "other"), {});  // moves the horizon
  Compact();
  const VerifyReport report = *store_->Verify(clock_.context());
  EXPECT_EQ(report.facts, 1);
  EXPECT_EQ(report.keys, 1);
  EXPECT_EQ(Ask(view)[1].event_time, kNow + 9 * kMinute);
}

// Rule 7.7: a timeless view is carried as one batch that replaces the last.
TEST_F(RocksDbStoreTest, AReplacedBatchLeavesNothingOfTheLast) {
  const ViewVersion view = TestView(TimelessTestSource());
  Load(view, {{.key = 1, .n = 1}, {.key = 2, .n = 2}}, {.watermark = kNow, .change_token = "one"});
  auto before = Now();
  Load(view, {{.key = 2, .n = 3}}, {.watermark = kNow, .change_token = "two"}, true);
  EXPECT_EQ(Ask(view)[1].match, Match::kNotFound);
  EXPECT_TRUE(SameBits(Ask(view)[2].values[0], Value::Int(3)));
  EXPECT_EQ(store_->Progress(view).change_token, "two");
  // A reader that began before goes on with what it saw.
  EXPECT_TRUE(
      SameBits((*AskStore(*before, view, kKeys, before->time()))[1].values[0], Value::Int(1)));
  before.reset();
  Reopen();
  Compact();
  EXPECT_EQ(store_->Verify(clock_.context())->keys, 1);
  EXPECT_EQ(store_->Stats().approximate_keys, 1);
}

// Also one who began before other commits that came in between.
TEST_F(RocksDbStoreTest, WhatAReaderBeganWithStaysWhateverCameSince) {
  const ViewVersion view = TestView(TestSource());
  const ViewVersion other = TestView(TestSource(), 0, "other");
  Load(view, {{.key = 1, .event_time = kNow, .n = 1}});
  Load(other, {{.key = 1, .event_time = kNow, .n = 2}});
  auto before = Now();
  Load(other, {{.key = 1, .event_time = kNow, .n = 3}});
  ASSERT_TRUE(store_->Drop(view.data_identity).ok());
  Load(other, {{.key = 2, .event_time = kNow, .n = 4}}, {}, true);
  Compact();
  EXPECT_EQ((*AskStore(*before, view, kKeys, before->time()))[1].match, Match::kFound);
  const auto answers = *AskStore(*before, other, kKeys, before->time());
  EXPECT_TRUE(SameBits(answers[1].values[0], Value::Int(2)));
  before.reset();
  Compact();
  EXPECT_EQ(store_->Verify(clock_.context())->keys, 1);
}

TEST_F(RocksDbStoreTest, ADroppedViewIsGoneAndItsSpaceComesBack) {
  const ViewVersion view = TestView(TestSource());
  const ViewVersion other = TestView(TestSource(), 0, "other");
  Load(view, {{.key = 1, .event_time = kNow, .n = 1}}, {.watermark = kNow, .change_token = ""});
  Load(other, {{.key = 1, .event_time = kNow, .n = 1}});
  ASSERT_TRUE(store_->Drop(view.data_identity).ok());
  ASSERT_TRUE(store_->Drop(view.data_identity).ok());
  for (int restart = 0; restart < 2; ++restart) {
    EXPECT_EQ(Ask(view)[1].match, Match::kNotFound);
    EXPECT_EQ(Ask(other)[1].match, Match::kFound);
    EXPECT_FALSE(store_->Progress(view).watermark.has_value());
    Reopen();
  }
  Compact();
  EXPECT_EQ(store_->Stats().approximate_keys, 1);
  // It may come again, under another number.
  Load(view, {{.key = 2, .event_time = kNow, .n = 1}});
  EXPECT_EQ(Ask(view)[1].match, Match::kNotFound);
  EXPECT_EQ(Ask(view)[2].match, Match::kFound);
}

// Rule 8.2: versions that differ only in ttl share their data; the longer one must be filled first.
TEST_F(RocksDbStoreTest, ALongerTtlHasNoWatermarkUntilItIsFilled) {
  const ViewVersion brief = TestView(TestSource(), kMinute);
  const ViewVersion longer = TestView(TestSource(), kHour);
  const ViewVersion endless = TestView(TestSource(), 0);
  const std::vector<TestFact> facts = {{.key = 1, .event_time = kNow - 30 * kMinute, .n = 1},
                                       {.key = 2, .event_time = kNow, .n = 2}};
  const LoadCommit commit = {.watermark = kNow, .change_token = ""};
  Load(brief, facts, commit);
  EXPECT_EQ(store_->Progress(brief).watermark, kNow);
  EXPECT_FALSE(store_->Progress(longer).watermark.has_value());
  Load(longer, facts, commit);
  EXPECT_EQ(store_->Progress(longer).watermark, kNow);
  EXPECT_EQ(Ask(brief)[1].match, Match::kNotFound);
  EXPECT_EQ(Ask(longer)[1].match, Match::kFound);
  Load(brief, {}, commit);  // the ttl of the data never shrinks
  EXPECT_EQ(store_->Progress(longer).watermark, kNow);
  EXPECT_FALSE(store_->Progress(endless).watermark.has_value());
  Load(endless, facts, {});
  EXPECT_FALSE(store_->Progress(endless).watermark.has_value());
}

TEST_F(RocksDbStoreTest, ReadsGoOnDuringLoadsAndNeverSeeHalfOfOne) {
  const ViewVersion view = TestView(TestSource());
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> loaded{0};
  std::thread reader([&] {
    while (!stop) {
      const std::int64_t least = loaded;
      const std::vector<TestAnswer> answers = Ask(view);
      for (std::int64_t key = 1; key < kKeys; ++key) {
        ASSERT_EQ(answers[static_cast<std::size_t>(key)], answers[0]);
      }
      if (least > 0) {
        ASSERT_GE(answers[0].values[0].AsInt(), least);
      }
    }
  });
  for (std::int64_t i = 1; i <= 60; ++i) {
    std::vector<TestFact> facts;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      facts.push_back({.key = key, .event_time = kNow - kHour + i, .n = i});
    }
    Load(view, facts);
    loaded = i;
    if (i % 20 == 0) Compact();
  }
  stop = true;
  reader.join();
}

TEST_F(RocksDbStoreTest, OneProcessOwnsAStore) {
  const Status status = TryOpen().status();
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr("process " + std::to_string(::getpid())));
  store_.reset();
  EXPECT_TRUE(TryOpen().ok());
}

TEST_F(RocksDbStoreTest, ANewerFormatIsRefusedWithWhatToDo) {
  store_.reset();
  const std::string path = folder_ / "online/FORMAT";
  std::ofstream(path) << R"({"format":3,"oldest_reader":2,"release":"0.7.1"})";
  const Status status = TryOpen().status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("0.7.1"));
  EXPECT_THAT(status.message(), HasSubstr("materialize-incremental"));
  // A newer format that says this reader will do.
  std::ofstream(path) << R"({"format":3,"oldest_reader":1,"release":"0.7.1"})";
  EXPECT_TRUE(TryOpen().ok());
  std::ofstream(path) << "no stamp";
  EXPECT_EQ(TryOpen().status().code(), StatusCode::kCorruption);
}

TEST_F(RocksDbStoreTest, ProjectsInOneStoreDoNotMeet) {
  const ViewVersion view = TestView(TestSource());
  Load(view, {{.key = 1, .event_time = kNow, .n = 1}});
  store_.reset();
  {
    auto other = OpenRocksDbStore(folder_ / "online", "other", clock_.context());
    ASSERT_TRUE(other.ok());
    store_ = std::move(*other);
    EXPECT_EQ(Ask(view)[1].match, Match::kNotFound);
    EXPECT_EQ(store_->horizon(), kMinTime);
    Load(view, {{.key = 1, .event_time = kNow, .n = 2}});
  }
  Reopen();
  EXPECT_TRUE(SameBits(Ask(view)[1].values[0], Value::Int(1)));
}

TEST_F(RocksDbStoreTest, ACancelledLoadLeavesNothing) {
  const ViewVersion view = TestView(TestSource());
  Context context = clock_.context();
  const auto load = *store_->BeginLoad({.version = &view}, context);
  ASSERT_TRUE(load->Add(RowsOf(view.source, {{.key = 1, .event_time = kNow}})).ok());
  context.cancel->Cancel();
  EXPECT_EQ(load->Add(RowsOf(view.source, {{.key = 1, .event_time = kNow}})).code(),
            StatusCode::kCancelled);
  ASSERT_TRUE(load->Seal().ok());
  EXPECT_EQ(load->Commit({}).status().code(), StatusCode::kCancelled);
}

TEST_F(RocksDbStoreTest, StatsSayWhatIsThere) {
  Load(TestView(TestSource(), kHour, "b"),
       {{.key = 1, .event_time = kNow - 5}, {.key = 2, .event_time = kNow - 9}},
       {.watermark = kNow - 1, .change_token = ""});
  Load(TestView(TimelessTestSource(), 0, "a"), {{.key = 1}});
  Reopen();
  const OnlineStats stats = store_->Stats();
  ASSERT_EQ(stats.views.size(), 2U);
  EXPECT_EQ(stats.views[0].name, "a");
  EXPECT_EQ(stats.views[0].newest_event_time, kMinTime);
  EXPECT_EQ(stats.views[1].newest_event_time, kNow - 5);
  EXPECT_EQ(stats.views[1].ttl, kHour);
  EXPECT_EQ(stats.views[1].progress.watermark, kNow - 1);
  EXPECT_EQ(stats.views[1].progress.rows, 2);
  EXPECT_GT(stats.bytes_on_disk, 0);
  EXPECT_EQ(stats.last_c, kNow + 1);
  EXPECT_EQ(stats.approximate_keys, 3);
}

}  // namespace
}  // namespace coeval
