// log.retention as a whole store has it: every door gives what it gave, or says TooOld.
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "offline/grid_spine.h"
#include "source/testing.h"
#include "store/feature_store.h"

namespace coeval {
namespace {

using ::coeval::testing::At;
using ::coeval::testing::Table;
using ::coeval::testing::TemporaryFolder;
using ::testing::HasSubstr;

constexpr const char* kDefinitions = R"(entities:
  - name: currency
    join_keys: [{name: currency, type: string}]
sources:
  - {name: files, path: "files.parquet", timestamp_field: at}
  - name: rates_push
    kind: push
    timestamp_field: at
    lateness: 1h
    schema: [{name: currency, type: string}, {name: rate, type: float64}]
  - {name: both_push, kind: push, batch_source: files}
feature_views:
  - name: rates
    entities: [currency]
    source: rates_push
    ttl: 1h
    schema: [{name: rate, type: float64}]
  - name: sums
    entities: [currency]
    source: rates_push
    aggregations: [{name: total, function: sum, columns: [rate], time_window: 2h}]
  - name: both
    entities: [currency]
    source: both_push
    ttl: 1h
    schema: [{name: rate, type: float64}]
)";

const TimeMicros kStart = At("2024-05-01T12:00:00Z");

// A repository with that retention, on a clock that is moved.
class Rates {
 public:
  explicit Rates(const std::string& retention) {
    (void)folder_.Text("coeval.yaml", "project: tests\nlog: {retention: " + retention + "}\n");
    (void)folder_.Text("definitions.yaml", kDefinitions);
    Table files;
    files.Strings("currency", {"EUR"}).Times("at", {kStart}).Doubles("rate", {0.5});
    EXPECT_TRUE(testing::WriteFile(files, folder_.File("files.parquet")).ok());
    StoreOptions options;
    options.repository = folder_.path();
    options.clock = clock_;
    auto store = FeatureStore::Open(std::move(options));
    EXPECT_TRUE(store.ok()) << store.status().ToString();
    store_ = *std::move(store);
    Apply();
  }

  void Apply() {
    const auto applied = store_->Apply(nullptr, {});
    EXPECT_TRUE(applied.ok()) << applied.status().ToString();
  }

  // One more view.
  void Define(const std::string& view) {
    (void)folder_.Text("definitions.yaml", std::string(kDefinitions) + view);
    Apply();
  }

  void Push(TimeMicros now, const std::string& source, TimeMicros at, double rate) {
    clock_->Set(now);
    Table rows;
    rows.Strings("currency", {"EUR"}).Times("at", {at}).Doubles("rate", {rate});
    ArrowArrayStream stream = rows.Stream();
    auto table = ArrowTable::Read(&stream);
    const auto pushed = store_->Push(source, *std::move(table), {});
    EXPECT_TRUE(pushed.ok()) << pushed.status().ToString();
  }

  Json Seal() {
    const auto sealed = store_->SealLog();
    EXPECT_TRUE(sealed.ok()) << sealed.status().ToString();
    return sealed.ok() ? *sealed : Json();
  }

  // What a training set of these features holds at t, or the error.
  Result<std::string> Train(const std::vector<std::string>& features, TimeMicros t) {
    Table spine;
    spine.Times("event_timestamp", {t}).Strings("currency", {"EUR"});
    ArrowArrayStream stream = spine.Stream();
    COEVAL_ASSIGN_OR_RETURN(ArrowTable table, ArrowTable::Read(&stream));
    FeatureRequest request;
    request.features = features;
    COEVAL_ASSIGN_OR_RETURN(const TrainingSet set,
                            store_->GetHistoricalFeatures(request, std::move(table), {}));
    return set.manifest.GetString("content_hash");
  }

  Status Explain(const std::string& feature, TimeMicros t) {
    FeatureRequest request;
    request.features = {feature};
    COEVAL_ASSIGN_OR_RETURN(const SharedFeaturePlan plan, store_->PlanRequest(request));
    Table key;
    key.Strings("currency", {"EUR"});
    const std::string output = feature.substr(feature.find(':') + 1);
    return store_->Explain(plan, key.batch().columns, t, output, {}).status();
  }

  FeatureStore& store() { return *store_; }

 private:
  TemporaryFolder folder_;
  std::shared_ptr<FixedClock> clock_ = std::make_shared<FixedClock>(kStart);
  std::unique_ptr<FeatureStore> store_;
};

TEST(StoreLogRetentionTest, EveryAnswerIsThatOfTheWholeLogOrRefused) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto any = [&](DurationMicros most) {
    return static_cast<DurationMicros>(random() % static_cast<std::uint64_t>(most));
  };
  Rates kept("10h");
  Rates all("0s");
  const std::vector<std::string> features = {"rates:rate", "sums:total", "both:rate"};
  TimeMicros now = kStart;
  int refused = 0;
  int answered = 0;
  std::int64_t dropped = 0;
  for (int n = 0; n < 90; ++n) {
    now += any(kHour);
    const TimeMicros at = n % 7 == 0 ? now - any(30 * kHour) : now - any(kHour);
    const std::string source = n % 3 == 0 ? "both_push" : "rates_push";
    for (Rates* rates : {&kept, &all}) rates->Push(now, source, at, n);
    if (n % 3 != 0) continue;
    dropped += kept.Seal().GetInt("dropped");
    static_cast<void>(all.Seal());
    for (int question = 0; question < 8; ++question) {
      const TimeMicros t = now - any(40 * kHour);
      const std::vector<std::string> asked = {features[random() % features.size()]};
      const auto found = kept.Train(asked, t);
      const auto expected = all.Train(asked, t);
      ASSERT_TRUE(expected.ok()) << expected.status().ToString();
      if (found.ok()) {
        EXPECT_EQ(*found, *expected) << asked[0] << " at " << FormatTime(t);
        ++answered;
      } else {
        EXPECT_EQ(found.status().code(), StatusCode::kTooOld) << found.status().ToString();
        EXPECT_LT(t, now - 10 * kHour) << found.status().ToString();
        ++refused;
      }
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(dropped, 5);
  EXPECT_GT(refused, 20);
  EXPECT_GT(answered, 50);
}

TEST(StoreLogRetentionTest, EveryDoorRefusesWhatWasDropped) {
  Rates rates("10h");
  for (const char* source : {"rates_push", "both_push"}) {
    rates.Push(kStart, source, kStart, 1);
    rates.Push(kStart + 30 * kHour, source, kStart + 30 * kHour, 2);
  }
  static_cast<void>(rates.Seal());
  const TimeMicros now = kStart + 40 * kHour;
  for (const char* source : {"rates_push", "both_push"}) rates.Push(now, source, now, 3);
  // The first two pushes lie in segments with later ones: sealed together, they stay together.
  EXPECT_EQ(rates.Seal().GetInt("dropped"), 0);
  for (const char* source : {"rates_push", "both_push"}) {
    rates.Push(now + 20 * kHour, source, now + 20 * kHour, 4);
  }
  EXPECT_GT(rates.Seal().GetInt("dropped"), 0);
  const TimeMicros late = now + 20 * kHour;
  for (const char* feature : {"rates:rate", "sums:total", "both:rate"}) {
    EXPECT_TRUE(rates.Train({feature}, late).ok()) << feature;
    EXPECT_TRUE(rates.Explain(feature, late).ok()) << rates.Explain(feature, late).ToString();
    const Status refused = rates.Train({feature}, kStart + 30 * kHour).status();
    EXPECT_EQ(refused.code(), StatusCode::kTooOld) << feature << refused.ToString();
    EXPECT_THAT(refused.message(), HasSubstr("_push"));
    EXPECT_EQ(rates.Explain(feature, kStart + 30 * kHour).code(), StatusCode::kTooOld);
  }
  // Keys of a grid count whatever their age.
  FeatureRequest request;
  request.features = {"rates:rate"};
  EXPECT_EQ(rates.store().Backfill(request, {late, late, kHour}, {}).status().code(),
            StatusCode::kTooOld);
  // Moments from there on are whole, those of before are not.
  EXPECT_TRUE(rates.store().GetHistoricalFeatures(request, now + 19 * kHour, late, {}).ok());
  EXPECT_EQ(rates.store().GetHistoricalFeatures(request, kStart, late, {}).status().code(),
            StatusCode::kTooOld);
  // Of what is materialized for the first time only a greater reach is refused.
  EXPECT_TRUE(rates.store().MaterializeIncremental(late, {}).ok());
  rates.Define(
      "  - {name: long, entities: [currency], source: both_push, ttl: 9d, "
      "schema: [{name: rate, type: float64}]}\n");
  EXPECT_EQ(rates.Train({"long:rate"}, late).status().code(), StatusCode::kTooOld);
  MaterializeOptions only;
  only.views = {"long"};
  const auto carried = rates.store().MaterializeIncremental(late, only);
  EXPECT_EQ(carried.status().code(), StatusCode::kTooOld) << carried.status().ToString();
}

TEST(StoreLogRetentionTest, ASourceOfAViewWithoutTtlKeepsAll) {
  Rates rates("10h");
  rates.Define(
      "  - {name: ever, entities: [currency], source: rates_push, "
      "schema: [{name: rate, type: float64}]}\n");
  rates.Push(kStart, "rates_push", kStart, 1);
  static_cast<void>(rates.Seal());
  rates.Push(kStart + 90 * kDay, "rates_push", kStart + 90 * kDay, 2);
  const Json sealed = rates.Seal();
  EXPECT_EQ(sealed.GetInt("dropped"), 0);
  EXPECT_EQ(sealed.Find("kept")->GetString("rates_push"), "view ever@v1 has no ttl");
  EXPECT_TRUE(rates.Train({"ever:rate"}, kStart).ok());
}

}  // namespace
}  // namespace coeval
