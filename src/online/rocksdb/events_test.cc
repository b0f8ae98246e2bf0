// Events of aggregated views in the embedded store: the same windows from memory, from files, after
// a restart and after a compaction, against a plain oracle.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "column/builder.h"
#include "io/files.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 3;
constexpr DurationMicros kWindow = 10 * kMinute;

// count and sum(n) over ten minutes; with ids, `n` is the payment's number and x is summed.
struct EventView {
  EventView(bool has_ids, CreatedMeaning created) {
    Source source = TestSource(created);
    source.sequence_field.clear();
    source.lateness = kDay;
    if (has_ids) source.event_id_field = "n";
    if (!has_ids) source.delete_field.clear();
    version = TestView(source, 0, has_ids ? "by id" : "by time");
    version.view.inputs = version.view.schema;
    version.view.schema.clear();
    for (const char* function : {"count", "sum"}) {
      Aggregation aggregation;
      aggregation.name = function;
      aggregation.function = function;
      if (aggregation.function == "sum") aggregation.columns = {"x"};
      aggregation.window.length = kWindow;
      version.view.aggregations.push_back(aggregation);
    }
    version.view.aggregations.front().where = "n >= 0 or n is null";  // so that n is read
    auto made = ResolveAggregatedView(version.view, version.source);
    COEVAL_CHECK(made.ok());
    resolved = *std::move(made);
    version.view.schema = resolved.schema;
  }

  ViewVersion version;
  AggregatedView resolved;
};

struct Answer {
  std::int64_t count = 0;
  std::optional<double> sum;

  friend bool operator==(const Answer&, const Answer&) = default;
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  return out << answer.count << " events, sum " << answer.sum.value_or(-1);
}

TimeMicros KnownPlainly(const TestFact& fact, const Source& source) {
  if (source.created == CreatedMeaning::kArrival && fact.created) return *fact.created;
  return fact.event_time;
}

// Rule 5 by brute force, without lateness: all facts come in time. Numbers are small halves, whose
// sums are exact.
Answer FoldPlainly(const std::vector<TestFact>& facts, const ViewVersion& version, std::int64_t key,
                   TimeMicros t) {
  const bool has_ids = !version.source.event_id_field.empty();
  Answer answer;
  for (std::size_t i = 0; i < facts.size(); ++i) {
    const TestFact& fact = facts[i];
    if (fact.key != key || fact.is_delete || KnownPlainly(fact, version.source) > t) continue;
    if (fact.event_time <= t - kWindow || fact.event_time > t) continue;
    bool stands = true;
    for (std::size_t j = 0; has_ids && j < facts.size(); ++j) {
      const TestFact& other = facts[j];
      if (other.key != key || other.n != fact.n || !fact.n || j == i) continue;
      if (KnownPlainly(other, version.source) > t) continue;
      stands = stands && *other.created < *fact.created;  // created times differ within an id
    }
    if (!stands) continue;
    ++answer.count;
    if (fact.x) answer.sum = answer.sum.value_or(0) + *fact.x;
  }
  return answer;
}

class EventsTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context(), options_);
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }

  void Reopen() {
    store_.reset();
    Open();
  }

  void Load(const std::vector<TestFact>& facts) {
    const auto committed = LoadFacts(*store_, view_.version, facts, {}, false, /*pushed=*/true);
    ASSERT_TRUE(committed.ok()) << committed.status().ToString();
  }

  void Push(const std::vector<TestFact>& facts) {
    PushedBatch batch = PushOf(view_.version, facts, number_);
    log_->Expect(1);
    const Result<TimeMicros> c = store_->Push({&batch, 1}, log_);
    ASSERT_TRUE(c.ok()) << c.status().ToString();
    for (const TestFact& fact : AsPushed(facts, *c, number_)) all_.push_back(fact);
    number_ += static_cast<std::int64_t>(facts.size());
  }

  Result<std::vector<Answer>> Ask(const OnlineSnapshot& snapshot, TimeMicros t) const {
    ColumnBuilder cities(TypeId::kInt64);
    for (std::int64_t key = 0; key < kKeys; ++key) cities.AppendInt(key);
    cities.AppendNull();
    const std::vector<Column> columns = {cities.Finish()};
    const KeyColumn encoded = KeyColumn::Encode(columns, kKeys + 1);
    const std::vector<std::size_t> features = {0, 1};
    const ViewQuestion question = {.version = &view_.version,
                                   .features = features,
                                   .keys = &encoded,
                                   .aggregated = &view_.resolved};
    COEVAL_ASSIGN_OR_RETURN(const std::vector<ViewAnswers> all, snapshot.Read({&question, 1}, t));
    std::vector<Answer> answers;
    for (std::int64_t key = 0; key <= kKeys; ++key) {
      const auto i = static_cast<std::size_t>(key);
      Answer answer{.count = all[0].features[0].values<std::int64_t>()[i], .sum = {}};
      if (!all[0].features[1].IsNull(key)) answer.sum = all[0].features[1].values<double>()[i];
      EXPECT_EQ(all[0].match[i], Match::kFound);
      answers.push_back(answer);
    }
    EXPECT_EQ(answers.back(), Answer());  // of the null key
    return answers;
  }

  void CheckAt(TimeMicros t) const {
    const auto snapshot = store_->Now();
    ASSERT_TRUE(snapshot.ok());
    const auto answers = Ask(**snapshot, t);
    ASSERT_TRUE(answers.ok()) << answers.status().ToString();
    for (std::int64_t key = 0; key < kKeys; ++key) {
      ASSERT_EQ((*answers)[static_cast<std::size_t>(key)], FoldPlainly(all_, view_.version, key, t))
          << "key " << key << " at " << FormatTime(t);
    }
  }

  void CheckAll() const {
    const auto snapshot = store_->Now();
    ASSERT_TRUE(snapshot.ok());
    const TimeMicros horizon = std::max((*snapshot)->horizon(), kNow - kHour);
    for (const TimeMicros t : {horizon, (horizon + (*snapshot)->time()) / 2, (*snapshot)->time()}) {
      CheckAt(t);
    }
  }

  std::int64_t StoredFacts() {
    const auto report = store_->Verify(clock_.context());
    EXPECT_TRUE(report.ok());
    EXPECT_EQ(report->problem_count, 0) << report->problems.front().ToText();
    return report->facts;
  }

  const TestFolder folder_;
  TestClock clock_{kNow};
  OnlineStoreOptions options_{.online_history = kMinute};
  EventView view_{GetParam(), CreatedMeaning::kArrival};
  std::unique_ptr<OnlineStore> store_;
  std::shared_ptr<TestLog> log_ = std::make_shared<TestLog>();
  std::int64_t number_ = 1;
  std::vector<TestFact> all_;
};

TestFact Fact(std::int64_t key, TimeMicros at, TimeMicros created, std::optional<std::int64_t> n,
              std::optional<double> x, bool is_delete = false) {
  return {.key = key, .event_time = at, .created = created, .is_delete = is_delete, .n = n, .x = x};
}

TEST_P(EventsTest, WindowsAreTheSameFromMemoryFilesAndAfterACompaction) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  TimeMicros created = kNow;
  for (int round = 0; round < 60; ++round) {
    clock_.fixed->Set(kNow + round * kMinute);
    std::vector<TestFact> facts;
    for (std::int64_t i = pick(0, 6); i > 0; --i) {
      const TimeMicros at = kNow + (round + pick(-12, 2)) * kMinute;
      created = std::max(created + 1, kNow + round * kMinute - 30);
      facts.push_back(Fact(
          pick(0, kKeys - 1), at, created,
          pick(0, 4) == 0 ? std::nullopt : std::optional(pick(0, 5)),
          pick(0, 4) == 0 ? std::nullopt : std::optional(0.5 * static_cast<double>(pick(-3, 3))),
          GetParam() && pick(0, 4) == 0));
    }
    // Pushed facts of one C share their created time: one of each id.
    if (round % 3 == 0) {
      std::vector<std::optional<std::int64_t>> ids;
      std::erase_if(facts, [&](const TestFact& fact) {
        const bool again = std::find(ids.begin(), ids.end(), fact.n) != ids.end();
        ids.push_back(fact.n);
        return GetParam() && again && fact.n;
      });
      Push(facts);
    } else {
      Load(facts);
      all_.insert(all_.end(), facts.begin(), facts.end());
      if (pick(0, 2) == 0) Load(facts);  // carried twice is carried once
    }
    CheckAll();
    switch (pick(0, 9)) {
      case 0:
        Reopen();
        break;
      case 1:
        ASSERT_TRUE(store_->Flush().ok());
        break;
      case 2:
        ASSERT_TRUE(store_->Compact().ok());
        break;
      default:
        break;
    }
    CheckAll();
  }
  EXPECT_GT(StoredFacts(), 0);
}

// Rows of one window in two files, one behind the other: RocksDB 7.8 could end a scan at the border
// as if nothing came behind, where the second file is damaged.
TEST_P(EventsTest, ADamagedFileIsNeverAWindowOfTheEventsBeforeIt) {
  constexpr std::int64_t kEvents = 2000;
  std::vector<TestFact> facts;
  for (std::int64_t n = 0; n < kEvents; ++n) {
    const TimeMicros at = kNow - kWindow + 1 + n;
    facts.push_back(Fact(1, at, at, n, 0.5));
  }
  const auto half = facts.begin() + kEvents / 2;
  Load({facts.begin(), half});
  Load({half, facts.end()});
  all_ = facts;
  CheckAt(kNow);
  store_.reset();
  const std::string online = folder_ / "online";
  const std::string whole = folder_ / "whole";  // an open store writes its files anew now and then
  std::filesystem::rename(online, whole);
  int damaged = 0;
  for (const auto& entry : std::filesystem::directory_iterator(whole + "/db")) {
    if (entry.path().extension() != ".sst" || entry.file_size() < 16'000) continue;
    std::filesystem::remove_all(online);
    std::filesystem::copy(whole, online, std::filesystem::copy_options::recursive);
    const std::string path = online + "/db/" + entry.path().filename().string();
    std::string bytes = *ReadFile(path);
    bytes[5] = static_cast<char>(bytes[5] ^ 1);  // in the first block
    std::ofstream(path, std::ios::binary) << bytes;
    Open();
    const auto snapshot = store_->Now();
    ASSERT_TRUE(snapshot.ok());
    EXPECT_EQ(Ask(**snapshot, kNow).status().code(), StatusCode::kCorruption) << path;
    store_.reset();
    ++damaged;
  }
  EXPECT_EQ(damaged, 2);
}

TEST_P(EventsTest, EqualRowsOfOneReadingAreSoManyEvents) {
  if (GetParam()) return;
  const std::vector<TestFact> twice(2, Fact(1, kNow, kNow, 1, 0.5));
  Load(twice);
  all_ = twice;
  CheckAt(kNow);
  Load(twice);
  CheckAt(kNow);
  ASSERT_TRUE(store_->Compact().ok());
  CheckAt(kNow);
  EXPECT_EQ(StoredFacts(), 2);
}

TEST_P(EventsTest, WhatNoWindowReachesGoesWithACompaction) {
  // Retention: ten minutes and a day of lateness.
  for (int hour = 0; hour < 48; ++hour) {
    clock_.fixed->Set(kNow + hour * kHour);
    Push({Fact(0, kNow + hour * kHour, 0, hour, 0.5)});
  }
  ASSERT_TRUE(store_->Flush().ok());
  ASSERT_TRUE(store_->Compact().ok());
  EXPECT_EQ(StoredFacts(), 25);
  CheckAll();
  Reopen();
  CheckAll();
}

// A retraction that was dated long before its event stays as long as that one does.
TEST_P(EventsTest, WhatIsTakenBackBeforeItHappensStaysTakenBack) {
  if (!GetParam()) return;
  const TimeMicros flight = kNow + 30 * kDay;
  Push({Fact(0, flight, 0, 7, 1.0)});
  clock_.fixed->Set(kNow + kMinute);
  Push({Fact(0, kNow + kMinute, 0, 7, std::nullopt, true)});
  ASSERT_TRUE(store_->Flush().ok());
  clock_.fixed->Set(flight + kMinute);
  Push({Fact(0, flight, 0, 8, 2.0)});
  ASSERT_TRUE(store_->Flush().ok());
  ASSERT_TRUE(store_->Compact().ok());
  CheckAt(flight + kMinute);
}

TEST_P(EventsTest, WhatCameTooLateTakesNoPart) {
  Push({Fact(0, kNow - kDay - 1, 0, 1, 0.5), Fact(0, kNow - kMinute, 0, 2, 0.5)});
  EXPECT_EQ(StoredFacts(), 1);
}

TEST_P(EventsTest, AViewThatNeverGotAnythingHasEmptyWindows) {
  CheckAt(kNow);
}

INSTANTIATE_TEST_SUITE_P(Ways, EventsTest, testing::Bool(), [](const auto& way) {
  return std::string(way.param ? "ById" : "ByTime");
});

}  // namespace
}  // namespace coeval
