// Tiles are an index: whatever their layout, and without them, windows have the same bits.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "aggregation/resolve.h"
#include "column/builder.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 2;

Json Params(const std::string& name, Json value) {
  Json params = Json::MakeObject();
  params.Set(name, std::move(value));
  return params;
}

// The function over some columns and with some parameters that it takes.
Aggregation Takes(const std::string& function, FeatureView view, const Source& source) {
  const std::vector<std::vector<std::string>> columns = {{"x"}, {"n"}, {}, {"n", "x"}, {"b"}};
  const std::vector<Json> params = {Json::MakeObject(),     Params("k", 2),
                                    Params("n", 2),         Params("q", 0.75),
                                    Params("half_life", 2), Params("half_life", "40s"),
                                    Params("cap", 3)};
  for (const Json& given : params) {
    for (const std::vector<std::string>& names : columns) {
      Aggregation aggregation;
      aggregation.name = function;
      aggregation.function = function;
      aggregation.columns = names;
      aggregation.params = given;
      aggregation.window.length = kHour;
      view.aggregations = {aggregation};
      if (ResolveAggregatedView(view, source).ok()) return aggregation;
    }
  }
  return {};
}

struct AllFunctions {
  explicit AllFunctions(std::mt19937_64& random) {
    Source source = TestSource(CreatedMeaning::kArrival);
    source.sequence_field.clear();
    source.delete_field.clear();
    source.lateness = kDay;
    version = TestView(source, 0, "all functions");
    version.view.inputs = version.view.schema;
    version.view.schema.clear();
    Field truth;
    truth.name = "b";
    truth.type = TypeId::kBool;
    version.view.inputs.insert(version.view.inputs.begin(), truth);  // by name
    for (const std::string& function : AggregateNames()) {
      Aggregation aggregation = Takes(function, version.view, source);
      if (aggregation.name.empty()) continue;  // of vectors
      Window& window = aggregation.window;
      window.length = (1 + static_cast<std::int64_t>(random() % 20)) * kMinute;
      window.offset = static_cast<std::int64_t>(random() % 3) * 30 * kSecond;
      window.closed = static_cast<Closed>(random() % 4);
      if (random() % 4 == 0) window.slide_interval = kMinute;
      if (random() % 4 == 0) window.last = 1 + static_cast<std::int64_t>(random() % 40);
      if (random() % 3 == 0) aggregation.where = "n >= 0";
      if (random() % 5 == 0) aggregation.by = "coalesce(n, 7)";
      version.view.aggregations.push_back(aggregation);
    }
    auto made = ResolveAggregatedView(version.view, version.source);
    COEVAL_CHECK(made.ok());
    resolved = *std::move(made);
    version.view.schema = resolved.schema;
  }

  ViewVersion version;
  AggregatedView resolved;
};

FactRows WithTruth(FactRows rows) {
  ColumnBuilder truth(TypeId::kBool);
  for (std::int64_t row = 0; row < rows.num_rows; ++row) {
    if (row % 3 == 0) {
      truth.AppendNull();
    } else {
      truth.AppendBool(row % 2 == 0);
    }
  }
  rows.features.insert(rows.features.begin(), truth.Finish());
  rows.deleted = Column();
  return rows;
}

// The same story in a store for each layout.
struct Shelf {
  explicit Shelf(const EventIndexOptions& index) {
    options.online_history = kMinute;
    options.index = index;
    Open();
  }

  void Open() {
    store.reset();
    store = *OpenRocksDbStore(folder / "online", "p", clock.context(), options);
  }

  TestFolder folder;
  TestClock clock{kNow};
  OnlineStoreOptions options;
  std::unique_ptr<OnlineStore> store;
  std::shared_ptr<TestLog> log = std::make_shared<TestLog>();
};

Result<ViewAnswers> Ask(const Shelf& shelf, const AllFunctions& view, double back) {
  COEVAL_ASSIGN_OR_RETURN(const auto snapshot, shelf.store->Now());
  const TimeMicros horizon = std::max(snapshot->horizon(), kNow);
  const auto t = snapshot->time() -
                 static_cast<TimeMicros>(back * static_cast<double>(snapshot->time() - horizon));
  ColumnBuilder cities(TypeId::kInt64);
  for (std::int64_t key = 0; key < kKeys; ++key) cities.AppendInt(key);
  const std::vector<Column> columns = {cities.Finish()};
  const KeyColumn encoded = KeyColumn::Encode(columns, kKeys);
  std::vector<std::size_t> features(view.version.view.schema.size());
  for (std::size_t i = 0; i < features.size(); ++i) features[i] = i;
  const ViewQuestion question = {.version = &view.version,
                                 .features = features,
                                 .keys = &encoded,
                                 .aggregated = &view.resolved};
  COEVAL_ASSIGN_OR_RETURN(std::vector<ViewAnswers> all, snapshot->Read({&question, 1}, t));
  return std::move(all.front());
}

void ExpectSame(const ViewAnswers& a, const ViewAnswers& b, const AllFunctions& view) {
  for (std::size_t i = 0; i < a.features.size(); ++i) {
    const std::string& name = view.version.view.schema[i].name;
    for (std::int64_t key = 0; key < kKeys; ++key) {
      EXPECT_TRUE(SameBits(a.features[i].GetValue(key), b.features[i].GetValue(key))) << name;
    }
    EXPECT_EQ(a.feature_times[i], b.feature_times[i]) << name;
    const std::vector<std::uint8_t> none(kKeys, 0);
    EXPECT_EQ(a.invalid[i].empty() ? none : a.invalid[i],
              b.invalid[i].empty() ? none : b.invalid[i])
        << name;
  }
}

TEST(EventIndexTest, NoLayoutOfTilesChangesABit) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const AllFunctions view(random);
  EXPECT_GT(view.version.view.aggregations.size(), 40U);
  const auto layout = [](std::size_t leaf, std::size_t fanout) {
    return EventIndexOptions{
        .least_events = 1, .at_once = true, .leaf_events = leaf, .fanout = fanout};
  };
  std::vector<std::unique_ptr<Shelf>> shelves;
  for (const EventIndexOptions& index :
       {EventIndexOptions{.bytes = 0}, layout(1, 2), layout(3, 3), layout(16, 4), layout(64, 16),
        EventIndexOptions{.least_events = 20}}) {
    shelves.push_back(std::make_unique<Shelf>(index));
  }
  std::int64_t number = 1;
  for (int round = 0; round < 40; ++round) {
    const TimeMicros now = kNow + round * kMinute;
    std::vector<TestFact> facts = RandomFacts(random, random() % 40, kKeys, now, true);
    for (TestFact& fact : facts) {
      fact.is_delete = false;
      fact.sequence.reset();
      fact.event_time += static_cast<TimeMicros>(random() % 5);
      fact.created = now - static_cast<TimeMicros>(random() % kMinute);
    }
    const std::uint64_t what = random();
    const double back = static_cast<double>(random() % 5) / 4;
    std::unique_ptr<ViewAnswers> expected;
    for (const auto& shelf : shelves) {
      shelf->clock.fixed->Set(now);
      if (what % 3 != 0 || round == 0) {
        PushedBatch batch = PushOf(view.version, facts, number);
        batch.views[0].rows = WithTruth(batch.views[0].rows);
        ASSERT_TRUE(shelf->store->Push({&batch, 1}, shelf->log).ok());
      } else {
        const LoadSpec spec = {.version = &view.version, .pushed = true};
        const auto load = *shelf->store->BeginLoad(spec, shelf->clock.context());
        ASSERT_TRUE(load->Add(WithTruth(RowsOf(view.version.source, facts))).ok());
        ASSERT_TRUE(load->Seal().ok());
        ASSERT_TRUE(load->Commit({}).ok());
      }
      if (what % 5 == 0) {
        ASSERT_TRUE(shelf->store->Flush().ok());
      }
      if (what % 11 == 0) shelf->Open();
      for (int again = 0; again < 2; ++again) {
        const auto answers = Ask(*shelf, view, again == 0 ? 0 : back);
        ASSERT_TRUE(answers.ok()) << answers.status().ToString();
        if (again == 0) continue;
        if (expected == nullptr) {
          expected = std::make_unique<ViewAnswers>(*answers);
        } else {
          ExpectSame(*expected, *answers, view);
        }
      }
      if (HasFailure()) return;
    }
    number += static_cast<std::int64_t>(facts.size());
  }
}

// Each batch brings ten events to both keys: whoever reads sees all of a batch or nothing, out of
// memory, files and indexes, while they are pushed, flushed and loaded.
TEST(EventIndexTest, ABatchIsSeenWholeWhileOthersWrite) {
  ViewVersion version = TestView(TestSource(CreatedMeaning::kArrival), 0, "counts");
  version.view.inputs = {version.view.schema.front()};
  version.view.schema.clear();
  Aggregation count;
  count.name = "count";
  count.function = "count";
  count.columns = {"n"};
  version.view.aggregations = {count};
  const AggregatedView resolved = *ResolveAggregatedView(version.view, version.source);
  version.view.schema = resolved.schema;
  const auto rows_of = [&](TimeMicros at) {
    std::vector<TestFact> facts;
    for (std::int64_t i = 0; i < 20; ++i) {
      facts.push_back({.key = i % 2, .event_time = at + i / 2, .created = at, .n = i});
    }
    return facts;
  };
  const auto one_column = [](FactRows rows) {
    rows.features.pop_back();
    return rows;
  };
  Shelf shelf({.least_events = 1, .at_once = true, .leaf_events = 4, .fanout = 2});
  std::atomic<bool> done{false};
  std::atomic<std::int64_t> reads{0};
  const auto read = [&] {
    std::int64_t last = 0;
    while (!done.load() || reads.load() < 10) {
      const auto snapshot = *shelf.store->Now();
      ColumnBuilder cities(TypeId::kInt64);
      for (std::int64_t key = 0; key < kKeys; ++key) cities.AppendInt(key);
      const std::vector<Column> columns = {cities.Finish()};
      const KeyColumn encoded = KeyColumn::Encode(columns, kKeys);
      const std::vector<std::size_t> features = {0};
      const ViewQuestion question = {
          .version = &version, .features = features, .keys = &encoded, .aggregated = &resolved};
      const auto answers = snapshot->Read({&question, 1}, snapshot->time());
      ASSERT_TRUE(answers.ok()) << answers.status().ToString();
      const auto counts = (*answers)[0].features[0].values<std::int64_t>();
      ASSERT_EQ(counts[0], counts[1]);
      ASSERT_EQ(counts[0] % 10, 0);
      ASSERT_GE(counts[0], last);
      last = counts[0];
      reads.fetch_add(1);
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  for (int round = 0; round < 60; ++round) {
    const TimeMicros at = kNow + round * kSecond;
    shelf.clock.fixed->Set(at + kSecond / 1000);
    if (round % 4 == 3) {
      const LoadSpec spec = {.version = &version, .pushed = true};
      const auto load = *shelf.store->BeginLoad(spec, shelf.clock.context());
      EXPECT_TRUE(load->Add(one_column(RowsOf(version.source, rows_of(at)))).ok());
      EXPECT_TRUE(load->Seal().ok());
      EXPECT_TRUE(load->Commit({}).ok());
    } else {
      PushedBatch batch = PushOf(version, rows_of(at), 1 + 20 * round);
      batch.views[0].rows = one_column(batch.views[0].rows);
      EXPECT_TRUE(shelf.store->Push({&batch, 1}, shelf.log).ok());
    }
    if (round % 7 == 0) {
      EXPECT_TRUE(shelf.store->Flush().ok());
    }
  }
  done.store(true);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace coeval
