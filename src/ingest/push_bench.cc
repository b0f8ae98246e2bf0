// Durable pushes of rows of ten doubles into one view, by rows and writers; and what the log alone
// takes. Set TMPDIR to a folder on the disk that matters, or to /dev/shm for what is not the
// disk's.
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/clock.h"
#include "definition/view_source.h"
#include "ingest/ingester.h"
#include "io/machine_limits.h"
#include "io/temp_directory.h"
#include "log/fact_log.h"
#include "online/rocksdb/open.h"
#include "source/testing.h"

namespace coeval {
namespace {

constexpr int kFeatures = 10;
constexpr std::int64_t kKeys = 1'000'000;
constexpr std::size_t kTables = 64;

Source ReadingsPush() {
  Source push;
  push.name = "readings_push";
  push.kind = SourceKind::kPush;
  push.timestamp_field = "at";
  push.schema.resize(kFeatures + 1);
  push.schema[0].name = "entity";
  push.schema[0].type = TypeId::kInt64;
  for (int i = 0; i < kFeatures; ++i) {
    Field& column = push.schema[static_cast<std::size_t>(i) + 1];
    column.name = "x" + std::to_string(i);
    column.type = TypeId::kFloat64;
  }
  return push;
}

std::shared_ptr<Catalogue> ReadingsCatalogue() {
  ViewVersion version;
  version.view.name = "readings";
  version.view.source = "readings_push";
  version.view.schema.resize(kFeatures);
  for (int i = 0; i < kFeatures; ++i) {
    Field& field = version.view.schema[static_cast<std::size_t>(i)];
    field.name = "x" + std::to_string(i);
    field.type = TypeId::kFloat64;
  }
  version.push = PushMeaning(ReadingsPush(), nullptr);
  version.source = *version.push;
  version.join_keys = {{"entity", TypeId::kInt64}};
  version.version = 1;
  version.identity = "one";
  version.data_identity = std::string(64, 'a');
  version.active = true;
  auto catalogue = std::make_shared<Catalogue>();
  catalogue->sources = {ReadingsPush()};
  catalogue->views["readings"] = {std::move(version)};
  return catalogue;
}

std::vector<testing::Table> Tables(std::int64_t rows, TimeMicros now) {
  std::mt19937_64 random(1);
  const auto n = static_cast<std::size_t>(rows);
  std::vector<testing::Table> tables(kTables);
  for (testing::Table& table : tables) {
    testing::Cells<std::int64_t> keys(n);
    for (auto& key : keys) key = static_cast<std::int64_t>(random() % kKeys);
    table.Ints("entity", keys).Times("at", testing::Cells<TimeMicros>(n, now - kMinute));
    for (int i = 0; i < kFeatures; ++i) {
      testing::Cells<double> cells(n);
      for (auto& cell : cells) cell = static_cast<double>(random()) * 0x1p-64;
      table.Doubles("x" + std::to_string(i), cells);
    }
  }
  return tables;
}

// One store for all threads of a run.
struct Running {
  explicit Running(std::int64_t rows) {
    context.clock = SystemClock();
    context.memory_budget_bytes = std::int64_t{4} << 30;
    store = *OpenRocksDbStore(folder.path() + "/online", "bench", context, {});
    ingester = *Ingester::Open(folder.path() + "/log", store.get(), *catalogue, {}, context);
    tables = Tables(rows, *context.clock->Now());
  }

  TempDirectory folder = *TempDirectory::Make();
  Context context = MachineContext();
  std::shared_ptr<Catalogue> catalogue = ReadingsCatalogue();
  std::vector<testing::Table> tables;
  std::unique_ptr<OnlineStore> store;
  std::unique_ptr<Ingester> ingester;
};

std::unique_ptr<Running> running;

void Push(benchmark::State& state) {
  std::size_t next = static_cast<std::size_t>(state.thread_index()) * 7;
  std::int64_t pushed = 0;
  for ([[maybe_unused]] auto round : state) {
    ArrowArrayStream stream = running->tables[next++ % kTables].Stream();
    PushRequest request{.source = "readings_push", .rows = *ArrowTable::Read(&stream)};
    if (state.range(1) != 0) {
      request.idempotency_key =
          "made:" + std::to_string(state.thread_index()) + "-" + std::to_string(next);
    }
    COEVAL_CHECK(running->ingester->Push(running->catalogue, request).ok());
    pushed += state.range(0);
  }
  state.SetItemsProcessed(pushed);
}

BENCHMARK(Push)
    ->ArgNames({"rows", "key"})
    ->ArgsProduct({{1, 1'000}, {0, 1}})
    ->ThreadRange(1, 4)
    ->Setup([](const benchmark::State& state) {
      running = std::make_unique<Running>(state.range(0));
    })
    ->Teardown([](const benchmark::State& /*state*/) { running.reset(); })
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace coeval
