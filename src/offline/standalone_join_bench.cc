// W5 from files, as `coeval asof` does it: a spine of 1 M rows and 10 M facts of 1 M int keys with
// 10 doubles lie in Parquet; read, join, answer in memory as an Arrow stream. The files are made
// once, in the system's folder for temporary files.
//
// And over tables in memory, as data frames come: 10 M facts of one double in order of time,
//   W10  without a key, few questions
//   W3   265 keys, 10 M questions
#include "offline/standalone_join.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "source/writer.h"

namespace coeval {
namespace {

constexpr std::int64_t kYear = 365 * kDay;
constexpr std::uint64_t kKeys = 1'000'000;

// Rows of (user, t, f0 ... ) made batch by batch.
class RandomRows : public BatchStream {
 public:
  RandomRows(std::int64_t rows, int doubles, std::uint64_t seed) : left_(rows), random_(seed) {
    schema_.Add("user", TypeId::kInt64);
    schema_.Add("t", TypeId::kTimestamp);
    for (int f = 0; f < doubles; ++f) schema_.Add("f" + std::to_string(f), TypeId::kFloat64);
  }

  [[nodiscard]] const Schema& schema() const override { return schema_; }

  Result<std::optional<Batch>> Next() override {
    if (left_ == 0) return std::optional<Batch>();
    const std::int64_t n = std::min<std::int64_t>(left_, 65536);
    left_ -= n;
    Batch batch{schema_, {}, n};
    batch.columns.push_back(Integers(TypeId::kInt64, n, kKeys));
    batch.columns.push_back(Integers(TypeId::kTimestamp, n, static_cast<std::uint64_t>(kYear)));
    while (batch.columns.size() < schema_.size()) {
      std::vector<double> values;
      for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<double>(random_() >> 11));
      batch.columns.push_back(
          Column::FixedWidth(TypeId::kFloat64, n, MakeBuffer(std::move(values))));
    }
    return std::optional<Batch>(std::move(batch));
  }

 private:
  Column Integers(const DataType& type, std::int64_t n, std::uint64_t below) {
    std::vector<std::int64_t> values;
    for (std::int64_t i = 0; i < n; ++i) {
      values.push_back(static_cast<std::int64_t>(random_() % below));
    }
    return Column::FixedWidth(type, n, MakeBuffer(std::move(values)));
  }

  Schema schema_;
  std::int64_t left_;
  std::mt19937_64 random_;
};

std::string FileOf(const std::string& name, std::int64_t rows, int doubles, std::uint64_t seed) {
  const std::string path = std::filesystem::temp_directory_path() / name;
  if (std::filesystem::exists(path)) return path;
  ArrowArrayStream stream{};
  ExportStream(std::make_unique<RandomRows>(rows, doubles, seed), &stream);
  COEVAL_CHECK(WriteTable(&stream, path, {}, Context{}).ok());
  return path;
}

void BmWideKeysFromParquet(benchmark::State& state) {
  const std::string left = FileOf("coeval_bench_spine.parquet", 1'000'000, 0, 1);
  Source right;
  right.name = "features";
  const std::string location = FileOf("coeval_bench_facts.parquet", 10'000'000, 10, 2);
  StandaloneJoinOptions options;
  options.on = "t";
  options.by = {"user"};
  const Context context;
  std::int64_t found = 0;
  while (state.KeepRunning()) {
    Result<ArrowArrayStream> rows = ReadTable(left, {}, context);
    COEVAL_CHECK(rows.ok());
    Result<ArrowTable> table = ArrowTable::Read(&*rows);
    COEVAL_CHECK(table.ok());
    const Result<StandaloneJoin> joined =
        JoinFile(*std::move(table), right, location, options, context);
    if (!joined.ok()) return state.SkipWithError(joined.status().ToString().c_str());
    found = joined->counts[0].found;
  }
  state.counters["found"] = static_cast<double>(found);
  state.SetItemsProcessed(state.iterations() * 10'000'000);
}

BENCHMARK(BmWideKeysFromParquet)->Unit(benchmark::kMillisecond)->Iterations(3);

// -- tables in memory -----------------------------------------------------------------------------

constexpr std::int64_t kFacts = 10'000'000;

// One batch, shared with whoever reads it.
class OneBatch : public BatchStream {
 public:
  explicit OneBatch(const Batch& batch) : batch_(batch) {}

  [[nodiscard]] const Schema& schema() const override { return batch_.schema; }

  Result<std::optional<Batch>> Next() override {
    if (given_) return std::optional<Batch>();
    given_ = true;
    return std::optional<Batch>(batch_);
  }

 private:
  const Batch& batch_;
  bool given_ = false;
};

std::vector<std::int64_t> RandomIntegers(std::int64_t n, std::int64_t below, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> values;
  values.reserve(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    values.push_back(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(below)));
  }
  return values;
}

// (t, key where there are keys, value where asked for) in order of time.
Batch TableInMemory(std::int64_t rows, std::int64_t keys, bool with_value, std::uint64_t seed) {
  Batch batch{{}, {}, rows};
  std::vector<std::int64_t> times = RandomIntegers(rows, kYear, seed);
  std::sort(times.begin(), times.end());
  batch.schema.Add("t", TypeId::kTimestamp);
  batch.columns.push_back(
      Column::FixedWidth(TypeId::kTimestamp, rows, MakeBuffer(std::move(times))));
  if (keys > 0) {
    batch.schema.Add("key", TypeId::kInt64);
    batch.columns.push_back(
        Column::FixedWidth(TypeId::kInt64, rows, MakeBuffer(RandomIntegers(rows, keys, seed + 1))));
  }
  if (with_value) {
    std::mt19937_64 random(seed + 2);
    std::vector<double> values;
    for (std::int64_t i = 0; i < rows; ++i) values.push_back(static_cast<double>(random() >> 11));
    batch.schema.Add("value", TypeId::kFloat64);
    batch.columns.push_back(
        Column::FixedWidth(TypeId::kFloat64, rows, MakeBuffer(std::move(values))));
  }
  return batch;
}

void JoinInMemory(benchmark::State& state, std::int64_t questions, std::int64_t keys) {
  const Batch left = TableInMemory(questions, keys, false, 1);
  const Batch right = TableInMemory(kFacts, keys, true, 2);
  StandaloneJoinOptions options;
  options.on = "t";
  if (keys > 0) options.by = {"key"};
  Context context;
  context.threads = 1;
  std::int64_t found = 0;
  while (state.KeepRunning()) {
    ArrowArrayStream asked{};
    ExportStream(std::make_unique<OneBatch>(left), &asked);
    Result<ArrowTable> table = ArrowTable::Read(&asked);
    COEVAL_CHECK(table.ok());
    ArrowArrayStream facts{};
    ExportStream(std::make_unique<OneBatch>(right), &facts);
    const Result<StandaloneJoin> joined = JoinStream(*std::move(table), &facts, options, context);
    if (!joined.ok()) return state.SkipWithError(joined.status().ToString().c_str());
    found = joined->counts[0].found;
  }
  state.counters["found"] = static_cast<double>(found);
  state.SetItemsProcessed(state.iterations() * kFacts);
}

void BmFewQuestionsInMemory(benchmark::State& state) {
  JoinInMemory(state, state.range(0), 0);
}

BENCHMARK(BmFewQuestionsInMemory)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(5)
    ->Arg(1)
    ->Arg(64)
    ->Arg(2048);

void BmFewKeysInMemory(benchmark::State& state) {
  JoinInMemory(state, kFacts, 265);
}

BENCHMARK(BmFewKeysInMemory)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace coeval
