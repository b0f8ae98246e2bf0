// Checkpoints of the embedded store: what the files hold at one moment, as a store of its own.
#include "online/rocksdb/checkpoint.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"
#include "online/time_keeper.h"

namespace coeval {
namespace {

using testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 4;

class CheckpointTest : public testing::Test {
 protected:
  void SetUp() override { store_ = OpenAt(folder_ / "online"); }

  [[nodiscard]] std::unique_ptr<OnlineStore> OpenAt(const std::string& path) {
    auto store = OpenRocksDbStore(path, "flights", clock_.context(), options_);
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    return store.ok() ? std::move(*store) : nullptr;
  }

  void Load(std::int64_t key, std::int64_t n) {
    const auto committed = LoadFacts(
        *store_, view_, {{.key = key, .event_time = kNow - 1, .created = kNow - 1, .n = n}}, {},
        false, /*pushed=*/true);
    ASSERT_TRUE(committed.ok()) << committed.status().ToString();
  }

  Result<TimeMicros> Push(std::int64_t key, std::int64_t n) {
    const PushedBatch batch =
        PushOf(view_, {{.key = key, .event_time = kNow, .n = n}}, next_number_++);
    log_->Expect(1);
    return store_->Push({&batch, 1}, log_);
  }

  std::string Checkpoint(const std::function<Status()>& at_point = {}) {
    auto made = store_->Checkpoint(at_point);
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return made.ok() ? *made : "";
  }

  [[nodiscard]] std::vector<TestAnswer> Ask(OnlineStore& store) const {
    const auto snapshot = store.Now();
    EXPECT_TRUE(snapshot.ok()) << snapshot.status().ToString();
    if (!snapshot.ok()) return {};
    const auto answers = AskStore(**snapshot, view_, kKeys, (*snapshot)->time());
    EXPECT_TRUE(answers.ok()) << answers.status().ToString();
    return answers.ok() ? *answers : std::vector<TestAnswer>();
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  OnlineStoreOptions options_;
  ViewVersion view_ = TestView(TestSource(CreatedMeaning::kArrival), kHour);
  std::unique_ptr<OnlineStore> store_;
  std::shared_ptr<TestLog> log_ = std::make_shared<TestLog>();
  std::int64_t next_number_ = 1;
};

TEST_F(CheckpointTest, ACheckpointIsAStoreOfThatMoment) {
  Load(0, 10);
  ASSERT_TRUE(Push(1, 11).ok());
  ASSERT_TRUE(store_->Flush().ok());
  const std::vector<TestAnswer> before = Ask(*store_);
  const TimeMicros answered = (*store_->Now())->time();
  const std::string folder = Checkpoint();
  ASSERT_TRUE(RenameFile(folder, folder_ / "copy").ok());
  Load(0, 20);
  ASSERT_TRUE(Push(1, 21).ok());
  ASSERT_TRUE(store_->Flush().ok());
  const auto content = VerifyCheckpoint(folder_ / "copy", "flights", clock_.context());
  ASSERT_TRUE(content.ok()) << content.status().ToString();
  EXPECT_EQ(content->log_applied, 1);
  EXPECT_EQ(content->report.problem_count, 0);
  EXPECT_EQ(content->report.facts, 2);
  EXPECT_GE(std::max(content->lease, content->c), answered);  // either is where time goes on
  const auto copy = OpenAt(folder_ / "copy");
  EXPECT_EQ(Ask(*copy), before);
  EXPECT_NE(Ask(*store_), before);
  EXPECT_GE((*copy->Now())->time(), answered);
}

TEST_F(CheckpointTest, PushesThatAreNotInFilesAreLeftToTheLog) {
  ASSERT_TRUE(Push(1, 11).ok());
  const std::string folder = Checkpoint();
  const auto content = VerifyCheckpoint(folder, "flights", clock_.context());
  ASSERT_TRUE(content.ok()) << content.status().ToString();
  EXPECT_EQ(content->log_applied, 0);
  EXPECT_EQ(content->report.facts, 0);
}

TEST_F(CheckpointTest, NothingIsLoggedAtThePoint) {
  std::atomic<bool> pushing = false;
  std::atomic<bool> pushed = false;
  std::thread writer;
  const std::string folder = Checkpoint([&] {
    writer = std::thread([&] {
      pushing = true;
      EXPECT_TRUE(Push(1, 11).ok());
      pushed = true;
    });
    while (!pushing.load()) std::this_thread::yield();
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    EXPECT_FALSE(pushed.load());
    EXPECT_EQ(log_->record(), 0);
    return Status();
  });
  writer.join();
  EXPECT_EQ(log_->record(), 1);
  EXPECT_FALSE(folder.empty());
}

TEST_F(CheckpointTest, AFailureAtThePointLeavesNothing) {
  const auto failed = store_->Checkpoint([] { return Status::IoError("no room"); });
  EXPECT_THAT(failed.status().message(), HasSubstr("no room"));
  EXPECT_TRUE(ListDirectory(folder_ / "online/staging")->empty());
}

TEST_F(CheckpointTest, ACheckpointThatStayedGoesWithTheNextOpening) {
  EXPECT_FALSE(Checkpoint().empty());
  store_.reset();
  store_ = OpenAt(folder_ / "online");
  EXPECT_TRUE(ListDirectory(folder_ / "online/staging")->empty());
}

TEST_F(CheckpointTest, WhatIsNoCheckpointIsTold) {
  ASSERT_TRUE(MakeDirectories(folder_ / "empty").ok());
  const auto empty = VerifyCheckpoint(folder_ / "empty", "flights", clock_.context());
  EXPECT_EQ(empty.status().code(), StatusCode::kCorruption);
  EXPECT_THAT(empty.status().message(), HasSubstr("FORMAT"));
}

// Rules of a store that another one has taken the place of.
class FencedStoreTest : public CheckpointTest {
 protected:
  void SetUp() override {
    options_.fence = [this] {
      if (unknown_ || asked_++ == fails_at_) return Status::IoError("too many open files");
      return fenced_ ? Status::FailedPrecondition("restored meanwhile") : Status();
    };
    CheckpointTest::SetUp();
  }

  void TearDown() override { store_.reset(); }  // it asks to its end

  std::atomic<bool> fenced_ = false;
  std::atomic<bool> unknown_ = false;  // it cannot be known now
  std::atomic<int> asked_ = 0;
  std::atomic<int> fails_at_ = -1;  // which time it cannot be known
};

TEST_F(FencedStoreTest, AFencedStoreTakesNothingAndAnswersNothing) {
  ASSERT_TRUE(Push(1, 11).ok());
  EXPECT_EQ(Ask(*store_).size(), 4U);
  fenced_ = true;
  const auto pushed = Push(1, 12);
  EXPECT_EQ(pushed.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(pushed.status().message(), HasSubstr("restored meanwhile"));
  EXPECT_EQ(log_->record(), 1);
  EXPECT_EQ(store_->Now().status().code(), StatusCode::kFailedPrecondition);
  EXPECT_FALSE(LoadFacts(*store_, view_, {}, {}, false, true).ok());
  fenced_ = false;  // once is for ever
  EXPECT_FALSE(Push(1, 13).ok());
  EXPECT_FALSE(store_->Checkpoint({}).ok());
}

// Something happens while it appends.
class EventfulLog : public CommitLog {
 public:
  explicit EventfulLog(std::atomic<bool>* happens) : happens_(happens) {}

  Result<std::int64_t> Append(TimeMicros) override {
    *happens_ = true;
    return ++record_;
  }

  Status Settle() override { return {}; }

 private:
  std::atomic<bool>* const happens_;
  std::int64_t record_ = 0;
};

// A push that was logged while the place was taken is not acknowledged.
TEST_F(FencedStoreTest, APushThatIsOvertakenFails) {
  const PushedBatch batch = PushOf(view_, {{.key = 1, .event_time = kNow, .n = 1}}, 1);
  const auto pushed = store_->Push({&batch, 1}, std::make_shared<EventfulLog>(&fenced_));
  EXPECT_EQ(pushed.status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(FencedStoreTest, APushThatIsDurableIsOneWhereTheFenceCannotBeAsked) {
  const PushedBatch batch = PushOf(view_, {{.key = 1, .event_time = kNow, .n = 11}}, 1);
  const auto pushed = store_->Push({&batch, 1}, std::make_shared<EventfulLog>(&unknown_));
  ASSERT_TRUE(pushed.ok()) << pushed.status().ToString();
  EXPECT_EQ(Push(1, 12).status().code(), StatusCode::kIoError);
  EXPECT_EQ(log_->record(), 0);
  unknown_ = false;
  EXPECT_EQ(Ask(*store_)[1].values[0].AsInt(), 11);
}

TEST_F(FencedStoreTest, ALoadThatIsDurableIsServedWhereTheFenceCannotBeAsked) {
  Load(1, 10);
  for (int at = 1; at < 8; ++at) {  // wherever it is asked: all of it, or nothing
    fails_at_ = asked_ + at;
    const auto loaded = LoadFacts(
        *store_, view_, {{.key = 1, .event_time = kNow - 1, .created = kNow - 1, .n = 10 + at}}, {},
        /*replace=*/true, /*pushed=*/false);
    fails_at_ = -1;
    const auto report = store_->Verify(clock_.context(), {});
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->problem_count, 0) << at;
    if (!loaded.ok()) continue;
    EXPECT_EQ(Ask(*store_)[1].values[0].AsInt(), 10 + at);
  }
}

// Without a push, reads end with the next writing of the lease: a second of the clock.
TEST_F(FencedStoreTest, TimeDoesNotGoOn) {
  const TimeMicros last = (*store_->Now())->time();
  fenced_ = true;
  clock_.fixed->Set(kNow + kHour);
  for (int i = 0; i < 1000; ++i) {
    const auto now = store_->Now();
    if (!now.ok()) return;
    ASSERT_LE((*now)->time(), last + kLease);
  }
  ADD_FAILURE() << "it still answers";
}

}  // namespace
}  // namespace coeval
