// Loading a million rows of an int64 key and ten doubles into the embedded store, from columns in
// memory, and reading them back.
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

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kRows = 1'000'000;
constexpr std::int64_t kBatch = 65'536;
constexpr int kFeatures = 10;

ViewVersion WideView(const std::string& name) {
  ViewVersion version = TestView(TestSource(), 0, name);
  version.source.created_field.clear();
  version.view.schema.assign(kFeatures, Field{});
  for (int i = 0; i < kFeatures; ++i) {
    version.view.schema[static_cast<std::size_t>(i)].name = "x" + std::to_string(i);
    version.view.schema[static_cast<std::size_t>(i)].type = TypeId::kFloat64;
  }
  return version;
}

// Rows in random order of keys; `per_key` facts for each key.
std::vector<FactRows> MakeRows(std::int64_t per_key) {
  std::mt19937_64 random(1);
  std::vector<FactRows> batches;
  for (std::int64_t first = 0; first < kRows; first += kBatch) {
    const std::int64_t n = std::min(kBatch, kRows - first);
    FactRows rows;
    rows.num_rows = n;
    ColumnBuilder key(TypeId::kInt64);
    ColumnBuilder time(TypeId::kTimestamp);
    std::vector<ColumnBuilder> features(kFeatures, ColumnBuilder(TypeId::kFloat64));
    for (std::int64_t i = 0; i < n; ++i) {
      key.AppendInt(
          static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kRows / per_key)));
      time.AppendInt(kNow - static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kDay)));
      for (ColumnBuilder& feature : features) {
        feature.AppendDouble(static_cast<double>(random()) * 0x1p-64);
      }
    }
    rows.keys = {key.Finish()};
    rows.event_time = time.Finish();
    for (ColumnBuilder& feature : features) rows.features.push_back(feature.Finish());
    batches.push_back(std::move(rows));
  }
  return batches;
}

Context BenchContext() {
  Context context = TestClock(kNow).context();
  context.memory_budget_bytes = std::int64_t{2} << 30;
  return context;
}

void Load(OnlineStore& store, const ViewVersion& view, const std::vector<FactRows>& batches) {
  const auto load = *store.BeginLoad({.version = &view}, BenchContext());
  for (const FactRows& rows : batches) COEVAL_CHECK(load->Add(rows).ok());
  COEVAL_CHECK(load->Seal().ok());
  COEVAL_CHECK(load->Commit({}).ok());
}

void LoadMillionRows(benchmark::State& state) {
  const std::vector<FactRows> batches = MakeRows(state.range(0));
  const TestFolder folder;
  const auto store = *OpenRocksDbStore(folder / "online", "bench", BenchContext());
  int round = 0;
  while (state.KeepRunning()) {
    const ViewVersion view = WideView("view" + std::to_string(round++));
    Load(*store, view, batches);
    state.PauseTiming();
    COEVAL_CHECK(store->Drop(view.data_identity).ok());
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

BENCHMARK(LoadMillionRows)
    ->Arg(1)
    ->Arg(10)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void ReadRows(benchmark::State& state) {
  const TestFolder folder;
  const auto store = *OpenRocksDbStore(folder / "online", "bench", BenchContext());
  const ViewVersion view = WideView("view");
  Load(*store, view, MakeRows(1));
  std::vector<std::size_t> features(kFeatures);
  for (std::size_t i = 0; i < features.size(); ++i) features[i] = i;
  std::mt19937_64 random(2);
  const std::int64_t n = state.range(0);
  std::vector<KeyColumn> requests;
  for (int i = 0; i < 20'000; ++i) {
    ColumnBuilder key(TypeId::kInt64);
    for (std::int64_t row = 0; row < n; ++row) {
      key.AppendInt(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kRows)));
    }
    const std::vector<Column> columns = {key.Finish()};
    requests.push_back(KeyColumn::Encode(columns, n));
  }
  std::size_t next = 0;
  while (state.KeepRunning()) {
    const auto snapshot = *store->Now();
    const ViewQuestion question = {
        .version = &view, .features = features, .keys = &requests[next++ % requests.size()]};
    auto answers = snapshot->Read({&question, 1}, snapshot->time());
    COEVAL_CHECK(answers.ok());
    benchmark::DoNotOptimize(answers);
  }
  state.SetItemsProcessed(state.iterations() * n);
}

BENCHMARK(ReadRows)->Arg(1)->Arg(100)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace coeval
