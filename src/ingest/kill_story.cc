#include "ingest/kill_story.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "ingest/testing.h"
#include "io/fault.h"
#include "io/process.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr int kWriters = 2;
constexpr int kKeys = 5;

std::vector<std::string> KeysOf(int writer) {
  std::vector<std::string> keys;
  for (int key = 0; key < kKeys; ++key) {
    keys.push_back(std::to_string(writer) + "-" + std::to_string(key));
  }
  return keys;
}

std::string LedgerOf(const std::string& folder, int writer) {
  return folder + "/ledger" + std::to_string(writer);
}

// The last value that was acknowledged to a writer, written outside of the store.
std::int64_t Acknowledged(const std::string& folder, int writer) {
  std::int64_t last = 0;
  std::ifstream ledger(LedgerOf(folder, writer));
  for (std::int64_t n = 0; ledger >> n;) last = n;
  return last;
}

RatesStore StoreIn(const std::string& folder, const TestClock& clock) {
  return {folder,
          clock.context(),
          {.fresh_bytes = 20'000},
          {.seal_bytes = 10'000, .keys = {.given = kHour}, .file_bytes = 4000}};
}

// All keys of a writer have one value: which.
std::int64_t ValueOf(const RatesStore& rates, int writer) {
  const std::vector<std::string> keys = KeysOf(writer);
  const auto first = static_cast<std::int64_t>(rates.Ask(keys.front()).value_or(0));
  for (const std::string& key : keys) {
    EXPECT_EQ(static_cast<std::int64_t>(rates.Ask(key).value_or(0)), first) << key;
  }
  return first;
}

// Each push of a writer that the log holds, once and in order. The values of a push are its number.
void ExpectEachOnce(const RatesStore& rates) {
  const auto logged = rates.ingester().Logged("rates_push");
  ASSERT_TRUE(logged.ok()) << logged.status().ToString();
  std::array<double, kWriters> last{};
  TimeMicros c = kMinTime;
  for (const LogBatch& batch : logged->batches) {
    const std::size_t writer = batch.rows.Find("code")->bytes(0).starts_with("0") ? 0 : 1;
    ASSERT_EQ(batch.rows.num_rows, kKeys);
    ASSERT_EQ(batch.rows.Find("rate")->values<double>()[0], ++last[writer]) << "of " << writer;
    ASSERT_GT(batch.c, c);
    c = batch.c;
  }
  for (int writer = 0; writer < kWriters; ++writer) {
    EXPECT_EQ(ValueOf(rates, writer),
              static_cast<std::int64_t>(last[static_cast<std::size_t>(writer)]));
  }
}

}  // namespace

// Not a test: the process that is killed.
TEST(KillChild, DISABLED_Run) {
  const char* folder = std::getenv("COEVAL_KILL_FOLDER");
  const char* after = std::getenv("COEVAL_KILL_AFTER");
  const char* seals = std::getenv("COEVAL_KILL_SEALS");
  const char* delay = std::getenv("COEVAL_KILL_DELAY");
  ASSERT_TRUE(folder != nullptr && after != nullptr && seals != nullptr && delay != nullptr);
  const TestClock clock(kNow);
  RatesStore rates = StoreIn(folder, clock);
  ASSERT_TRUE(rates.Open().ok());
  std::atomic<std::int64_t> acknowledged{0};
  const auto write = [&](int writer) {
    std::ofstream ledger(LedgerOf(folder, writer), std::ios::app);
    for (std::int64_t n = ValueOf(rates, writer) + 1;; ++n) {
      const auto pushed =
          rates.Push(RateRows(KeysOf(writer), static_cast<double>(n), kNow - kMinute));
      ASSERT_TRUE(pushed.ok()) << pushed.status().ToString();
      ledger << n << std::endl;
      ++acknowledged;
    }
  };
  std::vector<std::thread> writers;
  for (int writer = 0; writer < kWriters; ++writer) writers.emplace_back(write, writer);
  while (acknowledged < std::atoll(after)) std::this_thread::yield();
  // Sealing takes longer than some pushes.
  LogPosition sealed = rates.ingester().Sizes().sealed_records;
  for (std::int64_t n = std::atoll(seals); n > 0;) {
    const LogPosition now = rates.ingester().Sizes().sealed_records;
    if (now > sealed) --n;
    sealed = now;
    std::this_thread::yield();
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(std::atoll(delay));
  while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
  (void)std::raise(SIGKILL);
}

// Not a test: the process that is killed while it seals.
TEST(KillChild, DISABLED_Seal) {
  const char* folder = std::getenv("COEVAL_KILL_FOLDER");
  const char* step = std::getenv("COEVAL_KILL_STEP");
  ASSERT_TRUE(folder != nullptr && step != nullptr);
  const TestClock clock(kNow);
  RatesStore rates(folder, clock.context(), {}, {.seal_bytes = 0});
  ASSERT_TRUE(rates.Open().ok());
  const double next = static_cast<double>(ValueOf(rates, 0)) + 1;
  const auto pushed =
      rates.Push(RateRows(KeysOf(0), next, kNow - kMinute), "key " + std::string(step));
  ASSERT_TRUE(pushed.ok()) << pushed.status().ToString();
  const FaultInjection fault(std::atoll(step), FaultInjection::kKill);
  const auto sealed = rates.ingester().Seal(MergeKind::kAll);
  ASSERT_TRUE(sealed.ok()) << sealed.status().ToString();
}

namespace {

// A store whose process is killed again and again. The log of one is read whole now and then.
constexpr int kMostKillsOfOne = 200;

class KilledStore {
 public:
  void Kill(std::mt19937_64* random) {
    ProcessOptions options;
    options.environment = {"COEVAL_KILL_FOLDER=" + folder_.path(),
                           "COEVAL_KILL_AFTER=" + std::to_string((*random)() % 60),
                           "COEVAL_KILL_SEALS=" + std::to_string((*random)() % 8 == 0 ? 1 : 0),
                           "COEVAL_KILL_DELAY=" + std::to_string((*random)() % 3000)};
    const auto child = RunProcess(
        {ProgramPath(), "--gtest_also_run_disabled_tests", "--gtest_filter=KillChild.DISABLED_Run"},
        options);
    ASSERT_TRUE(child.ok()) << child.status().ToString();
    ASSERT_EQ(child->exit_code, 128 + SIGKILL) << child->standard_output << child->standard_error;
  }

  void Check(bool all) {
    const TestClock clock(kNow);
    RatesStore rates = StoreIn(folder_.path(), clock);
    const Status opened = rates.Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    for (int writer = 0; writer < kWriters; ++writer) {
      const std::int64_t acknowledged = Acknowledged(folder_.path(), writer);
      const std::int64_t found = ValueOf(rates, writer);
      EXPECT_GE(found, acknowledged);
      EXPECT_LE(found, acknowledged + 1);
      std::ofstream(LedgerOf(folder_.path(), writer), std::ios::app) << found << std::endl;
      pushes_ = std::max(pushes_, found);
    }
    if (all) ExpectEachOnce(rates);
    sealed_ = std::max(sealed_, rates.ingester().Sizes().sealed_records);
  }

  [[nodiscard]] std::int64_t pushes() const { return pushes_; }

  [[nodiscard]] LogPosition sealed() const { return sealed_; }

 private:
  TestFolder folder_;
  std::int64_t pushes_ = 0;
  LogPosition sealed_ = 0;
};

}  // namespace

void KillPushes(int kills) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::int64_t pushes = 0;
  LogPosition sealed = 0;
  for (int done = 0; done < kills;) {
    KilledStore store;
    const int end = std::min(kills, done + kMostKillsOfOne);
    for (; done < end; ++done) {
      SCOPED_TRACE("kill " + std::to_string(done));
      store.Kill(&random);
      if (!::testing::Test::HasFailure()) store.Check(done % 40 == 39 || done + 1 == end);
      if (::testing::Test::HasFailure()) return;
    }
    pushes += store.pushes();
    sealed += store.sealed();
  }
  EXPECT_TRUE(sealed > 0 || kills < 20);
  std::cout << "proof: pushes, " << kills << " processes killed at a random moment, " << pushes
            << " batches and more of a writer, " << sealed
            << " records sealed, none lost, seen in part or twice, seed " << seed << std::endl;
}

void KillSealings() {
  const TestFolder folder;
  const TestClock clock(kNow);
  int killed = 0;
  std::int64_t most_segments = 0;
  for (int step = 1;; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    ProcessOptions options;
    options.environment = {"COEVAL_KILL_FOLDER=" + folder.path(),
                           "COEVAL_KILL_STEP=" + std::to_string(step)};
    const auto child = RunProcess({ProgramPath(), "--gtest_also_run_disabled_tests",
                                   "--gtest_filter=KillChild.DISABLED_Seal"},
                                  options);
    ASSERT_TRUE(child.ok()) << child.status().ToString();
    const bool done = child->exit_code == 0;
    ASSERT_TRUE(done || child->exit_code == 128 + SIGKILL)
        << child->standard_output << child->standard_error;
    RatesStore rates(folder.path(), clock.context(), {}, {.seal_bytes = 0});
    const Status opened = rates.Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
    ExpectEachOnce(rates);
    EXPECT_EQ(ValueOf(rates, 0), step);
    const std::int64_t segments = rates.ingester().Sizes().segments;
    EXPECT_EQ(FilesBelow(folder / "log/segments"), segments) << "something is left that is unnamed";
    most_segments = std::max(most_segments, segments);
    // Else the next one would have more to seal and to merge than this one, and come to no end.
    EXPECT_TRUE(rates.ingester().Seal().ok());
    if (::testing::Test::HasFailure() || done) break;
    ++killed;
  }
  EXPECT_GT(killed, 20);
  std::cout << "proof: sealing and merging, killed at each of its " << killed
            << " steps, nothing lost or twice" << std::endl;
}

}  // namespace coeval
