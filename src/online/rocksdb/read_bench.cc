// What a request costs that asks for 50 features of five views by one entity key: out of memory and
// out of the store's files, for one row and for a hundred, with keys drawn evenly and by Zipf's
// law; and beside it what cannot be gone below: a look into a hash map, and into RocksDB, for each
// row.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "column/builder.h"
#include "online/online_store.h"
#include "online/rocksdb/db.h"
#include "online/rocksdb/keep_context.h"
#include "online/rocksdb/open.h"
#include "online/testing.h"

namespace coeval {
namespace {

constexpr TimeMicros kNow = 1'357'041'600'000'000;
constexpr std::int64_t kKeys = 200'000;
constexpr int kViews = 5;
constexpr int kFeatures = 10;  // of each view
constexpr std::size_t kRequests = 20'000;

enum Draw : std::int64_t { kUniform = 0, kZipf = 1 };

ViewVersion ViewOfTen(int number) {
  ViewVersion version = TestView(TestSource(), 0, "view" + std::to_string(number));
  version.source.created_field.clear();
  version.view.schema.assign(kFeatures, Field{});
  for (int i = 0; i < kFeatures; ++i) {
    version.view.schema[static_cast<std::size_t>(i)].name = "x" + std::to_string(i);
    version.view.schema[static_cast<std::size_t>(i)].type = TypeId::kFloat64;
  }
  return version;
}

FactRows RowsOf(std::mt19937_64& random, std::int64_t count,
                const std::function<std::int64_t(std::int64_t)>& key_of) {
  FactRows rows;
  rows.num_rows = count;
  ColumnBuilder key(TypeId::kInt64);
  ColumnBuilder time(TypeId::kTimestamp);
  ColumnBuilder sequence(TypeId::kInt64);
  std::vector<ColumnBuilder> features(kFeatures, ColumnBuilder(TypeId::kFloat64));
  for (std::int64_t i = 0; i < count; ++i) {
    key.AppendInt(key_of(i));
    sequence.AppendInt(i);
    time.AppendInt(kNow - static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kDay)));
    for (ColumnBuilder& feature : features) {
      feature.AppendDouble(static_cast<double>(random()) * 0x1p-64);
    }
  }
  rows.keys = {key.Finish()};
  rows.event_time = time.Finish();
  rows.sequence = sequence.Finish();
  for (ColumnBuilder& feature : features) rows.features.push_back(feature.Finish());
  return rows;
}

FactRows OneRowForEachKey(std::mt19937_64& random) {
  FactRows rows = RowsOf(random, kKeys, [](std::int64_t row) { return row; });
  rows.sequence = Column();  // of a batch source
  return rows;
}

FactRows RandomRows(std::mt19937_64& random, std::int64_t count) {
  return RowsOf(random, count, [&](std::int64_t /*row*/) {
    return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(kKeys));
  });
}

void Load(OnlineStore& store, const ViewVersion& view, const FactRows& rows) {
  const auto load = *store.BeginLoad({.version = &view, .pushed = true}, TestClock(kNow).context());
  COEVAL_CHECK(load->Add(rows).ok());
  COEVAL_CHECK(load->Seal().ok());
  COEVAL_CHECK(load->Commit({}).ok());
}

Context BenchContext() {
  Context context = TestClock(kNow).context();
  context.memory_budget_bytes = std::int64_t{4} << 30;
  return context;
}

// Keys for requests of n rows each. By Zipf's law with exponent 0.99; the ranks are spread over the
// keys, so that those asked often do not lie together.
class Keys {
 public:
  explicit Keys(Draw draw) : draw_(draw) {
    if (draw != kZipf) return;
    double sum = 0;
    for (std::int64_t rank = 1; rank <= kKeys; ++rank) {
      sum += std::pow(static_cast<double>(rank), -0.99);
      sums_.push_back(sum);
    }
  }

  std::int64_t Next() {
    if (draw_ == kUniform) {
      return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(kKeys));
    }
    const double at = static_cast<double>(random_() >> 11) * 0x1p-53 * sums_.back();
    const auto rank = std::lower_bound(sums_.begin(), sums_.end(), at) - sums_.begin();
    return rank * 104'729 % kKeys;  // a prime that does not divide it
  }

 private:
  const Draw draw_;
  std::mt19937_64 random_{2};
  std::vector<double> sums_;
};

std::vector<KeyColumn> Requests(Draw draw, std::int64_t rows) {
  Keys keys(draw);
  std::vector<KeyColumn> requests;
  for (std::size_t i = 0; i < kRequests / (rows > 1 ? 10 : 1); ++i) {
    ColumnBuilder key(TypeId::kInt64);
    for (std::int64_t row = 0; row < rows; ++row) key.AppendInt(keys.Next());
    const std::vector<Column> columns = {key.Finish()};
    requests.push_back(KeyColumn::Encode(columns, rows));
  }
  return requests;
}

// The store that all cases ask, compacted; opened once for each size of its cache.
class Filled {
 public:
  static Filled& Instance() {
    static Filled filled;
    return filled;
  }

  OnlineStore& Open(const OnlineStoreOptions& options) {
    store_.reset();
    store_ = *OpenRocksDbStore(folder_ / "online", "bench", BenchContext(), options);
    return *store_;
  }

  // The database beneath, without the store.
  std::shared_ptr<Db> OpenDatabase() {
    store_.reset();
    Db::Options options;
    options.folder = folder_ / "online";
    options.env = rocksdb::Env::Default();
    options.cache_bytes = std::size_t{1} << 30;
    options.keep = std::make_shared<KeepContext>();
    return *Db::Open(std::move(options));
  }

  std::vector<ViewVersion> views;
  std::vector<std::size_t> features;

 private:
  Filled() {
    for (std::size_t i = 0; i < kFeatures; ++i) features.push_back(i);
    for (int i = 0; i < kViews; ++i) views.push_back(ViewOfTen(i));
    OnlineStore& store = Open({});
    std::mt19937_64 random(1);
    for (const ViewVersion& view : views) Load(store, view, OneRowForEachKey(random));
    COEVAL_CHECK(store.Compact().ok());
  }

  const TestFolder folder_;
  std::unique_ptr<OnlineStore> store_;
};

void Ask(const Filled& filled, OnlineStore& store, const KeyColumn& keys) {
  std::vector<ViewQuestion> questions;
  questions.reserve(kViews);
  for (const ViewVersion& view : filled.views) {
    questions.push_back({.version = &view, .features = filled.features, .keys = &keys});
  }
  const auto snapshot = *store.Now();
  auto answers = snapshot->Read(questions, snapshot->time());
  COEVAL_CHECK(answers.ok());
  COEVAL_CHECK((*answers)[0].match[0] == Match::kFound);
  benchmark::DoNotOptimize(answers);
}

void ReadFifty(benchmark::State& state, const OnlineStoreOptions& options, bool warm) {
  Filled& filled = Filled::Instance();
  OnlineStore& store = filled.Open(options);
  const std::int64_t rows = state.range(0);
  const std::vector<KeyColumn> requests = Requests(static_cast<Draw>(state.range(1)), rows);
  for (std::size_t i = 0; i < requests.size() * (warm ? 3 : 1); ++i) {
    Ask(filled, store, requests[i % requests.size()]);
  }
  std::size_t next = 0;
  while (state.KeepRunning()) Ask(filled, store, requests[next++ % requests.size()]);
  state.SetItemsProcessed(state.iterations() * rows);
}

// Out of the hot tier.
void Hot(benchmark::State& state) {
  ReadFifty(state, {}, true);
}

// From RocksDB's files, whose blocks lie in its cache.
void Cold(benchmark::State& state) {
  ReadFifty(state, {.cache_bytes = 0}, false);
}

void FloorHashMap(benchmark::State& state) {
  std::vector<std::unordered_map<std::string, std::string>> views(kViews);
  const std::string row(118, 'x');
  for (auto& view : views) {
    for (std::int64_t key = 0; key < kKeys; ++key) {
      std::string bytes(8, '\0');
      std::memcpy(bytes.data(), &key, sizeof key);
      view.emplace(std::move(bytes), row);
    }
  }
  Keys keys(static_cast<Draw>(state.range(1)));
  std::vector<std::string> asked;
  for (std::size_t i = 0; i < kRequests; ++i) {
    const std::int64_t key = keys.Next();
    asked.emplace_back(reinterpret_cast<const char*>(&key), sizeof key);
  }
  std::size_t next = 0;
  std::size_t found = 0;
  while (state.KeepRunning()) {
    for (std::int64_t row_of = 0; row_of < state.range(0); ++row_of) {
      const std::string& key = asked[next++ % asked.size()];
      for (const auto& view : views) found += view.find(key)->second.size();
    }
  }
  benchmark::DoNotOptimize(found);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void FloorRocksDb(benchmark::State& state) {
  Filled& filled = Filled::Instance();
  const std::shared_ptr<Db> db = filled.OpenDatabase();
  std::vector<std::string> stored;
  {
    const std::unique_ptr<rocksdb::Iterator> rows(db->rocks().NewIterator({}, db->facts()));
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) stored.push_back(rows->key().ToString());
  }
  COEVAL_CHECK(stored.size() == kKeys * kViews);
  Keys keys(static_cast<Draw>(state.range(1)));
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < kRequests; ++i)
    asked.push_back(static_cast<std::size_t>(keys.Next()));
  const auto get = [&](std::size_t i) {
    rocksdb::PinnableSlice value;
    COEVAL_CHECK(db->rocks().Get({}, db->facts(), stored[i], &value).ok());
    benchmark::DoNotOptimize(value);
  };
  for (std::size_t i = 0; i < stored.size(); ++i) get(i);
  std::size_t next = 0;
  while (state.KeepRunning()) {
    for (std::int64_t row = 0; row < state.range(0); ++row) {
      const std::size_t key = asked[next++ % asked.size()];
      for (std::size_t view = 0; view < kViews; ++view) get(view * kKeys + key);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// What goes on beside the reads until it is destroyed.
class Beside {
 public:
  explicit Beside(std::function<void()> work)
      : worker_([this, work = std::move(work)] {
          while (!done_) work();
        }) {}

  ~Beside() {
    done_ = true;
    worker_.join();
  }

  Beside(const Beside&) = delete;
  Beside& operator=(const Beside&) = delete;

 private:
  std::atomic<bool> done_{false};
  std::thread worker_;
};

// Requests of one row, one after the other; counters tell how long they take, in microseconds.
void AskOneByOne(benchmark::State& state, const Filled& filled, OnlineStore& store) {
  const std::vector<KeyColumn> requests = Requests(kZipf, 1);
  std::vector<double> taken;
  taken.reserve(kRequests);
  std::size_t next = 0;
  while (state.KeepRunning()) {
    const auto began = std::chrono::steady_clock::now();
    Ask(filled, store, requests[next++ % requests.size()]);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    taken.push_back(took.count());
  }
  std::sort(taken.begin(), taken.end());
  state.counters["p50"] = taken[taken.size() / 2];
  state.counters["p99"] = taken[taken.size() * 99 / 100];
  state.counters["max"] = taken.back();
}

void Warm(const Filled& filled, OnlineStore& store) {
  for (const KeyColumn& request : Requests(kZipf, 1)) Ask(filled, store, request);
}

void Quiet(benchmark::State& state) {
  Filled& filled = Filled::Instance();
  OnlineStore& store = filled.Open({});
  Warm(filled, store);
  AskOneByOne(state, filled, store);
}

// A view is filled again and again, all of its rows.
void BesideLoads(benchmark::State& state) {
  Filled& filled = Filled::Instance();
  OnlineStore& store = filled.Open({});
  std::mt19937_64 random(3);
  const FactRows rows = OneRowForEachKey(random);
  Warm(filled, store);
  const Beside loads([&] { Load(store, filled.views[0], rows); });
  AskOneByOne(state, filled, store);
}

// All files of the store are put together, after a view was filled once more.
void BesideCompaction(benchmark::State& state) {
  Filled& filled = Filled::Instance();
  OnlineStore& store = filled.Open({});
  std::mt19937_64 random(5);
  const FactRows rows = OneRowForEachKey(random);
  Load(store, filled.views[1], rows);
  Warm(filled, store);
  const Beside compactions([&] {
    COEVAL_CHECK(store.Compact().ok());
    Load(store, filled.views[1], rows);
  });
  AskOneByOne(state, filled, store);
}

// Batches of a thousand rows are pushed as fast as the store takes them, and go into files.
void BesidePushes(benchmark::State& state) {
  Filled& filled = Filled::Instance();
  OnlineStore& store = filled.Open({});
  std::mt19937_64 random(4);
  std::vector<FactRows> batches;
  for (int i = 0; i < 50; ++i) batches.push_back(RandomRows(random, 1'000));
  const auto log = std::make_shared<TestLog>(store.LogApplied());
  std::size_t next = 0;
  Warm(filled, store);
  const Beside pushes([&] {
    PushedBatch batch;
    batch.log = "00000000-0000-0000-0000-000000000001";
    batch.views.push_back({&filled.views[0], batches[next++ % batches.size()]});
    log->Expect(1);
    COEVAL_CHECK(store.Push({&batch, 1}, log).ok());
  });
  AskOneByOne(state, filled, store);
}

void RowsAndDraws(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"rows", "zipf"})->Unit(benchmark::kMicrosecond);
  for (const std::int64_t rows : {1, 100}) {
    for (const Draw draw : {kUniform, kZipf}) bench->Args({rows, draw});
  }
}

BENCHMARK(FloorHashMap)->Apply(RowsAndDraws);
BENCHMARK(FloorRocksDb)->Apply(RowsAndDraws);
BENCHMARK(Hot)->Apply(RowsAndDraws);
BENCHMARK(Cold)->Apply(RowsAndDraws);
BENCHMARK(Quiet)->Unit(benchmark::kMicrosecond)->UseRealTime()->Iterations(kRequests);
BENCHMARK(BesideLoads)->Unit(benchmark::kMicrosecond)->UseRealTime()->Iterations(kRequests);
BENCHMARK(BesideCompaction)->Unit(benchmark::kMicrosecond)->UseRealTime()->Iterations(kRequests);
BENCHMARK(BesidePushes)->Unit(benchmark::kMicrosecond)->UseRealTime()->Iterations(kRequests);

}  // namespace
}  // namespace coeval
