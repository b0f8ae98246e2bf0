// Durable appends by size and by the room taken ahead, and batches of ten doubles a row to bytes
// and back. Set TMPDIR to a folder on the disk that matters.
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "column/builder.h"
#include "io/temp_directory.h"
#include "log/fact_log.h"
#include "log/log_batch.h"

namespace coeval {
namespace {

constexpr std::int64_t kRows = 1000;

LogBatch WideBatch() {
  std::mt19937_64 random(1);
  LogBatch batch;
  batch.source = "clicks";
  batch.fed = {std::string(64, 'a')};
  batch.rows.num_rows = kRows;
  for (int i = 0; i < 10; ++i) {
    ColumnBuilder column(TypeId::kFloat64);
    for (std::int64_t row = 0; row < kRows; ++row) {
      column.AppendDouble(static_cast<double>(random()) * 0x1p-64);
    }
    batch.rows.schema.Add("x" + std::to_string(i), TypeId::kFloat64);
    batch.rows.columns.push_back(column.Finish());
  }
  return batch;
}

// Bytes of a payload, and of the room.
void AppendDurably(benchmark::State& state) {
  const TempDirectory folder = *TempDirectory::Make();
  const auto log = *FactLog::Open({.folder = folder.path(), .room_bytes = state.range(1)});
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  const std::vector<std::string_view> payloads = {payload};
  while (state.KeepRunning()) COEVAL_CHECK(log->Append(payloads).ok());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(AppendDurably)
    ->ArgsProduct({{118, 98'000}, {0, 1 << 18, 1 << 20, 1 << 22}})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void OpenAndReplay(benchmark::State& state) {
  const TempDirectory folder = *TempDirectory::Make();
  const std::string payload = *EncodeLogBatch(WideBatch());
  const std::vector<std::string_view> payloads(10, payload);
  std::int64_t bytes = 0;
  {
    const auto log = *FactLog::Open({.folder = folder.path()});
    while (log->SizeBytes() < 256 << 20) COEVAL_CHECK(log->Append(payloads).ok());
    bytes = log->SizeBytes();
  }
  while (state.KeepRunning()) {
    const auto log = *FactLog::Open({.folder = folder.path()});
    COEVAL_CHECK(log->Replay(0, [](const LogRecord&) { return Status(); }).ok());
  }
  state.SetBytesProcessed(state.iterations() * bytes);
}

BENCHMARK(OpenAndReplay)->UseRealTime()->Unit(benchmark::kMillisecond);

void EncodeRows(benchmark::State& state) {
  const LogBatch batch = WideBatch();
  while (state.KeepRunning()) benchmark::DoNotOptimize(EncodeLogBatch(batch));
  state.SetItemsProcessed(state.iterations() * kRows);
}

void DecodeRows(benchmark::State& state) {
  const std::string bytes = *EncodeLogBatch(WideBatch());
  while (state.KeepRunning()) benchmark::DoNotOptimize(DecodeLogBatch(bytes));
  state.SetItemsProcessed(state.iterations() * kRows);
}

BENCHMARK(EncodeRows)->Unit(benchmark::kMicrosecond);
BENCHMARK(DecodeRows)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace coeval
