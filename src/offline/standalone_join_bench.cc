// W5 from files, as `coeval asof` does it: a spine of 1 M rows and 10 M facts of 1 M int keys with
// 10 doubles lie in Parquet; read, join, answer in memory as an Arrow stream. The files are made
// once, in the system's folder for temporary files.
#include "offline/standalone_join.h"

#include <cstdint>
#include <filesystem>
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

void BM_WideKeysFromParquet(benchmark::State& state) {
  const std::string left = FileOf("coeval_bench_spine.parquet", 1'000'000, 0, 1);
  Source right;
  right.name = "features";
  const std::string location = FileOf("coeval_bench_facts.parquet", 10'000'000, 10, 2);
  StandaloneJoinOptions options;
  options.on = "t";
  options.by = {"user"};
  const Context context;
  std::int64_t found = 0;
  for (auto _ : state) {
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

BENCHMARK(BM_WideKeysFromParquet)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace coeval
