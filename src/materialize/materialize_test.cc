#include "materialize/materialize.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "materialize/testing.h"
#include "online/rocksdb/open.h"

namespace coeval {
namespace {

using testing::HasSubstr;

constexpr TimeMicros kNoon = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 5;

struct RecordedRuns : RunRecorder {
  struct Entry {
    Run run;
    RunStatus status = RunStatus::kRunning;
    RunCounts counts;
    std::string error;
  };

  Result<std::int64_t> StartRun(const Run& run) override {
    entries.push_back({.run = run, .counts = {}, .error = {}});
    return static_cast<std::int64_t>(entries.size());
  }

  Status FinishRun(std::int64_t id, RunStatus status, const RunCounts& counts,
                   const std::string& error) override {
    Entry& entry = entries[static_cast<std::size_t>(id - 1)];
    entry.status = status;
    entry.counts = counts;
    entry.error = error;
    return {};
  }

  std::vector<Entry> entries;
};

class MaterializeTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    store_.reset();
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }

  // Makes a version whose rows are those of sources_[its name].
  std::shared_ptr<const ViewVersion> View(const Source& source, DurationMicros ttl = 0,
                                          const std::string& name = "weather") {
    return std::make_shared<const ViewVersion>(TestView(source, ttl, name));
  }

  MaterializeTools Tools() {
    MaterializeTools tools;
    tools.open = [this](const ViewVersion& version, const FactRequest& request,
                        const Context& context) {
      return sources_[version.view.name].Opener()(version, request, context);
    };
    tools.runs = &runs_;
    return tools;
  }

  Materialized Run(const std::vector<std::shared_ptr<const ViewVersion>>& versions,
                   const CarryRequest& carry) {
    return Materialize(*store_, {.versions = versions, .carry = carry, .who = "me"}, Tools(),
                       clock_.context());
  }

  // All views of `versions`, from what runs were asked for.
  Materialized Rebuild(const std::vector<std::shared_ptr<const ViewVersion>>& versions,
                       const std::vector<EventRange>& ranges = {}) {
    MaterializeTools tools = Tools();
    tools.carried = [&](const auto& of_view) -> Result<CarriedBefore> {
      const auto watermark = store_->Progress(*of_view.front()).watermark;
      if (!watermark) return CarriedBefore();
      return CarriedBefore{.watermark = watermark, .ranges = ranges};
    };
    return Materialize(*store_,
                       {.versions = versions, .carry = {.kind = RunKind::kRebuild}, .who = "me"},
                       tools, clock_.context());
  }

  Materialized RunTill(const std::shared_ptr<const ViewVersion>& version, TimeMicros end) {
    Materialized result = Run({version}, {.kind = RunKind::kIncremental, .end = end});
    EXPECT_TRUE(result.status.ok()) << result.status.ToString();
    return result;
  }

  std::vector<TestAnswer> Ask(const ViewVersion& view) {
    const auto snapshot = *store_->Now();
    return *AskStore(*snapshot, view, kKeys, snapshot->time());
  }

  TestFolder folder_;
  TestClock clock_{kNoon};
  std::unique_ptr<OnlineStore> store_;
  std::map<std::string, GrowingSource> sources_;
  RecordedRuns runs_;
};

TEST_F(MaterializeTest, FactsArriveOnceAndLateRowsBetweenRunsArriveToo) {
  const auto view = View(TestSource());
  GrowingSource& source = sources_["weather"];
  source.Land({.key = 1, .event_time = kNoon - kHour, .created = kNoon - kHour, .n = 1});
  RunTill(view, kNoon);
  EXPECT_TRUE(SameBits(Ask(*view)[1].values[0], Value::Int(1)));
  EXPECT_EQ(store_->Progress(*view).watermark, kNoon);
  clock_.fixed->Set(kNoon + kHour);
  // Older than the watermark, written after it.
  source.Land({.key = 2, .event_time = kNoon - 2 * kHour, .created = kNoon + kMinute, .n = 2});
  const Materialized second = RunTill(view, kNoon + kHour);
  EXPECT_TRUE(SameBits(Ask(*view)[2].values[0], Value::Int(2)));
  EXPECT_EQ(second.views[0].watermark, kNoon + kHour);
  // The row of the first run was written within the overlap: carried again, which changes nothing.
  EXPECT_EQ(second.views[0].load.rows_added, 2);
}

// Rule 7.7: a watermark that lay in the future would pass rows by that are still to land.
TEST_F(MaterializeTest, AnEndInTheFutureMovesTheWatermarkToTheClockOnly) {
  const auto view = View(TestSource());
  GrowingSource& source = sources_["weather"];
  source.Land({.key = 1, .event_time = kNoon + kMinute, .n = 1});
  RunTill(view, kNoon + kHour);
  EXPECT_EQ(store_->Progress(*view).watermark, kNoon);
  // Carried as pending: visible when its time comes.
  EXPECT_EQ(Ask(*view)[1].match, Match::kNotFound);
  clock_.fixed->Set(kNoon + kMinute);
  EXPECT_EQ(Ask(*view)[1].match, Match::kFound);
}

TEST_F(MaterializeTest, ARangeIsCarriedAndTheWatermarkMovesOnlyFromInside) {
  const auto view = View(TestSource());
  GrowingSource& source = sources_["weather"];
  for (int i = 0; i < 4; ++i) {
    source.Land({.key = i, .event_time = kNoon - (4 - i) * kHour, .n = i});
  }
  const auto range = [&](TimeMicros start, TimeMicros end) {
    return Run({view}, {.kind = RunKind::kRange, .start = start, .end = end}).status;
  };
  ASSERT_TRUE(range(kNoon - 3 * kHour, kNoon - 2 * kHour).ok());
  EXPECT_EQ(store_->Progress(*view).watermark, kNoon - 2 * kHour);
  EXPECT_EQ(Ask(*view)[0].match, Match::kNotFound);
  EXPECT_EQ(Ask(*view)[1].match, Match::kFound);
  EXPECT_EQ(Ask(*view)[3].match, Match::kNotFound);
  ASSERT_TRUE(range(kNoon - kHour, kNoon).ok());
  EXPECT_EQ(store_->Progress(*view).watermark, kNoon - 2 * kHour);
  EXPECT_EQ(Ask(*view)[3].match, Match::kFound);
  ASSERT_TRUE(range(kNoon - 4 * kHour, kNoon).ok());
  EXPECT_EQ(store_->Progress(*view).watermark, kNoon);
  EXPECT_EQ(Ask(*view)[0].match, Match::kFound);
  const Status backwards = range(kNoon, kNoon - 1);
  EXPECT_EQ(backwards.code(), StatusCode::kInvalidArgument);
}

TEST_F(MaterializeTest, ARebuildMakesAgainWhatRunsHaveCarried) {
  const auto view = View(TestSource());
  const auto never = View(TestSource(), 0, "never");
  GrowingSource& source = sources_["weather"];
  for (int i = 0; i < 4; ++i) source.Land({.key = i, .event_time = kNoon + i * kHour, .n = i});
  clock_.fixed->Set(kNoon + 4 * kHour);
  RunTill(view, kNoon + kHour);
  const EventRange third = {kNoon + 3 * kHour, kNoon + 3 * kHour};
  ASSERT_TRUE(
      Run({view}, {.kind = RunKind::kRange, .start = third.first, .end = third.last}).status.ok());
  const std::vector<TestAnswer> before = Ask(*view);
  EXPECT_EQ(before[2].match, Match::kNotFound);
  source.Land({.key = 4, .event_time = kNoon, .n = 4});  // late; the next run has it too
  const Materialized rebuilt = Rebuild({view, never}, {third});
  ASSERT_TRUE(rebuilt.status.ok()) << rebuilt.status.ToString();
  EXPECT_EQ(rebuilt.views[0].watermark, kNoon + kHour);
  EXPECT_EQ(rebuilt.views[0].load.facts_written, 4);
  EXPECT_TRUE(rebuilt.views[1].empty);
  EXPECT_FALSE(store_->Progress(*never).watermark.has_value());
  std::vector<TestAnswer> after = Ask(*view);
  EXPECT_EQ(after[4].match, Match::kFound);
  after[4] = before[4];
  EXPECT_EQ(after, before);
  EXPECT_EQ(runs_.entries.back().run.kind, "online_rebuild");
  EXPECT_EQ(store_->Verify(clock_.context())->keys, 4);
  // What fails leaves what was there.
  source.FailAfter(2);
  EXPECT_EQ(Rebuild({view}).status.code(), StatusCode::kIoError);
  EXPECT_EQ(Ask(*view)[3].match, Match::kFound);
  source.FailAfter(-1);
  RunTill(view, kNoon + 2 * kHour);
  EXPECT_EQ(Ask(*view)[2].match, Match::kFound);
}

// The watermark lies with the data: without them it is gone as well.
TEST_F(MaterializeTest, AWipedStoreFillsAgain) {
  const auto view = View(TestSource(), kDay);
  sources_["weather"].Land({.key = 1, .event_time = kNoon - kHour, .n = 1});
  RunTill(view, kNoon);
  store_.reset();
  std::filesystem::remove_all(folder_ / "online");
  Open();
  EXPECT_EQ(Ask(*view)[1].match, Match::kNotFound);
  RunTill(view, kNoon);
  EXPECT_EQ(Ask(*view)[1].match, Match::kFound);
}

TEST_F(MaterializeTest, ATimelessViewIsCarriedWholeWheneverItsSourceChanged) {
  const auto view = View(TimelessTestSource(), 0, "planes");
  GrowingSource& source = sources_["planes"];
  source.Replace({{.key = 1, .n = 1}, {.key = 2, .n = 2}});
  RunTill(view, kNoon);
  EXPECT_EQ(source.rows_given(), 2);
  clock_.fixed->Set(kNoon + kHour);
  const Materialized same = RunTill(view, kNoon + kHour);
  EXPECT_TRUE(same.views[0].unchanged);
  EXPECT_EQ(source.rows_given(), 2);
  EXPECT_EQ(same.views[0].watermark, kNoon + kHour);
  EXPECT_EQ(Ask(*view)[1].match, Match::kFound);
  source.Replace({{.key = 2, .n = 5}});
  const Materialized changed =
      Run({view}, {.kind = RunKind::kRange, .start = kNoon - kMinute, .end = kNoon - kMinute});
  EXPECT_FALSE(changed.views[0].unchanged);
  EXPECT_EQ(Ask(*view)[1].match, Match::kNotFound);  // what the table no longer holds
  EXPECT_TRUE(SameBits(Ask(*view)[2].values[0], Value::Int(5)));
}

TEST_F(MaterializeTest, VersionsThatDifferInTtlAloneAreReadOnce) {
  const auto brief = View(TestSource(), kMinute);
  const auto longer = View(TestSource(), 2 * kHour);
  GrowingSource& source = sources_["weather"];
  source.Land({.key = 1, .event_time = kNoon - kHour, .n = 1});
  RunTill(brief, kNoon);
  EXPECT_EQ(Ask(*longer)[1].match, Match::kNotFound);  // too old for what was filled
  const Materialized both = Run({brief, longer}, {.kind = RunKind::kIncremental, .end = kNoon});
  ASSERT_TRUE(both.status.ok());
  EXPECT_EQ(source.opened(), 2);
  EXPECT_EQ(Ask(*longer)[1].match, Match::kFound);
  EXPECT_EQ(Ask(*brief)[1].match, Match::kNotFound);
  EXPECT_EQ(both.views[0].watermark, kNoon);
  EXPECT_EQ(both.views[1].watermark, kNoon);
}

// Rule 1.4: one batch, one C; a question with the clock at t is asked at t.
TEST_F(MaterializeTest, AllViewsOfARunAreOneBatch) {
  const auto a = View(TestSource(), 0, "a");
  const auto b = View(TestSource(), 0, "b");
  sources_["a"].Land({.key = 1, .event_time = kNoon, .n = 1});
  sources_["b"].Land({.key = 1, .event_time = kNoon, .n = 1});
  const Materialized result = Run({a, b}, {.kind = RunKind::kIncremental, .end = kNoon});
  EXPECT_EQ(result.committed.c, kNoon);
  const auto snapshot = *store_->Now();
  EXPECT_EQ(snapshot->time(), kNoon);
  EXPECT_EQ((*AskStore(*snapshot, *a, kKeys, kNoon))[1].match, Match::kFound);
  EXPECT_EQ((*AskStore(*snapshot, *b, kKeys, kNoon))[1].match, Match::kFound);
}

TEST_F(MaterializeTest, AViewThatFailsIsNamedAndTheOthersAreCarried) {
  const auto good = View(TestSource(), 0, "good");
  const auto bad = View(TestSource(), 0, "bad");
  for (int i = 0; i < 20; ++i) {
    sources_["good"].Land({.key = 1, .event_time = kNoon - i, .n = 1});
    sources_["bad"].Land({.key = 1, .event_time = kNoon - i, .n = 1});
  }
  sources_["bad"].FailAfter(10);
  const Materialized result = Run({bad, good}, {.kind = RunKind::kIncremental, .end = kNoon});
  EXPECT_EQ(result.status.code(), StatusCode::kIoError);
  EXPECT_THAT(result.status.message(), HasSubstr("view bad@v1: the source went away"));
  EXPECT_EQ(Ask(*good)[1].match, Match::kFound);
  EXPECT_EQ(Ask(*bad)[1].match, Match::kNotFound);
  EXPECT_FALSE(store_->Progress(*bad).watermark.has_value());
  ASSERT_EQ(runs_.entries.size(), 2U);
  EXPECT_EQ(runs_.entries[0].status, RunStatus::kFailed);
  EXPECT_THAT(runs_.entries[0].error, HasSubstr("went away"));
  EXPECT_EQ(runs_.entries[1].status, RunStatus::kSucceeded);
  EXPECT_EQ(runs_.entries[1].counts.rows_read, 20);
  EXPECT_EQ(runs_.entries[1].run.kind, "materialize_incremental");
  EXPECT_EQ(runs_.entries[1].run.who, "me");
  // The next run does what is left.
  sources_["bad"].FailAfter(-1);
  ASSERT_TRUE(Run({bad, good}, {.kind = RunKind::kIncremental, .end = kNoon}).status.ok());
  EXPECT_EQ(Ask(*bad)[1].match, Match::kFound);
}

TEST_F(MaterializeTest, ACancelledRunCarriesNothing) {
  const auto first = View(TestSource(), 0, "first");
  const auto second = View(TestSource(), 0, "second");
  for (int i = 0; i < 20; ++i) {
    sources_["first"].Land({.key = 1, .event_time = kNoon - i, .n = 1});
    sources_["second"].Land({.key = 1, .event_time = kNoon - i, .n = 1});
  }
  const Context context = clock_.context();
  MaterializeTools tools = Tools();
  tools.progress = [&](const Progress& progress) {
    if (progress.what == "second" && progress.rows_done > 10) context.cancel->Cancel();
  };
  const Materialized result = Materialize(*store_,
                                          {.versions = {first, second},
                                           .carry = {.kind = RunKind::kIncremental, .end = kNoon},
                                           .who = {}},
                                          tools, context);
  EXPECT_EQ(result.status.code(), StatusCode::kCancelled);
  EXPECT_EQ(Ask(*first)[1].match, Match::kNotFound);
  for (const RecordedRuns::Entry& entry : runs_.entries) {
    EXPECT_EQ(entry.status, RunStatus::kCancelled);
  }
  RunTill(first, kNoon);
  EXPECT_EQ(Ask(*first)[1].match, Match::kFound);
}

TEST_F(MaterializeTest, ProgressCountsRowsAndEnds) {
  const auto view = View(TestSource());
  for (int i = 0; i < 20; ++i) sources_["weather"].Land({.key = i % 5, .event_time = kNoon - i});
  std::vector<Progress> seen;
  MaterializeTools tools = Tools();
  tools.progress = [&](const Progress& progress) { seen.push_back(progress); };
  ASSERT_TRUE(
      Materialize(
          *store_,
          {.versions = {view}, .carry = {.kind = RunKind::kIncremental, .end = kNoon}, .who = {}},
          tools, clock_.context())
          .status.ok());
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].rows_done, 7);
  EXPECT_EQ(seen[0].rows_expected, 20);
  EXPECT_FALSE(seen[0].finished);
  EXPECT_EQ(seen[3].rows_done, 20);
  EXPECT_TRUE(seen[3].finished);
}

TEST_F(MaterializeTest, AViewThatIsNotOnlineIsRefused) {
  ViewVersion version = TestView(TestSource());
  version.view.online = false;
  const Materialized result = Run({std::make_shared<const ViewVersion>(version)},
                                  {.kind = RunKind::kIncremental, .end = kNoon});
  EXPECT_EQ(result.status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(result.status.message(), HasSubstr("weather@v1"));
}

// Stories of a source that grows as it declared: what was carried answers like all that landed.
TEST_F(MaterializeTest, AnswersAreThoseOfAllRowsThatKeptToTheirDeclaration) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
  };
  for (int story = 0; story < 8; ++story) {
    Source source =
        TestSource(pick(0, 1) == 0 ? CreatedMeaning::kVersion : CreatedMeaning::kArrival,
                   pick(0, 2) * kMinute);
    source.overlap = pick(0, 20) * kMinute;
    source.lateness = pick(0, 20) * kMinute;
    const DurationMicros ttl = pick(0, 1) * pick(1, 10) * kMinute;
    const std::string name = "story" + std::to_string(story);
    const auto view = View(source, ttl, name);
    std::vector<TestFact> carried;  // present at a run that reached their event time
    TimeMicros furthest = kMinTime;
    TimeMicros now = *clock_.fixed->Now();
    for (int run = 0; run < 12; ++run) {
      now += pick(1, 10) * kMinute;
      for (std::int64_t rows = pick(0, 12); rows > 0; --rows) {
        TestFact fact = RandomFacts(random, 1, kKeys, now, false)[0];
        fact.event_time = now + pick(-25, 5) * kMinute;
        if (pick(0, 3) != 0) {
          fact.created = now - pick(0, source.overlap);
        } else {
          fact.event_time = std::max(fact.event_time, now - source.lateness);
        }
        sources_[name].Land(fact);
      }
      clock_.fixed->Set(now);
      const TimeMicros end = now + pick(-3, 3) * kMinute;
      RunTill(view, end);
      furthest = std::max(furthest, end);
      const bool rebuild = pick(0, 3) == 0;
      if (rebuild) {
        const Materialized rebuilt = Rebuild({view}, {{.last = furthest}});
        ASSERT_TRUE(rebuilt.status.ok()) << rebuilt.status.ToString();
      }
      for (const TestFact& fact : sources_[name].rows()) {
        if (fact.event_time <= (rebuild ? furthest : end)) carried.push_back(fact);
      }
      if (pick(0, 3) == 0) Open();
      const auto snapshot = *store_->Now();
      for (TimeMicros t = snapshot->horizon(); t <= snapshot->time(); t += kMinute / 2) {
        const auto answers = *AskStore(*snapshot, *view, kKeys, t);
        for (std::int64_t key = 0; key < kKeys; ++key) {
          ASSERT_EQ(answers[static_cast<std::size_t>(key)], AskPlainly(carried, *view, key, t))
              << "story " << story << " run " << run << " key " << key << " t " << t;
        }
      }
    }
  }
}

}  // namespace
}  // namespace coeval
