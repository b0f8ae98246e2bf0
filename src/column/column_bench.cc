// What the hot paths of column/ cost a row: keys, taking rows, stored rows.
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "column/builder.h"
#include "column/key.h"
#include "column/row_encoding.h"
#include "column/testing.h"

namespace coeval {
namespace {

constexpr std::int64_t kRows = 100'000;

Column Numbers() {
  ColumnBuilder builder(TypeId::kInt64);
  Random random(1);
  for (std::int64_t i = 0; i < kRows; ++i) builder.AppendInt(Pick(random, 1'000'000));
  return builder.Finish();
}

Column Airports() {
  ColumnBuilder builder(TypeId::kString);
  Random random(2);
  for (std::int64_t i = 0; i < kRows; ++i)
    builder.AppendBytes("K" + std::to_string(Pick(random, 999)));
  return builder.Finish();
}

void CountRows(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * kRows);
}

void EncodeKeys(benchmark::State& state, std::vector<Column> columns) {
  while (state.KeepRunning()) benchmark::DoNotOptimize(KeyColumn::Encode(columns, kRows));
  CountRows(state);
}

void Take(benchmark::State& state, const Column& column) {
  Random random(3);
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < kRows; ++i) rows.push_back(Pick(random, kRows));
  while (state.KeepRunning()) benchmark::DoNotOptimize(column.Take(rows));
  CountRows(state);
}

void EncodeRows(benchmark::State& state) {
  const std::vector<Column> columns = {Numbers(), Airports(), Numbers()};
  std::string bytes;
  while (state.KeepRunning()) {
    bytes.clear();
    for (std::int64_t row = 0; row < kRows; ++row) EncodeRow(columns, row, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  CountRows(state);
}

void ReadRows(benchmark::State& state) {
  const std::vector<Column> columns = {Numbers(), Airports(), Numbers()};
  const std::vector<DataType> types = {TypeId::kInt64, TypeId::kString, TypeId::kInt64};
  std::string row;
  EncodeRow(columns, 7, &row);
  ColumnBuilder numbers(TypeId::kInt64);
  while (state.KeepRunning()) {
    const auto view = RowView::Parse(row, types);
    if (!view.ok() || !view->AppendTo(2, &numbers).ok()) state.SkipWithError("row");
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(EncodeKeys, int64, {Numbers()});
BENCHMARK_CAPTURE(EncodeKeys, string, {Airports()});
BENCHMARK_CAPTURE(EncodeKeys, string_int64, {Airports(), Numbers()});
BENCHMARK_CAPTURE(Take, int64, Numbers());
BENCHMARK_CAPTURE(Take, string, Airports());
BENCHMARK(EncodeRows);
BENCHMARK(ReadRows);

}  // namespace
}  // namespace coeval
