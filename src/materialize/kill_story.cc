#include "materialize/kill_story.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/process.h"
#include "materialize/testing.h"
#include "online/rocksdb/faulty_disk.h"
#include "online/rocksdb/rocksdb_store.h"

namespace coeval {
namespace {

constexpr TimeMicros kNoon = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 300;
constexpr int kRounds = 3;

// Two views; round n gives every key of both the value n, and leaves the watermark at n minutes.
class Rounds {
 public:
  explicit Rounds(const std::string& folder, rocksdb::Env* env = nullptr)
      : folder_(folder), clock_(kNoon) {
    auto store = RocksDbStore::Open(
        {.folder = folder + "/online", .project = "flights", .store = {}, .env = env}, Context());
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    if (store.ok()) store_ = std::move(*store);
  }

  [[nodiscard]] bool open() const { return store_ != nullptr; }

  // The last round that is there.
  [[nodiscard]] std::int64_t Last() const {
    const auto watermark = store_->Progress(*views_[0]).watermark;
    return watermark ? (*watermark - kNoon) / kMinute : 0;
  }

  Status Run(std::int64_t n) {
    return Carry(n, {.kind = RunKind::kRange, .start = kNoon, .end = kNoon + n * kMinute});
  }

  // Makes round n again.
  Status Rebuild(std::int64_t n) { return Carry(n, {.kind = RunKind::kRebuild}); }

  Status Carry(std::int64_t n, const CarryRequest& carry) {
    GrowingSource source;
    // Enough rows for several buffers, and for files of sorted runs.
    for (std::int64_t i = 0; i < 12'000; ++i) {
      source.Land({.key = i % kKeys, .event_time = kNoon + n * kMinute - i / kKeys, .n = n});
    }
    clock_.fixed->Set(kNoon + n * kMinute);
    MaterializeTools tools;
    tools.open = source.Opener(1000);
    tools.carried = [&](const auto& versions) -> Result<CarriedBefore> {
      return CarriedBefore{.watermark = store_->Progress(*versions.front()).watermark};
    };
    return Materialize(*store_, {.versions = views_, .carry = carry, .who = {}}, tools, MyContext())
        .status;
  }

  // Both views hold round n, whole.
  void ExpectRound(std::int64_t n) {
    const auto snapshot = *store_->Now();
    for (const auto& view : views_) {
      const auto watermark = store_->Progress(*view).watermark;
      EXPECT_EQ(watermark ? (*watermark - kNoon) / kMinute : 0, n);
      const auto answers = AskStore(*snapshot, *view, kKeys, snapshot->time());
      ASSERT_TRUE(answers.ok()) << answers.status().ToString();
      for (const TestAnswer& answer : *answers) {
        ASSERT_EQ(answer.match == Match::kFound ? answer.values[0].AsInt() : 0, n);
      }
    }
    const auto report = store_->Verify(MyContext());
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->problem_count, 0) << report->problems[0].ToText();
    EXPECT_TRUE(std::filesystem::is_empty(folder_ + "/online/staging"));
  }

 private:
  [[nodiscard]] Context MyContext() const {
    Context context = clock_.context();
    context.memory_budget_bytes = 1 << 20;  // little, so that runs go to disk
    return context;
  }

  std::string folder_;
  TestClock clock_;
  std::vector<std::shared_ptr<const ViewVersion>> views_ = {
      std::make_shared<const ViewVersion>(TestView(TestSource(), 0, "a")),
      std::make_shared<const ViewVersion>(TestView(TestSource(), 0, "b"))};
  std::unique_ptr<OnlineStore> store_;
};

// What was acknowledged, written by the child outside of the store.
std::int64_t Acknowledged(const std::string& folder) {
  std::int64_t last = 0;
  std::ifstream ledger(folder + "/ledger");
  for (std::int64_t n = 0; ledger >> n;) last = n;
  return last;
}

// Exit code and steps of one child that is killed at `step` (0: never).
std::pair<int, std::int64_t> RunChild(const std::string& folder, std::int64_t step) {
  ProcessOptions options;
  options.environment = {"COEVAL_KILL_FOLDER=" + folder,
                         "COEVAL_KILL_STEP=" + std::to_string(step)};
  const auto output = RunProcess(
      {ProgramPath(), "--gtest_also_run_disabled_tests", "--gtest_filter=KillChild.DISABLED_Run"},
      options);
  EXPECT_TRUE(output.ok()) << output.status().ToString();
  if (!output.ok()) return {-1, 0};
  std::int64_t steps = 0;
  std::ifstream(folder + "/steps") >> steps;
  return {output->exit_code, steps};
}

}  // namespace

// Not a test: the process that is killed.
TEST(KillChild, DISABLED_Run) {
  const char* folder = std::getenv("COEVAL_KILL_FOLDER");
  const char* step = std::getenv("COEVAL_KILL_STEP");
  ASSERT_TRUE(folder != nullptr && step != nullptr);
  FaultyDisk disk;
  const std::int64_t at = std::atoll(step);
  disk.FailAt(at, at == 0 ? FaultyDisk::Fault::kNone : FaultyDisk::Fault::kKill, false);
  {
    Rounds rounds(folder, disk.env());
    ASSERT_TRUE(rounds.open());
    std::ofstream ledger(folder + std::string("/ledger"), std::ios::app);
    for (int i = 0; i < kRounds; ++i) {
      const std::int64_t n = rounds.Last() + 1;
      ASSERT_TRUE(rounds.Run(n).ok());
      ledger << n << std::endl;
      ASSERT_TRUE(rounds.Rebuild(n).ok());
    }
  }
  std::ofstream(folder + std::string("/steps")) << disk.steps();
}

void KillMaterializations(int kills) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const TestFolder folder;
  const auto [code, steps] = RunChild(folder.path(), 0);
  ASSERT_EQ(code, 0);
  ASSERT_GT(steps, 50);
  int killed = 0;
  int runs = 0;
  for (; killed < kills; ++runs) {  // a run may end before its step
    ASSERT_LT(runs, 4 * kills);
    const auto step = 1 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(steps));
    SCOPED_TRACE("run " + std::to_string(runs) + " killed at step " + std::to_string(step));
    const int exit_code = RunChild(folder.path(), step).first;
    ASSERT_TRUE(exit_code == 0 || exit_code == 128 + 9) << exit_code;
    killed += exit_code == 0 ? 0 : 1;
    const std::int64_t acknowledged = Acknowledged(folder.path());
    Rounds rounds(folder.path());
    ASSERT_TRUE(rounds.open());
    const std::int64_t last = rounds.Last();
    ASSERT_GE(last, acknowledged);
    ASSERT_LE(last, acknowledged + 1);
    rounds.ExpectRound(last);
    if (runs % 3 == 0) {
      ASSERT_TRUE(rounds.Run(last + 1).ok());
      rounds.ExpectRound(last + 1);
    }
    if (testing::Test::HasFailure()) return;
    std::ofstream(folder / "ledger", std::ios::app) << rounds.Last() << std::endl;
  }
  std::cout << "proof: materialize and rebuild, " << killed << " of " << runs
            << " runs killed at a random step, seed " << seed << std::endl;
}

}  // namespace coeval
