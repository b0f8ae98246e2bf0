// What an expression costs: one row, as a request pays it, and a row of a batch, as a training set
// does. Targets (machine and numbers: bench/RESULTS.md): three operations on one row in 150 ns, 10
// ns a row in batches.
#include "expression/expression.h"

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "column/builder.h"

namespace coeval {
namespace {

constexpr std::int64_t kBatchRows = 100'000;
constexpr int kVectorSize = 64;

struct Bench {
  Schema schema;
  std::vector<Column> columns;
};

template <typename T>
void Add(Bench& bench, const std::string& name, const DataType& type, std::vector<T> values,
         bool with_nulls) {
  const auto rows = static_cast<std::int64_t>(values.size());
  Buffer validity;
  if (with_nulls) {
    std::vector<std::uint8_t> bits(values.size() / 8 + 1, 0xFF);
    for (std::size_t i = 0; i < bits.size(); i += 3) bits[i] = 0xF7;
    validity = MakeBuffer(std::move(bits));
  }
  bench.schema.Add(name, type);
  bench.columns.push_back(Column::FixedWidth(type, rows, MakeBuffer(std::move(values)), validity));
}

void AddVectors(Bench& bench, std::int64_t rows) {
  std::vector<float> elements;
  for (std::int64_t i = 0; i < rows * kVectorSize; ++i) {
    elements.push_back(static_cast<float>(i % 1009) / 1009);
  }
  const DataType type = DataType::Vector(TypeId::kFloat32, kVectorSize);
  const auto count = static_cast<std::int64_t>(elements.size());
  bench.schema.Add("v", type);
  bench.columns.push_back(Column::Nested(
      type, rows, {},
      {Column::FixedWidth(TypeId::kFloat32, count, MakeBuffer(std::move(elements)))}));
}

void AddDocuments(Bench& bench, std::int64_t rows) {
  ColumnBuilder builder(TypeId::kString);
  for (std::int64_t i = 0; i < rows; ++i) {
    builder.AppendBytes(R"({"user": {"id": 17, "tags": ["a", "b"]}, "amount": 12.50, "n": )" +
                        std::to_string(i) + "}");
  }
  bench.schema.Add("j", TypeId::kString);
  bench.columns.push_back(builder.Finish());
}

Bench Make(std::int64_t rows) {
  Bench bench;
  std::vector<double> delays, others;
  std::vector<std::int64_t> times, counts;
  for (std::int64_t i = 0; i < rows; ++i) {
    delays.push_back(std::sin(static_cast<double>(i)) * 60);
    others.push_back(static_cast<double>(i % 97) + 1);
    counts.push_back(i % 1000);
    times.push_back(1357034040000000 + i * 97'000'000);
  }
  Add(bench, "a", TypeId::kFloat64, delays, false);
  Add(bench, "b", TypeId::kFloat64, others, false);
  Add(bench, "maybe", TypeId::kFloat64, delays, rows > 1);
  Add(bench, "n", TypeId::kInt64, counts, false);
  Add(bench, "t", TypeId::kTimestamp, times, false);
  AddVectors(bench, rows);
  AddDocuments(bench, rows);
  return bench;
}

void Run(benchmark::State& state, const std::string& text) {
  const std::int64_t rows = state.range(0);
  const Bench bench = Make(rows);
  const Result<Expression> expression = Expression::Compile(text, bench.schema, std::nullopt);
  COEVAL_CHECK(expression.ok());
  const std::array<TimeMicros, 1> now = {1380585600000000};
  while (state.KeepRunning()) {
    benchmark::DoNotOptimize(expression.value().Evaluate(bench.columns, rows, now));
  }
  state.SetItemsProcessed(state.iterations() * rows);
  state.SetLabel(text);
  state.counters["ns_a_row"] =
      benchmark::Counter(static_cast<double>(state.iterations() * rows),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Arithmetic(benchmark::State& state) {
  Run(state, "(a + b) * 2 - a");
}

void Integers(benchmark::State& state) {
  Run(state, "(n + 7) * 3 % 11");
}

void Conditional(benchmark::State& state) {
  Run(state, "case when a > 10 then b / (a + 1) else 0 end");
}

void WithNulls(benchmark::State& state) {
  Run(state, "coalesce(maybe, 0) / 60 > b");
}

void Logarithm(benchmark::State& state) {
  Run(state, "ln(b + 1)");
}

void Power(benchmark::State& state) {
  Run(state, "pow(b, 1.5)");
}

void Distance(benchmark::State& state) {
  Run(state, "haversine(a, b, b, a)");
}

void Bucket(benchmark::State& state) {
  Run(state, "bucket(n, 1000)");
}

void Cosine(benchmark::State& state) {
  Run(state, "cosine_similarity(v, v)");
}

void Document(benchmark::State& state) {
  Run(state, "json_extract(j, '$.user.tags[1]')");
}

void LocalHour(benchmark::State& state) {
  Run(state, "hour(t, 'America/New_York')");
}

BENCHMARK(Arithmetic)->Arg(1)->Arg(kBatchRows);
BENCHMARK(Integers)->Arg(1)->Arg(kBatchRows);
BENCHMARK(Conditional)->Arg(1)->Arg(kBatchRows);
BENCHMARK(WithNulls)->Arg(1)->Arg(kBatchRows);
BENCHMARK(Logarithm)->Arg(1)->Arg(kBatchRows);
BENCHMARK(Power)->Arg(1)->Arg(kBatchRows);
BENCHMARK(Distance)->Arg(1)->Arg(kBatchRows);
BENCHMARK(Bucket)->Arg(1)->Arg(kBatchRows);
BENCHMARK(Cosine)->Arg(1)->Arg(kBatchRows);
BENCHMARK(Document)->Arg(1)->Arg(kBatchRows);
BENCHMARK(LocalHour)->Arg(1)->Arg(kBatchRows);

}  // namespace
}  // namespace coeval
