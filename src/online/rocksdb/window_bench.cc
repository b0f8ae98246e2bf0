// One online read of a month's windows of two columns of one key: count, sum, mean, min and max of
// each, by the number of events in the window: plainly, out of the store's files; with the key's
// events in memory; and with tiles over them.
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "column/builder.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

enum Index : std::int64_t { kNone = 0, kEvents = 1, kTiles = 2 };

constexpr TimeMicros kNow = 1'357'041'600'000'000;

struct MonthView {
  MonthView() {
    Source source = TestSource();
    source.created_field.clear();
    source.sequence_field.clear();
    source.delete_field.clear();
    version = TestView(source, 0, "month");
    version.view.inputs = version.view.schema;
    version.view.schema.clear();
    for (const std::string column : {"n", "x"}) {
      for (const std::string function : {"count", "sum", "mean", "min", "max"}) {
        Aggregation aggregation;
        aggregation.name = function + "_" + column;
        aggregation.function = function;
        aggregation.columns = {column};
        aggregation.window.length = 30 * kDay;
        version.view.aggregations.push_back(aggregation);
      }
    }
    resolved = *ResolveAggregatedView(version.view, version.source);
    version.view.schema = resolved.schema;
  }

  ViewVersion version;
  AggregatedView resolved;
};

void Load(OnlineStore& store, const MonthView& view, std::int64_t events) {
  std::mt19937_64 random(1);
  Context context = TestClock(kNow).context();
  context.memory_budget_bytes = std::int64_t{2} << 30;
  const auto load = *store.BeginLoad({.version = &view.version}, context);
  ColumnBuilder key(TypeId::kInt64);
  ColumnBuilder time(TypeId::kTimestamp);
  ColumnBuilder n(TypeId::kInt64);
  ColumnBuilder x(TypeId::kFloat64);
  for (std::int64_t i = 0; i < events; ++i) {
    key.AppendInt(1);
    time.AppendInt(kNow -
                   static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(29 * kDay)));
    n.AppendInt(static_cast<std::int64_t>(random() % 1000));
    x.AppendDouble(static_cast<double>(random()) * 0x1p-64);
  }
  FactRows rows;
  rows.num_rows = events;
  rows.keys = {key.Finish()};
  rows.event_time = time.Finish();
  rows.features = {n.Finish(), x.Finish()};
  COEVAL_CHECK(load->Add(rows).ok() && load->Seal().ok() && load->Commit({}).ok());
}

void ReadMonth(benchmark::State& state) {
  const MonthView view;
  const TestFolder folder;
  Context context = TestClock(kNow).context();
  context.memory_budget_bytes = std::int64_t{4} << 30;
  OnlineStoreOptions options;
  if (state.range(1) == kNone) options.index.bytes = 0;
  if (state.range(1) == kEvents) options.index.leaf_events = std::size_t{1} << 40U;
  const auto store = *OpenRocksDbStore(folder / "online", "bench", context, options);
  Load(*store, view, state.range(0));
  ColumnBuilder cities(TypeId::kInt64);
  cities.AppendInt(1);
  const std::vector<Column> columns = {cities.Finish()};
  const KeyColumn keys = KeyColumn::Encode(columns, 1);
  std::vector<std::size_t> features(view.version.view.schema.size());
  for (std::size_t i = 0; i < features.size(); ++i) features[i] = i;
  const ViewQuestion question = {
      .version = &view.version, .features = features, .keys = &keys, .aggregated = &view.resolved};
  const auto read = [&] {
    const auto snapshot = *store->Now();
    const auto answers = snapshot->Read({&question, 1}, snapshot->time());
    COEVAL_CHECK(answers.ok() &&
                 (*answers)[0].features[0].values<std::int64_t>()[0] == state.range(0));
  };
  for (int i = 0; i < 3; ++i) read();  // the second makes the index
  for ([[maybe_unused]] auto round : state) read();
}

BENCHMARK(ReadMonth)
    ->ArgNames({"events", "index"})
    ->ArgsProduct({{1'000, 10'000, 100'000, 1'000'000}, {kNone, kEvents, kTiles}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace coeval
