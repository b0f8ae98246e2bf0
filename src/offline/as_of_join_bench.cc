// The as-of join alone, over facts in memory: the engine without files and decoding.
//
//   W5  1 M questions x 10 M facts, 1 M int keys, 10 doubles, ttl none; facts in random order, or
//       by time as an append-only source has them
//   W3  the same facts of 50 keys
//   texts  1 M facts of string keys with one text and one double
#include "offline/as_of_join.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "column/builder.h"

namespace coeval {
namespace {

constexpr std::int64_t kYear = 365 * kDay;
constexpr std::int64_t kBatchRows = 65536;

struct Workload {
  std::int64_t questions = 1'000'000;
  std::int64_t facts = 10'000'000;
  std::int64_t keys = 1'000'000;
  int doubles = 10;
  int texts = 0;
  bool text_keys = false;
  bool by_time = false;
};

class BatchesInMemory : public FactStream {
 public:
  explicit BatchesInMemory(const std::vector<FactBatch>& batches) : batches_(batches) {}

  Result<std::optional<FactBatch>> Next() override {
    if (next_ == batches_.size()) return std::optional<FactBatch>();
    return std::optional<FactBatch>(batches_[next_++]);
  }

  [[nodiscard]] const FactCounts& counts() const override { return counts_; }

 private:
  const std::vector<FactBatch>& batches_;
  std::size_t next_ = 0;
  FactCounts counts_;
};

Column RandomKeys(const Workload& w, std::int64_t n, std::mt19937_64& random) {
  ColumnBuilder builder(w.text_keys ? TypeId::kString : TypeId::kInt64);
  builder.Reserve(n);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto key = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(w.keys));
    w.text_keys ? builder.AppendBytes("user-" + std::to_string(key)) : builder.AppendInt(key);
  }
  return builder.Finish();
}

TimeMicros RandomTime(std::mt19937_64& random) {
  return static_cast<TimeMicros>(random() % static_cast<std::uint64_t>(kYear));
}

std::vector<FactBatch> MakeFacts(const Workload& w) {
  std::mt19937_64 random(1);
  std::vector<FactBatch> batches;
  for (std::int64_t first = 0; first < w.facts; first += kBatchRows) {
    const std::int64_t n = std::min(kBatchRows, w.facts - first);
    FactBatch batch;
    batch.num_rows = n;
    batch.keys = {RandomKeys(w, n, random)};
    std::vector<TimeMicros> times;
    for (std::int64_t i = first; i < first + n; ++i) {
      times.push_back(w.by_time ? i * (kYear / w.facts) : RandomTime(random));
    }
    batch.event_time = Column::FixedWidth(TypeId::kTimestamp, n, MakeBuffer(std::move(times)));
    batch.created_time = Column::Nulls(TypeId::kNull, n);
    batch.sequence = Column::Nulls(TypeId::kNull, n);
    batch.deleted = Column::Nulls(TypeId::kNull, n);
    for (int f = 0; f < w.doubles; ++f) {
      std::vector<double> values;
      for (std::int64_t i = 0; i < n; ++i) values.push_back(static_cast<double>(random() >> 11));
      batch.features.push_back(
          Column::FixedWidth(TypeId::kFloat64, n, MakeBuffer(std::move(values))));
    }
    for (int f = 0; f < w.texts; ++f) {
      ColumnBuilder builder(TypeId::kString);
      for (std::int64_t i = 0; i < n; ++i) builder.AppendBytes("text " + std::to_string(random()));
      batch.features.push_back(builder.Finish());
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

void Join(benchmark::State& state, const Workload& w) {
  const std::vector<FactBatch> facts = MakeFacts(w);
  std::mt19937_64 random(2);
  const Column keys = RandomKeys(w, w.questions, random);
  std::vector<TimeMicros> times;
  for (std::int64_t i = 0; i < w.questions; ++i) times.push_back(RandomTime(random));
  AsOfJoin join;
  for (int f = 0; f < w.doubles + w.texts; ++f) {
    join.schema.push_back(
        {"f" + std::to_string(f), f < w.doubles ? TypeId::kFloat64 : TypeId::kString});
    join.needed.push_back(static_cast<std::size_t>(f));
  }
  const OpenFacts open = [&facts](const std::vector<ColumnSchema>&, const FactRange&) {
    return Result<std::unique_ptr<FactStream>>(std::make_unique<BatchesInMemory>(facts));
  };
  Context context;
  context.threads = 1;
  std::int64_t found = 0;
  while (state.KeepRunning()) {
    const Result<QuestionIndex> index = QuestionIndex::Build({{keys}}, times);
    const Result<AsOfAnswers> answers = JoinAsOf(*index, join, open, context);
    found = answers->counts.found;
  }
  state.counters["found"] = static_cast<double>(found);
  state.SetItemsProcessed(state.iterations() * w.facts);
}

void BmWideKeys(benchmark::State& state) {
  Join(state, {});
}

void BmWideKeysByTime(benchmark::State& state) {
  Join(state, {.by_time = true});
}

void BmFewKeys(benchmark::State& state) {
  Join(state, {.keys = 50});
}

void BmFewKeysByTime(benchmark::State& state) {
  Join(state, {.keys = 50, .by_time = true});
}

void BmTexts(benchmark::State& state) {
  Join(state, {.questions = 200'000,
               .facts = 1'000'000,
               .keys = 100'000,
               .doubles = 1,
               .texts = 1,
               .text_keys = true});
}

BENCHMARK(BmWideKeys)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(BmWideKeysByTime)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(BmFewKeys)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(BmFewKeysByTime)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(BmTexts)->Unit(benchmark::kMillisecond)->Iterations(3);

}  // namespace
}  // namespace coeval
