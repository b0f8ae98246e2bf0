// Random stories of a source and a store: what a difference is said to come from is tried by doing
// what is said to mend it.
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ingest/fact_rows.h"
#include "materialize/fact_difference.h"
#include "materialize/keyed_facts.h"
#include "materialize/testing.h"
#include "online/event_keeping.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

using Reason = DifferenceReason;

constexpr TimeMicros kNoon = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 4;

class Story {
 public:
  explicit Story(std::uint64_t seed) : random_(seed) {
    Source source = TestSource();
    with_created_ = Flip(2);
    if (!with_created_) source.created_field.clear();
    source.overlap = 5 * kMinute;
    source.lateness = 8 * kMinute;
    version_ = std::make_shared<const ViewVersion>(TestView(source, Flip(2) ? 12 * kMinute : 0));
    store_ = *OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
  }

  void Live() {
    for (std::int64_t steps = Pick(1, 6); steps > 0; --steps) {
      for (const TestFact& fact : RandomFacts(random_, static_cast<std::size_t>(Pick(1, 8)), kKeys,
                                              *clock_.fixed->Now(), with_created_)) {
        source_.Land(fact);
      }
      if (Flip(2)) Carry();
      if (Flip(4)) CarryRange(*clock_.fixed->Now() - 5 * kMinute, *clock_.fixed->Now());
      if (Flip(6)) ChangeARow();
      clock_.fixed->Set(*clock_.fixed->Now() + Pick(0, 12) * kMinute);
    }
  }

  // How many differences there were.
  int Check() {
    const auto snapshot = *store_->Now();
    t_ = snapshot->time();
    const std::vector<TestAnswer> before = *AskStore(*snapshot, *version_, kKeys, t_);
    std::vector<std::optional<FactDifference>> differences;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      differences.emplace_back();
      if (before[static_cast<std::size_t>(key)] == Wanted(key)) continue;
      differences.back() = Explain(*snapshot, key);
    }
    Carry();
    const std::vector<TestAnswer> after = Ask();
    int found = 0;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      const auto& difference = differences[static_cast<std::size_t>(key)];
      if (!difference) continue;
      ++found;
      SCOPED_TRACE("key " + std::to_string(key) + ": " +
                   std::string(DifferenceReasonName(difference->reason)));
      CheckOne(key, *difference, before[static_cast<std::size_t>(key)],
               after[static_cast<std::size_t>(key)]);
    }
    return found;
  }

 private:
  std::int64_t Pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  // One time in so many.
  bool Flip(std::int64_t in) { return Pick(1, in) == 1; }

  void Carry() { Run({.kind = RunKind::kIncremental, .end = *clock_.fixed->Now()}); }

  void CarryRange(TimeMicros start, TimeMicros end) {
    Run({.kind = RunKind::kRange, .start = start, .end = end});
  }

  void Run(const CarryRequest& carry) {
    MaterializeTools tools;
    tools.open = source_.Opener();
    const Materialized done = Materialize(
        *store_, {.versions = {version_}, .carry = carry, .who = "me"}, tools, clock_.context());
    ASSERT_TRUE(done.status.ok()) << done.status.ToString();
  }

  // Against rule 3.2: a value changes, or the row goes.
  void ChangeARow() {
    std::vector<TestFact> rows = source_.rows();
    const auto row = rows.begin() + Pick(0, std::ssize(rows) - 1);
    if (Flip(2)) {
      rows.erase(row);
    } else {
      row->n = row->n.value_or(0) + Pick(-3, 3);
    }
    source_.Replace(std::move(rows));
    changed_ = true;
  }

  [[nodiscard]] TestAnswer Wanted(std::int64_t key) const {
    return AskPlainly(source_.rows(), *version_, key, t_);
  }

  [[nodiscard]] std::vector<TestAnswer> Ask() const {
    return *AskStore(**store_->Now(), *version_, kKeys, t_);
  }

  FactDifference Explain(const OnlineSnapshot& snapshot, std::int64_t key) {
    const std::string bytes = EncodeKey(std::vector<Value>{Value::Int(key)}, version_->join_keys);
    const auto opened = source_.Opener()(*version_, FactsOf(*version_), clock_.context());
    const KeyedFacts sources =
        *ReadKeyedFacts(*opened->facts, *version_, {bytes}, clock_.context());
    KeptFacts stored;
    EXPECT_TRUE(snapshot.AddFacts(*version_, bytes, &stored).ok());
    FactComparison with = {.version = version_.get(), .t = t_};
    with.watermark = snapshot.Progress(*version_).watermark;
    with.next = MakeCarryRule(version_->source, {.end = t_},
                              {.watermark = with.watermark,
                               .clock = t_,
                               .horizon_after = store_->HorizonAfterLoad(t_),
                               .keeps = KeptSpan(*version_)});
    const KeptFacts none;
    const auto found = sources.find(bytes);
    return ExplainDifference(with, found == sources.end() ? none.facts() : found->second.facts(),
                             stored.facts());
  }

  void CheckOne(std::int64_t key, const FactDifference& difference, const TestAnswer& before,
                const TestAnswer& after) {
    ASSERT_NE(difference.reason, Reason::kUnexplained);
    if (difference.reason == Reason::kExpired) {
      EXPECT_TRUE(difference.explained);
      EXPECT_NE(before.match, Match::kFound);
      EXPECT_NE(Wanted(key).match, Match::kFound);
      return;
    }
    if (difference.explained) {
      EXPECT_EQ(after, Wanted(key));
      return;
    }
    if (difference.reason == Reason::kLost) {
      ASSERT_LE(difference.lost_first, difference.lost_last);
      CarryRange(difference.lost_first, difference.lost_last);
      EXPECT_EQ(Ask()[static_cast<std::size_t>(key)], Wanted(key));
      return;
    }
    EXPECT_TRUE(difference.reason == Reason::kChanged || difference.reason == Reason::kGone);
    EXPECT_TRUE(changed_) << "sources only grew";
    if (difference.extra == 0) return;  // its rank may be the greater one, and then it wins
    EXPECT_NE(after, Wanted(key));
  }

  std::mt19937_64 random_;
  bool with_created_ = false;
  TestFolder folder_;
  TestClock clock_{kNoon};
  std::shared_ptr<const ViewVersion> version_;
  std::unique_ptr<OnlineStore> store_;
  GrowingSource source_;
  bool changed_ = false;
  TimeMicros t_ = 0;
};

TEST(FactDifferenceRandomTest, WhatIsSaidToMendADifferenceDoes) {
  const std::uint64_t first = std::random_device()();
  int found = 0;
  for (std::uint64_t seed = first; seed < first + 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    story.Live();
    found += story.Check();
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(found, 50);  // else nothing was tried
}

}  // namespace
}  // namespace coeval
