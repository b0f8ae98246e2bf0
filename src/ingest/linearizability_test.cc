// Pushes and reads of a key by several threads at once, while pushes are flushed, merged and
// sealed: each history can be told as one of a single register, where every operation takes place
// at one moment between its call and its answer (Herlihy and Wing, "Linearizability", TOPLAS 1990;
// rule 7.4). All pushes are of one event time, so that the one with the greatest C holds.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iostream>
#include <latch>
#include <limits>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "ingest/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr int kWriters = 3;
constexpr int kReaders = 2;
constexpr int kOperations = 5;  // of each thread
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kHistories = 40;
#else
constexpr int kHistories = 200;
#endif
#if defined(__SANITIZE_THREAD__)
constexpr bool kSeals = false;  // needs the plugin, which is not built with it
#else
constexpr bool kSeals = true;
#endif

// One operation on one key. Times are places in the order of all calls and answers.
struct Operation {
  bool is_push = false;
  double value = 0;  // pushed or read; 0 before the first push
  int called = 0;
  int answered = 0;
};

// Is there an order of the operations, each after those that were answered before its call, in
// which every read gives what was pushed last?
class Search {
 public:
  explicit Search(const std::vector<Operation>& history) : history_(history) {}

  bool From(std::uint32_t done, double value) {
    if (done == (std::uint32_t{1} << history_.size()) - 1) return true;
    if (!seen_.emplace(done, value).second) return false;
    int first_answer = std::numeric_limits<int>::max();
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!Holds(done, i)) first_answer = std::min(first_answer, history_[i].answered);
    }
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const Operation& next = history_[i];
      if (Holds(done, i) || next.called > first_answer) continue;
      if (!next.is_push && next.value != value) continue;
      if (From(done | (std::uint32_t{1} << i), next.value)) return true;
    }
    return false;
  }

 private:
  static bool Holds(std::uint32_t done, std::size_t i) { return ((done >> i) & 1U) != 0; }

  const std::vector<Operation>& history_;
  std::set<std::pair<std::uint32_t, double>> seen_;
};

bool IsLinearizable(const std::vector<Operation>& history) {
  return Search(history).From(0, 0);
}

std::string Tell(std::vector<Operation> history) {
  std::sort(history.begin(), history.end(),
            [](const Operation& a, const Operation& b) { return a.called < b.called; });
  std::string text;
  for (const Operation& one : history) {
    text += (one.is_push ? "push " : "read ") + std::to_string(one.value) + " from " +
            std::to_string(one.called) + " to " + std::to_string(one.answered) + "\n";
  }
  return text;
}

TEST(LinearizabilityTest, TheSearchKnowsWhatIsAndWhatIsNot) {
  const Operation one{.is_push = true, .value = 1, .called = 1, .answered = 4};
  const Operation two{.is_push = true, .value = 2, .called = 2, .answered = 3};
  const auto read = [](double value, int called) {
    return Operation{.is_push = false, .value = value, .called = called, .answered = called + 1};
  };
  EXPECT_TRUE(IsLinearizable({one, two, read(1, 5)}));
  EXPECT_TRUE(IsLinearizable({one, two, read(2, 5)}));
  EXPECT_FALSE(IsLinearizable({one, two, read(0, 5)})) << "both were answered";
  EXPECT_FALSE(IsLinearizable({one, two, read(1, 5), read(2, 7)})) << "it goes back";
  EXPECT_FALSE(IsLinearizable({one, two, read(3, 5)})) << "nobody pushed that";
}

class HistoryTest : public ::testing::Test {
 protected:
  // What the threads did to a key of its own.
  std::vector<Operation> History(const std::string& code) {
    std::atomic<int> clock{0};
    std::latch start(kWriters + kReaders);
    std::vector<std::vector<Operation>> of_threads(kWriters + kReaders);
    std::vector<std::thread> threads;
    for (int writer = 0; writer < kWriters; ++writer) {
      threads.emplace_back([&, writer] {
        start.arrive_and_wait();
        for (int i = 1; i <= kOperations; ++i) {
          Operation push{.is_push = true, .value = writer * 100.0 + i};
          push.called = ++clock;
          const bool done = rates_.Push(RateRows({code}, push.value, kNow - kMinute)).ok();
          push.answered = ++clock;
          EXPECT_TRUE(done);
          of_threads[static_cast<std::size_t>(writer)].push_back(push);
        }
      });
    }
    for (int reader = kWriters; reader < kWriters + kReaders; ++reader) {
      threads.emplace_back([&, reader] {
        start.arrive_and_wait();
        for (int i = 0; i < kOperations; ++i) {
          Operation read;
          read.called = ++clock;
          read.value = rates_.Ask(code).value_or(0);
          read.answered = ++clock;
          of_threads[static_cast<std::size_t>(reader)].push_back(read);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<Operation> all;
    for (const auto& some : of_threads) all.insert(all.end(), some.begin(), some.end());
    return all;
  }

  // Until `done`, what a store does in the background, all the time.
  void Disturb(std::uint64_t seed, const std::atomic<bool>& done) {
    std::mt19937_64 random(seed);
    while (!done) {
      const auto what = random() % 4;
      const bool well = what == 0             ? rates_.store().Compact().ok()
                        : what == 1 && kSeals ? rates_.ingester().Seal().ok()
                                              : rates_.store().Flush().ok();
      EXPECT_TRUE(well);
    }
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  // Hardly a row stays in memory.
  RatesStore rates_{folder_ / "money", clock_.context(), {.cache_bytes = 16 << 10}};
};

TEST_F(HistoryTest, EveryHistoryOfAKeyIsThatOfARegister) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed " << seed << std::endl;
  ASSERT_TRUE(rates_.Open().ok());
  std::atomic<bool> done{false};
  std::thread disturbing([&] { Disturb(seed, done); });
  std::size_t overlapping = 0;
  for (int i = 0; i < kHistories && !HasFailure(); ++i) {
    const std::vector<Operation> history = History("C" + std::to_string(i));
    EXPECT_TRUE(IsLinearizable(history)) << Tell(history);
    for (const Operation& one : history) overlapping += one.answered > one.called + 1 ? 1 : 0;
  }
  done = true;
  disturbing.join();
  EXPECT_GT(overlapping, 0U) << "nothing happened at once";
}

}  // namespace
}  // namespace coeval
