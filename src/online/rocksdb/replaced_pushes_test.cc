// The data of a view made anew while it is pushed to: no push is missing before, during and after
// it, and a load that does not come to its end leaves nothing.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/files.h"
#include "online/rocksdb/faulty_disk.h"
#include "online/rocksdb/rocksdb_store.h"
#include "online/testing.h"

namespace coeval {
namespace {

using testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 4;

// A push as a log gives it back.
struct Logged {
  std::vector<TestFact> facts;
  TimeMicros c = 0;
  std::int64_t first_number = 0;
  std::int64_t record = 0;
};

// What was pushed, in the order of C. Threads: any; as a log, it has a push before it is visible.
class Pushes {
 public:
  std::int64_t Add(Logged push) {
    const std::lock_guard lock(mutex_);
    push.record = static_cast<std::int64_t>(logged_.size()) + 1;
    logged_.push_back(std::move(push));
    return logged_.back().record;
  }

  void Clear() {
    const std::lock_guard lock(mutex_);
    logged_.clear();
  }

  [[nodiscard]] std::vector<Logged> all() const {
    const std::lock_guard lock(mutex_);
    return logged_;
  }

  // As facts.
  [[nodiscard]] std::vector<TestFact> facts() const {
    std::vector<TestFact> facts;
    for (const Logged& push : all()) {
      for (TestFact& fact : AsPushed(push.facts, push.c, push.first_number)) facts.push_back(fact);
    }
    return facts;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Logged> logged_;
};

// Of one push.
class OnePush : public CommitLog {
 public:
  OnePush(Pushes* pushes, Logged push) : pushes_(pushes), push_(std::move(push)) {}

  Result<std::int64_t> Append(TimeMicros first_c) override {
    push_.c = first_c;
    return pushes_->Add(push_);
  }

  Status Settle() override { return {}; }

 private:
  Pushes* pushes_;
  Logged push_;
};

class ReplacedPushesTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }

  std::unique_ptr<OnlineStore> OpenAt(const std::string& folder, Status* status) {
    Context context = clock_.context();
    context.log = [this](LogLevel level, std::string_view text) {
      const std::lock_guard lock(warnings_mutex_);
      if (level == LogLevel::kWarning) warnings_.emplace_back(text);
    };
    auto store = RocksDbStore::Open(
        {.folder = folder, .project = "flights", .store = {}, .env = disk_.env()}, context);
    *status = store.status();
    if (!store.ok()) return nullptr;
    for (const Logged& push : pushes_.all()) {
      if (push.record <= (*store)->LogApplied()) continue;
      *status = (*store)->Replay(PushOf(view_, push.facts, push.first_number), push.c, push.record);
      if (!status->ok()) return nullptr;
    }
    return std::move(*store);
  }

  void Open() {
    store_.reset();
    Status status;
    store_ = OpenAt(folder_ / "online", &status);
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  Status Push(const ViewVersion& view, const std::vector<TestFact>& facts) {
    const std::int64_t number = 1'000 * ++pushed_;
    const PushedBatch batch = PushOf(view, facts, number);
    return store_
        ->Push({&batch, 1},
               std::make_shared<OnePush>(&pushes_, Logged{.facts = facts, .first_number = number}))
        .status();
  }

  // Gives every key the value n.
  Status PushValue(std::int64_t n) {
    std::vector<TestFact> facts;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      facts.push_back({.key = key, .event_time = kNow + n, .n = n});
    }
    clock_.fixed->Set(kNow + n);
    return Push(view_, facts);
  }

  Result<std::unique_ptr<FactLoad>> Begin(const ViewVersion& view) {
    return store_->BeginLoad(
        {.version = &view, .ttl = view.view.ttl, .replace = true, .pushed = true},
        clock_.context());
  }

  // What the sources and the log hold, as a rebuild reads them once the load has begun.
  Status Fill(FactLoad* load) {
    COEVAL_RETURN_IF_ERROR(load->Add(RowsOf(view_.source, batch_)));
    const std::vector<TestFact> pushed = pushes_.facts();
    if (!pushed.empty()) COEVAL_RETURN_IF_ERROR(load->Add(RowsOf(view_.source, pushed)));
    return load->Seal().status();
  }

  Status Replace() {
    COEVAL_ASSIGN_OR_RETURN(const auto load, Begin(view_));
    COEVAL_RETURN_IF_ERROR(Fill(load.get()));
    return load->Commit({}).status();
  }

  void CheckIn(OnlineStore& store) const {
    std::vector<TestFact> all = pushes_.facts();
    all.insert(all.end(), batch_.begin(), batch_.end());
    const auto snapshot = *store.Now();
    const auto answers = AskStore(*snapshot, view_, kKeys, snapshot->time());
    ASSERT_TRUE(answers.ok()) << answers.status().ToString();
    for (std::int64_t key = 0; key < kKeys; ++key) {
      ASSERT_EQ((*answers)[static_cast<std::size_t>(key)],
                AskPlainly(all, view_, key, snapshot->time()))
          << "key " << key;
    }
  }

  void CheckWhole(OnlineStore& store) const {
    CheckIn(store);
    const auto report = store.Verify(clock_.context());
    ASSERT_TRUE(report.ok()) << report.status().ToString();
    EXPECT_EQ(report->problem_count, 0) << report->problems[0].ToText();
  }

  // The store as a process that is killed now would leave it, opened again.
  void CheckAfterKill() {
    std::filesystem::remove_all(folder_ / "killed");
    const auto checkpoint = store_->Checkpoint(nullptr);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().ToString();
    std::filesystem::rename(*checkpoint, folder_ / "killed");
    Status status;
    const auto killed = OpenAt(folder_ / "killed", &status);
    ASSERT_TRUE(status.ok()) << status.ToString();
    CheckWhole(*killed);
    EXPECT_EQ(killed->Verify(clock_.context())->keys, killed->Stats().views.empty() ? 0 : kKeys);
  }

  void DamageFileWith(const std::string& text) {
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "online/db")) {
      if (entry.path().extension() != ".sst") continue;
      std::string bytes = *ReadFile(entry.path());
      if (bytes.find(text) == std::string::npos) continue;
      if (bytes.find("project/") != std::string::npos) continue;  // of meta data
      bytes[5] = static_cast<char>(bytes[5] ^ 4);                 // in its first block
      std::ofstream(entry.path(), std::ios::binary) << bytes;
      ++damaged_;
    }
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  FaultyDisk disk_;
  ViewVersion view_ = TestView(TestSource(), kHour);
  // Of its source.
  std::vector<TestFact> batch_ = {{.key = 0, .event_time = kNow - 2, .n = -1},
                                  {.key = 3, .event_time = kNow - kMinute, .n = -2}};
  Pushes pushes_;
  std::int64_t pushed_ = 0;
  std::mutex warnings_mutex_;
  std::vector<std::string> warnings_;
  int damaged_ = 0;
  std::unique_ptr<OnlineStore> store_;
};

TEST_F(ReplacedPushesTest, PushesDuringTheLoadAreInTheOldDataAndInTheNew) {
  ASSERT_TRUE(
      LoadFacts(*store_, view_, batch_, {.watermark = kNow, .change_token = ""}, false, true).ok());
  ASSERT_TRUE(PushValue(1).ok());
  auto load = Begin(view_);
  ASSERT_TRUE(load.ok()) << load.status().ToString();
  ASSERT_TRUE(Push(view_, {{.key = 1, .event_time = kNow + 2, .n = 2}}).ok());
  CheckIn(*store_);
  ASSERT_TRUE(store_->Flush().ok());
  ASSERT_TRUE(Push(view_, {{.key = 2, .event_time = kNow + 3, .n = 3}}).ok());
  CheckWhole(*store_);
  // Neither of the two is read from the log.
  ASSERT_TRUE((*load)->Add(RowsOf(view_.source, batch_)).ok());
  const Logged first = pushes_.all().front();
  ASSERT_TRUE(
      (*load)->Add(RowsOf(view_.source, AsPushed(first.facts, first.c, first.first_number))).ok());
  ASSERT_TRUE((*load)->Seal().ok());
  ASSERT_TRUE((*load)->Commit({}).ok());
  CheckIn(*store_);
  ASSERT_TRUE(Push(view_, {{.key = 3, .event_time = kNow + 4, .n = 4}}).ok());
  load->reset();
  CheckWhole(*store_);
  EXPECT_EQ(store_->Progress(view_).watermark, kNow) << "it stays";
  EXPECT_EQ(store_->Stats().views.front().newest_event_time, kNow + 4);
  Open();
  CheckWhole(*store_);
  ASSERT_TRUE(store_->Compact().ok());
  CheckWhole(*store_);
  EXPECT_TRUE(warnings_.empty()) << warnings_.front();
}

TEST_F(ReplacedPushesTest, ALoadThatIsGivenUpOrKilledLeavesNothing) {
  ASSERT_TRUE(LoadFacts(*store_, view_, batch_, {}, false, true).ok());
  ASSERT_TRUE(PushValue(1).ok());
  for (const bool sealed : {false, true}) {
    auto load = Begin(view_);
    ASSERT_TRUE(load.ok());
    ASSERT_TRUE(PushValue(2).ok());
    ASSERT_TRUE(store_->Flush().ok());
    ASSERT_TRUE(!sealed || Fill(load->get()).ok());
    ASSERT_TRUE(PushValue(3).ok());
    CheckAfterKill();
    load->reset();
    CheckWhole(*store_);
    ASSERT_TRUE(PushValue(4).ok());
    CheckWhole(*store_);
    ASSERT_TRUE(store_->Compact().ok());
    EXPECT_EQ(store_->Verify(clock_.context())->keys, kKeys);
  }
  ASSERT_TRUE(Replace().ok());
  CheckWhole(*store_);
  CheckAfterKill();
}

TEST_F(ReplacedPushesTest, AViewThatOnlyPushesFillIsReplacedToo) {
  batch_.clear();
  ASSERT_TRUE(PushValue(1).ok());
  ASSERT_TRUE(Replace().ok());
  CheckWhole(*store_);
  CheckAfterKill();
  Open();
  CheckWhole(*store_);
}

// Else its data would lack what the greater ttl needs, and nobody would know.
TEST_F(ReplacedPushesTest, APushForAGreaterTtlKeepsTheOldData) {
  ASSERT_TRUE(
      LoadFacts(*store_, view_, batch_, {.watermark = kNow, .change_token = ""}, false, true).ok());
  auto load = Begin(view_);
  ASSERT_TRUE(load.ok());
  const ViewVersion greater = TestView(TestSource(), 0);
  ASSERT_TRUE(Push(greater, {{.key = 1, .event_time = kNow, .n = 1}}).ok());
  ASSERT_TRUE(Fill(load->get()).ok());
  const auto committed = (*load)->Commit({});
  EXPECT_EQ(committed.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(committed.status().message(), HasSubstr("weather"));
  load->reset();
  CheckWhole(*store_);
  EXPECT_EQ(store_->Stats().views.front().ttl, 0);
  view_ = greater;
  ASSERT_TRUE(Replace().ok());
  CheckWhole(*store_);
}

TEST_F(ReplacedPushesTest, WritersAndReadersGoOnMeanwhile) {
  ASSERT_TRUE(LoadFacts(*store_, view_, batch_, {}, false, true).ok());
  std::atomic<bool> done{false};
  std::atomic<std::int64_t> replaced{0};
  std::thread writer([&] {
    for (std::int64_t n = 1; !done; ++n) {
      ASSERT_TRUE(PushValue(n).ok());
      while (n > 40 * (replaced + 1) && !done) std::this_thread::yield();
    }
  });
  std::thread reader([&] {
    std::int64_t last = 0;
    while (!done) {
      const auto snapshot = *store_->Now();
      const auto answers = *AskStore(*snapshot, view_, kKeys, snapshot->time());
      if (answers[1].match != Match::kFound) continue;
      for (const TestAnswer& answer : answers) EXPECT_EQ(answer, answers[1]);
      EXPECT_GE(answers[1].values[0].AsInt(), last);
      last = answers[1].values[0].AsInt();
    }
  });
  for (; replaced < 10; ++replaced) {
    EXPECT_TRUE(store_->Flush().ok());
    const Status status = Replace();
    EXPECT_TRUE(status.ok()) << status.ToString();
  }
  done = true;
  writer.join();
  reader.join();
  CheckWhole(*store_);
  Open();
  CheckWhole(*store_);
}

// Each time a store of its own: RocksDB 7.8 ends the process where a disk fails while it compacts
// files whose rows are all removed, which it begins with the fourth file. Where a compaction fails
// it sleeps for a second, so not every step.
TEST_F(ReplacedPushesTest, ADiskThatFailsAtAnyStepLosesNothing) {
  constexpr std::int64_t kStride = 15;
  const auto first = 1 + static_cast<std::int64_t>(std::random_device()() % kStride);
  std::int64_t n = 0;
  const auto replace = [&]() -> Status {
    COEVAL_ASSIGN_OR_RETURN(const auto load, Begin(view_));
    (void)PushValue(++n);
    (void)store_->Flush();
    COEVAL_RETURN_IF_ERROR(Fill(load.get()));
    (void)PushValue(++n);
    return load->Commit({}).status();
  };
  for (const auto fault : {FaultyDisk::Fault::kFull, FaultyDisk::Fault::kIo}) {
    for (const bool sticky : {false, true}) {
      for (std::int64_t step = first;; step += kStride) {
        SCOPED_TRACE("step " + std::to_string(step) + (sticky ? ", sticky" : ""));
        store_.reset();
        std::filesystem::remove_all(folder_ / "online");
        pushes_.Clear();
        Open();
        ASSERT_TRUE(LoadFacts(*store_, view_, batch_, {}, false, true).ok());
        disk_.FailAt(step, fault, sticky);
        const Status status = replace();
        const bool happened = disk_.happened();
        EXPECT_TRUE(status.ok() || happened) << status.ToString();
        disk_.Heal();
        if (step % 2 == 0) Open();
        ASSERT_TRUE(PushValue(++n).ok());
        CheckWhole(*store_);
        const Status healed = replace();
        ASSERT_TRUE(healed.ok()) << healed.ToString();
        CheckWhole(*store_);
        if (HasFatalFailure()) return;
        if (!happened) break;
        ASSERT_LT(step, 500);
      }
    }
  }
}

TEST_F(ReplacedPushesTest, ADamagedFileOfTheViewAloneGoes) {
  const ViewVersion other = TestView(TestSource(), 0, "other");
  ASSERT_TRUE(LoadFacts(*store_, other, batch_).ok());
  ASSERT_TRUE(
      LoadFacts(*store_, view_, {{.key = 1, .event_time = kNow, .n = 9, .x = 1.0}}, {}, false, true)
          .ok());
  store_.reset();
  std::string row;
  (void)Kept({.key = 1, .event_time = kNow, .n = 9, .x = 1.0}, view_.source, &row);
  DamageFileWith(row);
  ASSERT_EQ(damaged_, 1);
  Open();
  EXPECT_GT(store_->Verify(clock_.context())->problem_count, 0);
  ASSERT_TRUE(Replace().ok());
  CheckWhole(*store_);
}

// A compaction has put the rows of several views into one file.
TEST_F(ReplacedPushesTest, AFileOfSeveralViewsGoesWithTheLastOfThem) {
  const ViewVersion other = TestView(TestSource(), 0, "other");
  const auto load_both = [&](bool replace) {
    ASSERT_TRUE(LoadFacts(*store_, view_, batch_, {}, replace, true).ok());
    ASSERT_TRUE(LoadFacts(*store_, other, batch_, {}, replace).ok());
  };
  load_both(false);
  ASSERT_TRUE(store_->Compact().ok());
  store_.reset();
  DamageFileWith("coeval.facts");
  ASSERT_EQ(damaged_, 1);
  Open();
  EXPECT_GT(store_->Verify(clock_.context())->problem_count, 0);
  load_both(true);
  CheckWhole(*store_);
  Open();
  CheckWhole(*store_);
}

// What pushes have put beside older files cannot be removed with a whole file, nor be read.
TEST_F(ReplacedPushesTest, RetiredDataThatCannotBeReadAreInNobodysWay) {
  batch_ = {{.key = 0, .event_time = kNow - 2, .n = -1, .x = 7.5}};
  ASSERT_TRUE(LoadFacts(*store_, view_, batch_, {}, false, true).ok());
  ASSERT_TRUE(PushValue(1).ok());
  ASSERT_TRUE(store_->Flush().ok());  // beside the load
  store_.reset();
  DamageFileWith("the writer's UUID");
  Open();
  ASSERT_EQ(damaged_, 1);
  warnings_.clear();
  ASSERT_TRUE(Replace().ok());
  for (std::int64_t n = 2; n < 8; ++n) {
    ASSERT_TRUE(PushValue(n).ok());
    const Status flushed = store_->Flush();
    ASSERT_TRUE(flushed.ok()) << flushed.ToString();
    CheckIn(*store_);
  }
  EXPECT_LE(warnings_.size(), 1U) << warnings_.back();
  Open();
  CheckIn(*store_);
  ASSERT_TRUE(PushValue(9).ok());
  ASSERT_TRUE(store_->Flush().ok());
  CheckIn(*store_);
}

}  // namespace
}  // namespace coeval
