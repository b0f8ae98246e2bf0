#include "online/rocksdb/lossy_disk_story.h"

#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "online/rocksdb/lossy_disk.h"
#include "online/rocksdb/rocksdb_store.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 3;
constexpr std::int64_t kWrites = 8;
constexpr std::size_t kCutsOfStory = 10;

// A store that is written to, on a disk or on what a cut left of one.
class Written {
 public:
  Written(std::string folder, rocksdb::Env* env, bool pushes)
      : folder_(std::move(folder)), env_(env), pushes_(pushes) {}

  Status Open() {
    store_.reset();
    COEVAL_ASSIGN_OR_RETURN(
        store_,
        RocksDbStore::Open({.folder = folder_, .project = "flights", .store = {}, .env = env_},
                           clock_.context()));
    return {};
  }

  // Gives every key the value n. Of pushes it is the log that makes them durable; files follow.
  Status Write(std::int64_t n) {
    if (!pushes_) {
      return LoadFacts(*store_, view_, FactsOf(n), {.watermark = kNow + n, .change_token = ""})
          .status();
    }
    const PushedBatch batch = PushOf(view_, FactsOf(n), n * kKeys);
    log_->Expect(1);
    COEVAL_RETURN_IF_ERROR(store_->Push({&batch, 1}, log_).status());
    return store_->Flush();
  }

  // What a log with n pushes brings back.
  Status Replay(std::int64_t n) {
    for (std::int64_t record = store_->LogApplied() + 1; record <= n; ++record) {
      const PushedBatch batch = PushOf(view_, FactsOf(record), record * kKeys);
      COEVAL_RETURN_IF_ERROR(store_->Replay(batch, kNow + record, record));
    }
    log_ = std::make_shared<TestLog>(n);
    return {};
  }

  // All keys have one value: this; 0 for none.
  Result<std::int64_t> Value() {
    COEVAL_ASSIGN_OR_RETURN(const auto snapshot, store_->Now());
    COEVAL_ASSIGN_OR_RETURN(const auto answers,
                            AskStore(*snapshot, view_, kKeys, snapshot->time()));
    for (const TestAnswer& answer : answers) {
      if (!(answer == answers.front())) return Status::Corruption("a batch is there in part");
    }
    return answers.front().match == Match::kFound ? answers.front().values[0].AsInt() : 0;
  }

  Status Whole() {
    COEVAL_ASSIGN_OR_RETURN(const VerifyReport report, store_->Verify(clock_.context()));
    if (report.problem_count > 0) return Status::Corruption(report.problems[0].ToText());
    return {};
  }

  OnlineStore* operator->() const { return store_.get(); }

 private:
  static std::vector<TestFact> FactsOf(std::int64_t n) {
    std::vector<TestFact> facts;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      facts.push_back({.key = key, .event_time = kNow - kHour + n, .n = n});
    }
    return facts;
  }

  const std::string folder_;
  rocksdb::Env* const env_;
  const bool pushes_;
  TestClock clock_{kNow};
  ViewVersion view_ = TestView(TestSource(CreatedMeaning::kArrival));
  std::shared_ptr<TestLog> log_ = std::make_shared<TestLog>();
  std::unique_ptr<OnlineStore> store_;
};

class Cuts {
 public:
  Cuts(std::uint64_t seed, bool pushes, bool syncs)
      : random_(seed), pushes_(pushes), syncs_(syncs) {}

  // Of so many cuts, those after which something is wrong.
  std::int64_t Losses(std::int64_t cuts) {
    std::int64_t losses = 0;
    for (std::int64_t cut = 0; cut < cuts;) {
      for (const LossyDisk::Moment& moment : Story()) {
        const Status status = After(moment);
        if (!status.ok()) ++losses;
        if (syncs_) {
          EXPECT_TRUE(status.ok()) << "cut at step " << moment.step << ", " << moment.note
                                   << " acknowledged: " << status.ToString();
        }
        ++cut;
      }
      if (testing::Test::HasFailure()) break;
    }
    return losses;
  }

 private:
  // A store from nothing on, cut at some of its steps.
  std::vector<LossyDisk::Moment> Story() {
    const TestFolder folder;
    LossyDisk disk(folder / "online", syncs_);
    std::set<std::int64_t> cuts;
    while (cuts.size() < kCutsOfStory) {
      cuts.insert(1 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(steps_)));
    }
    std::int64_t acknowledged = 0;
    disk.CutAt(cuts, [&] { return acknowledged; });
    Written store(folder / "online", disk.env(), pushes_);
    EXPECT_TRUE(store.Open().ok());
    for (std::int64_t n = 1; n <= kWrites; ++n) {
      const Status status = store.Write(n);
      EXPECT_TRUE(status.ok()) << status.ToString();
      acknowledged = n;
      const bool compacted = n % 3 != 0 || store->Compact().ok();
      const bool opened = n % 5 != 0 || store.Open().ok();
      EXPECT_TRUE(compacted && opened);
    }
    steps_ = disk.steps();
    return disk.moments();
  }

  // What the store is after one cut. Errors: what is wrong with it.
  Status After(const LossyDisk::Moment& moment) {
    const TestFolder folder;
    const double kept[] = {0, 0.5, 0.9, 1};
    moment.leave(random_, kept[random_() % (syncs_ ? 4 : 2)], folder / "online");
    Written store(folder / "online", nullptr, pushes_);
    COEVAL_RETURN_IF_ERROR(store.Open().WithContext("opening"));
    if (pushes_) COEVAL_RETURN_IF_ERROR(store.Replay(moment.note + 1));
    COEVAL_ASSIGN_OR_RETURN(const std::int64_t value, store.Value());
    if (value < moment.note || value > moment.note + 1) {
      return Status::Corruption("the value is " + std::to_string(value));
    }
    COEVAL_RETURN_IF_ERROR(store.Whole());
    COEVAL_RETURN_IF_ERROR(store.Write(kWrites + 2).WithContext("writing again"));
    COEVAL_RETURN_IF_ERROR(store->Compact());
    COEVAL_RETURN_IF_ERROR(store.Open().WithContext("opening again"));
    COEVAL_ASSIGN_OR_RETURN(const std::int64_t then, store.Value());
    if (then != kWrites + 2) return Status::Corruption("then it is " + std::to_string(then));
    return store.Whole();
  }

  std::mt19937_64 random_;
  const bool pushes_;
  const bool syncs_;
  std::int64_t steps_ = 100;  // of a story; a guess, before the first
};

}  // namespace

std::int64_t LossesOfPowerCuts(std::uint64_t seed, std::int64_t cuts, bool pushes, bool syncs) {
  return Cuts(seed, pushes, syncs).Losses(cuts);
}

}  // namespace coeval
