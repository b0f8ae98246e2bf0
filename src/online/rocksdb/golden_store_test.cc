// The stores of every release under tests/format open, answer and go on (architecture, decision
// 10).
//
// A release makes its own once: COEVAL_GOLDEN_STORE=tests/format/online_store_<format> with
// --gtest_also_run_disabled_tests --gtest_filter='*MakeTheGoldenStore'. It is not made again.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "online/rocksdb/db.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

namespace fs = std::filesystem;

constexpr TimeMicros kNoon = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 6;

ViewVersion Named(ViewVersion version, const std::string& identity) {
  version.view.name = identity;
  version.data_identity = identity;
  return version;
}

ViewVersion Weather() {
  return Named(TestView(TestSource(CreatedMeaning::kVersion, kMinute), 3 * kHour),
               "golden-weather");
}

ViewVersion Planes() {
  return Named(TestView(TimelessTestSource()), "golden-planes");
}

// Three loads of the weather: ties by created time, sequence and value, a delete, a late row, a
// pending one, nulls, NaN and -0.0.
std::vector<std::vector<TestFact>> WeatherLoads() {
  return {{{.key = 0, .event_time = kNoon - kHour, .n = 1, .x = 1.5},
           {.key = 1, .event_time = kNoon - kHour, .created = kNoon, .n = 1},
           {.key = 2, .event_time = kNoon - kHour, .sequence = -3, .n = 1, .x = CanonicalNan()},
           {.key = 3, .event_time = kNoon - kHour, .n = 1, .x = 0.0},
           {.key = 4, .event_time = kNoon + kHour, .n = 7}},
          {{.key = 0, .event_time = kNoon - 2 * kHour, .n = 0},
           {.key = 1, .event_time = kNoon - kHour, .created = kNoon + 1, .n = 2},
           {.key = 2, .event_time = kNoon - kHour, .sequence = 4, .x = -0.0},
           {.key = 3, .event_time = kNoon - kHour, .n = 1, .x = -0.0}},
          {{.key = 0, .event_time = kNoon - kMinute, .is_delete = true},
           {.key = 3, .event_time = kNoon - 30 * kMinute},
           {.key = 4, .event_time = kNoon - 4 * kHour, .n = 3}}};
}

std::vector<TestFact> AllWeather() {
  std::vector<TestFact> all;
  for (const auto& load : WeatherLoads()) all.insert(all.end(), load.begin(), load.end());
  return all;
}

const std::vector<TestFact> kPlanesBefore = {{.key = 0, .n = 1}, {.key = 1, .n = 1}};
const std::vector<TestFact> kPlanes = {{.key = 1, .n = 2}, {.key = 2, .n = 3, .x = 2.5}};

// Collapsed at noon.
constexpr const char* kWeatherHash =
    "d07c1940d52f8e35e0abbe8137d0ac56681a935bd777b8007ad2d2ee72a363d9";

class GoldenStore : public testing::Test {
 protected:
  static std::string Source() {
    const char* source = std::getenv("COEVAL_SOURCE_DIR");
    return source == nullptr ? "." : source;
  }

  void Open() {
    store_.reset();
    auto store = OpenRocksDbStore(folder_ / "online", "flights", clock_.context());
    ASSERT_TRUE(store.ok()) << store.status().ToString();
    store_ = std::move(*store);
  }

  void ExpectAnswers(const ViewVersion& view, const std::vector<TestFact>& facts) {
    const auto snapshot = *store_->Now();
    for (const TimeMicros t : {snapshot->horizon(), snapshot->time()}) {
      const auto answers = AskStore(*snapshot, view, kKeys, t);
      ASSERT_TRUE(answers.ok()) << answers.status().ToString();
      for (std::int64_t key = 0; key < kKeys; ++key) {
        EXPECT_EQ((*answers)[static_cast<std::size_t>(key)], AskPlainly(facts, view, key, t));
      }
    }
  }

  TestFolder folder_;
  TestClock clock_{kNoon};
  std::unique_ptr<OnlineStore> store_;
};

class GoldenStoreTest : public GoldenStore, public testing::WithParamInterface<std::string> {};

TEST_P(GoldenStoreTest, OpensAnswersAndGoesOn) {
  fs::copy(Source() + "/tests/format/" + GetParam(), folder_ / "online",
           fs::copy_options::recursive);
  Open();
  // The fifth load in the same microsecond took noon + 4 as its C (rule 1.4).
  EXPECT_EQ(store_->horizon(), kNoon + 4 - 5 * kMinute);
  EXPECT_EQ(store_->Progress(Weather()).watermark, kNoon);
  EXPECT_EQ(store_->Progress(Planes()).change_token, "second");
  EXPECT_EQ(*store_->StateHash(Weather(), kNoon), kWeatherHash);
  std::vector<TestFact> weather = AllWeather();
  for (int round = 0; round < 3; ++round) {
    ExpectAnswers(Weather(), weather);
    ExpectAnswers(Planes(), kPlanes);
    const auto report = store_->Verify(clock_.context());
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->problem_count, 0) << report->problems[0].ToText();
    // On top of it: this release's loads and compactions.
    const TestFact more = {.key = round, .event_time = kNoon + round, .n = 100 + round};
    clock_.fixed->Set(kNoon + 2 * kHour + round);
    ASSERT_TRUE(LoadFacts(*store_, Weather(), {more}).ok());
    weather.push_back(more);
    if (round == 1) {
      ASSERT_TRUE(store_->Compact().ok());
    }
    Open();
  }
}

INSTANTIATE_TEST_SUITE_P(Releases, GoldenStoreTest, testing::Values("online_store_1"));

// Unmerged operands are part of it: RocksDB compacts four files of a level, and here are three.
TEST_F(GoldenStore, DISABLED_MakeTheGoldenStore) {
  const char* target = std::getenv("COEVAL_GOLDEN_STORE");
  ASSERT_NE(target, nullptr);
  Open();
  ASSERT_TRUE(
      LoadFacts(*store_, Planes(), kPlanesBefore, {.watermark = kNoon, .change_token = "first"})
          .ok());
  ASSERT_TRUE(
      LoadFacts(*store_, Planes(), kPlanes, {.watermark = kNoon, .change_token = "second"}, true)
          .ok());
  for (const auto& load : WeatherLoads()) {
    ASSERT_TRUE(LoadFacts(*store_, Weather(), load, {.watermark = kNoon, .change_token = ""}).ok());
  }
  std::printf("the hash at noon: %s\n", store_->StateHash(Weather(), kNoon)->c_str());
  store_.reset();
  fs::create_directories(std::string(target) + "/db");
  for (const char* name : {"FORMAT", "LEASE"}) {
    fs::copy(folder_ / "online" + std::string("/") + name, std::string(target) + "/" + name);
  }
  for (const auto& entry : fs::directory_iterator(folder_ / "online/db")) {
    const std::string name = entry.path().filename();
    if (name == "CURRENT" || name.starts_with("MANIFEST") || name.ends_with(".sst")) {
      fs::copy(entry.path(), std::string(target) + "/db/" + name);
    }
  }
}

}  // namespace
}  // namespace coeval
