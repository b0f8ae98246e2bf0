#include "online/rocksdb/faulty_disk_story.h"

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "online/rocksdb/faulty_disk.h"
#include "online/rocksdb/rocksdb_store.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 3;

class Story {
 public:
  // `pushes`: values come by pushes that are flushed, else by loads.
  explicit Story(bool pushes) : pushes_(pushes) { Open(); }

  void Open() {
    store_.reset();
    Result<std::unique_ptr<OnlineStore>> store = RocksDbStore::Open(
        {.folder = folder_ / "online", .project = "flights", .store = {}, .env = disk_.env()},
        clock_.context());
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }

  // Gives every key the value n.
  Status Write(std::int64_t n) {
    std::vector<TestFact> facts;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      facts.push_back({.key = key, .event_time = kNow - kHour + n, .n = n});
    }
    if (pushes_) {
      const PushedBatch batch = PushOf(view_, facts, n * kKeys);
      const auto pushed = store_->Push({&batch, 1}, log_);
      EXPECT_TRUE(pushed.ok()) << pushed.status().ToString();
      return store_->Flush();
    }
    return LoadFacts(*store_, view_, facts, {.watermark = kNow + n, .change_token = ""}).status();
  }

  void ExpectValue(std::int64_t n) {
    const auto snapshot = store_->Now();
    ASSERT_TRUE(snapshot.ok()) << snapshot.status().ToString();
    const auto answers = AskStore(**snapshot, view_, kKeys, (*snapshot)->time());
    ASSERT_TRUE(answers.ok()) << answers.status().ToString();
    for (const TestAnswer& answer : *answers) {
      ASSERT_EQ(answer.match, Match::kFound);
      EXPECT_EQ(answer.values[0].AsInt(), n);
    }
  }

  void ExpectWhole(std::int64_t n) {
    ExpectValue(n);
    if (pushes_) {
      EXPECT_EQ(store_->LogApplied(), log_->record());
    } else {
      EXPECT_EQ(store_->Progress(view_).watermark, kNow + n);
    }
    const auto report = store_->Verify(clock_.context());
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->problem_count, 0) << report->problems[0].ToText();
  }

  // True while the write had as many steps as `step`.
  bool FailAt(std::int64_t step, FaultyDisk::Fault fault, bool sticky) {
    disk_.FailAt(step, fault, sticky);
    const Status status = Write(value_ + 1);
    const bool happened = disk_.happened();
    // What was pushed is served, whether or not a file has it.
    if (status.ok() || pushes_) ++value_;
    if (!status.ok()) {
      EXPECT_TRUE(happened) << status.ToString();
      EXPECT_EQ(status.code(), StatusCode::kIoError) << status.ToString();
      if (fault == FaultyDisk::Fault::kFull) {
        EXPECT_THAT(status.message(), testing::HasSubstr("the disk is full"));
      }
    }
    ExpectValue(value_);
    disk_.Heal();
    const Status healed = Write(++value_);
    EXPECT_TRUE(healed.ok()) << healed.ToString();
    ExpectWhole(value_);
    if (step % 3 == 0) {
      Open();
      ExpectWhole(value_);
    }
    return happened;
  }

  Status First() { return Write(value_); }

 private:
  const bool pushes_;
  TestFolder folder_;
  TestClock clock_{kNow};
  FaultyDisk disk_;
  ViewVersion view_ = TestView(TestSource());
  std::shared_ptr<TestLog> log_ = std::make_shared<TestLog>();
  std::unique_ptr<OnlineStore> store_;
  std::int64_t value_ = 1;
};

}  // namespace

void WriteOnAFailingDisk(bool pushes, std::int64_t first, std::int64_t stride) {
  Story story(pushes);
  ASSERT_TRUE(story.First().ok());
  std::int64_t faults = 0;
  for (const auto fault : {FaultyDisk::Fault::kFull, FaultyDisk::Fault::kIo}) {
    for (const bool sticky : {false, true}) {
      for (std::int64_t step = first;; step += stride) {
        SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at step " +
                     std::to_string(step) + (sticky ? ", sticky" : ""));
        if (!story.FailAt(step, fault, sticky) || testing::Test::HasFailure()) break;
        ASSERT_LT(step, 500);
        ++faults;
      }
    }
  }
  std::cout << "proof: online store, " << faults << (pushes ? " flushes of pushes" : " loads")
            << " on a disk that fails at one step or from it on" << std::endl;
}

}  // namespace coeval
