// Pushes through the real log into the real store.
#include "ingest/ingester.h"

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ingest/testing.h"
#include "io/fault.h"

namespace coeval {
namespace {

using coeval::testing::Table;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr TimeMicros kNow = 1'357'041'600'000'000;

ArrowTable TableOf(const Table& table) {
  ArrowArrayStream stream = table.Stream();
  return *ArrowTable::Read(&stream);
}

class IngesterTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    const Status opened = rates_.Open();
    ASSERT_TRUE(opened.ok()) << opened.ToString();
  }

  void Reopen() {
    rates_.Close();
    Open();
  }

  Result<PushReport> Push(const Table& rows, const std::string& key = "",
                          LogDestination to = LogDestination::kOnlineAndOffline) {
    return rates_.Push(rows, key, to);
  }

  static Table Rate(const std::string& code, double rate, TimeMicros at = kNow - kMinute) {
    return RateRows({code}, rate, at);
  }

  [[nodiscard]] std::optional<double> Ask(const std::string& code) const {
    return rates_.Ask(code);
  }

  [[nodiscard]] std::vector<LogBatch> Logged() const {
    return rates_.ingester().Logged("rates_push")->batches;
  }

  TestFolder folder_;
  TestClock clock_{kNow};
  RatesStore rates_{folder_ / "money", clock_.context()};
};

TEST_F(IngesterTest, APushIsVisibleAndOutlivesTheProcess) {
  const auto report = Push(Rate("EUR", 1.08));
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->rows, 1);
  EXPECT_THAT(report->views, ElementsAre("rates"));
  EXPECT_EQ(Ask("EUR"), 1.08);
  Reopen();
  EXPECT_EQ(Ask("EUR"), 1.08);
  EXPECT_GE((*rates_.store().Now())->time(), report->c);
}

// Nothing is in files here: the log alone brings it back.
TEST_F(IngesterTest, ALostStoreIsFilledAgainFromTheLog) {
  ASSERT_TRUE(Push(Rate("EUR", 1.08)).ok());
  ASSERT_TRUE(Push(Rate("EUR", 1.09, kNow)).ok());
  rates_.Close();
  std::filesystem::remove_all(folder_ / "money/online");
  Open();
  EXPECT_EQ(Ask("EUR"), 1.09);
}

TEST_F(IngesterTest, ALostLogIsNoticed) {
  ASSERT_TRUE(Push(Rate("EUR", 1.08)).ok());
  rates_.Close();
  std::filesystem::remove_all(folder_ / "money/log");
  const Status opened = rates_.Open();
  EXPECT_EQ(opened.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(opened.message(), HasSubstr("do not belong together"));
}

TEST_F(IngesterTest, ARepeatedKeyIsOnePush) {
  const auto first = Push(Rate("EUR", 1.08), "order 1");
  const auto again = Push(Rate("EUR", 1.08), "order 1");
  ASSERT_TRUE(again.ok()) << again.status().ToString();
  EXPECT_FALSE(first->repeated);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->c, first->c);
  Reopen();
  EXPECT_TRUE(Push(Rate("EUR", 1.08), "order 1")->repeated);
  EXPECT_EQ(Logged().size(), 1U);
  const auto other = Push(Rate("EUR", 1.10), "order 1");
  EXPECT_EQ(other.status().code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(other.status().message(), HasSubstr("order 1"));
}

TEST_F(IngesterTest, WhatGoesOfflineIsLoggedAndNotServed) {
  ASSERT_TRUE(Push(Rate("EUR", 1.08), "", LogDestination::kOffline).ok());
  EXPECT_EQ(Ask("EUR"), std::nullopt);
  Reopen();
  EXPECT_EQ(Ask("EUR"), std::nullopt);
  EXPECT_EQ(Logged().front().destination, LogDestination::kOffline);
}

TEST_F(IngesterTest, BadRowsRefuseTheWholePush) {
  Table nulls;
  nulls.Strings("code", {"EUR", "USD"}).Doubles("rate", {1.0, 2.0}).Times("at", {kNow, {}});
  const auto refused = Push(nulls);
  EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(refused.status().message(), HasSubstr("row 1"));
  EXPECT_THAT(refused.status().message(), HasSubstr("rates_push"));
  EXPECT_EQ(Ask("EUR"), std::nullopt);
  EXPECT_TRUE(Logged().empty());
}

TEST_F(IngesterTest, ColumnsAreThoseOfTheSource) {
  Table more = Rate("EUR", 1.0);
  more.Doubles("rates", {1.0});
  EXPECT_THAT(Push(more).status().message(),
              AllOf(HasSubstr("`rates`"), HasSubstr("did you mean `rate`")));
  Table fewer;
  fewer.Strings("code", {"EUR"}).Times("at", {kNow});
  EXPECT_THAT(Push(fewer).status().message(), HasSubstr("column `rate` is missing"));
  Table other;
  other.Ints("code", {1}).Doubles("rate", {1.0}).Times("at", {kNow});
  EXPECT_THAT(Push(other).status().message(), HasSubstr("code"));
}

TEST_F(IngesterTest, ASourceThatIsNotThereIsToldWithItsNearestName) {
  const auto report = rates_.ingester().Push(
      rates_.catalogue(), {.source = "rate_push", .rows = TableOf(Rate("EUR", 1))});
  EXPECT_EQ(report.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(report.status().message(), HasSubstr("did you mean `rates_push`"));
}

TEST_F(IngesterTest, NullKeysFeedNothingAndAreCounted) {
  Table rows;
  rows.Strings("code", {"EUR", {}}).Doubles("rate", {1.0, 2.0}).Times("at", {kNow, kNow});
  const auto report = Push(rows);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->rows, 2);
  EXPECT_EQ(report->null_keys, 1);
  EXPECT_EQ(Ask("EUR"), 1.0);
}

TEST_F(IngesterTest, AnEmptyPushIsNothing) {
  Table none;
  none.Strings("code", {}).Doubles("rate", {}).Times("at", {});
  const auto report = Push(none);
  ASSERT_TRUE(report.ok()) << report.status().ToString();
  EXPECT_EQ(report->rows, 0);
  EXPECT_TRUE(Logged().empty());
}

// Many at once share what they can, and each is there and known by its own time.
TEST_F(IngesterTest, PushesOfManyThreadsAllStay) {
  constexpr int kThreads = 4;
  constexpr int kPushes = 40;
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kPushes; ++i) {
        const std::string code = std::to_string(thread) + "-" + std::to_string(i);
        const auto report = Push(Rate(code, i), "key " + code);
        if (!report.ok() || Ask(code) != i) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  const auto logged = Logged();
  ASSERT_EQ(logged.size(), static_cast<std::size_t>(kThreads * kPushes));
  for (std::size_t i = 1; i < logged.size(); ++i) EXPECT_GT(logged[i].c, logged[i - 1].c);
  Reopen();
  EXPECT_EQ(Ask("3-39"), 39);
}

TEST_F(IngesterTest, OneKeyOfManyThreadsIsOnePush) {
  constexpr int kThreads = 4;
  constexpr int kKeys = 40;
  std::vector<std::thread> threads;
  std::atomic<int> first{0};
  std::atomic<int> failed{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < kKeys; ++i) {
        const std::string key = (i % 2 == 0 ? "made:" : "") + std::to_string(i);
        const auto report = Push(Rate("EUR", i), key);
        if (!report.ok()) {
          ++failed;
        } else if (!report->repeated) {
          ++first;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(first, kKeys);
  EXPECT_EQ(Logged().size(), static_cast<std::size_t>(kKeys));
}

// Told, and before anything is logged; what was named stays named, and pushes without keys go on.
TEST(IngesterKeysTest, WhereMemoryIsFullOfKeysNewOnesAreRefused) {
  const TestFolder folder;
  const TestClock clock(kNow);
  Context context = clock.context();
  context.memory_budget_bytes = 512 << 10;
  RatesStore rates(folder / "money", context);
  ASSERT_TRUE(rates.Open().ok());
  const auto push = [&](const std::string& key, double rate) {
    return rates.Push(RateRows({"EUR"}, rate, kNow - kMinute), key);
  };
  const auto full = [&](const std::string& key) {
    const auto report = push(key, 2);
    EXPECT_EQ(report.status().code(), StatusCode::kUnavailable);
    EXPECT_THAT(report.status().message(), HasSubstr("an eighth of `memory`"));
    EXPECT_TRUE(push("key 0", 1)->repeated);
  };
  int keys = 0;
  while (push("key " + std::to_string(keys), 1).ok()) ASSERT_LT(++keys, 2000);
  EXPECT_GT(keys, 1000);
  full("one more");
  rates.Close();
  ASSERT_TRUE(rates.Open().ok());
  full("one more");
  EXPECT_EQ(rates.ingester().Logged("rates_push")->batches.size(), static_cast<std::size_t>(keys));
  clock.fixed->Set(kNow + kDay + kHour);  // not by the clock: by the push that it gives its C
  EXPECT_TRUE(push("key 0", 1)->repeated);
  EXPECT_FALSE(push("one more", 2)->repeated);
  EXPECT_FALSE(push("key 0", 1)->repeated);
}

// A refused push is not there, now or later; the same key may then be pushed.
TEST_F(IngesterTest, AFailingDiskRefusesAndLeavesNothing) {
  ASSERT_TRUE(Push(Rate("EUR", 1.08)).ok());
  for (const int error : {ENOSPC, EIO}) {
    int refused = 0;
    for (int nth = 1; nth < 40; ++nth) {
      const std::string code = std::to_string(error) + "-" + std::to_string(nth);
      bool failed = false;
      {
        const FaultInjection fault(nth, error);
        failed = !Push(Rate(code, 2.0), code).ok();
        if (!fault.happened()) break;
      }
      EXPECT_EQ(Ask("EUR"), 1.08);
      if (!failed) continue;
      ++refused;
      EXPECT_EQ(Ask(code), std::nullopt) << code;
      const auto again = Push(Rate(code, 3.0), code);
      ASSERT_TRUE(again.ok()) << again.status().ToString();
      EXPECT_EQ(Ask(code), 3.0);
    }
    EXPECT_GT(refused, 0);
  }
  const std::size_t pushes = Logged().size();
  Reopen();
  EXPECT_EQ(Logged().size(), pushes);
  EXPECT_EQ(Ask("EUR"), 1.08);
}

}  // namespace
}  // namespace coeval
