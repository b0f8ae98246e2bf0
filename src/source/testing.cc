#include "source/testing.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/batch.h"
#include "column/builder.h"
#include "column/column.h"
#include "column/type.h"
#include "column/value.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/fact_reader.h"
#include "source/writer.h"

namespace coeval::testing {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "coeval_source_XXXXXX").string();
  COEVAL_CHECK(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string TemporaryFolder::File(const std::string& name) const {
  const fs::path path = fs::path(path_) / name;
  fs::create_directories(path.parent_path());
  return path.string();
}

std::string TemporaryFolder::Text(const std::string& name, const std::string& text) const {
  std::string path = File(name);
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

TimeMicros At(const std::string& text) {
  const auto time = ParseTime(text);
  COEVAL_CHECK(time.ok());
  return *time;
}

Context TestContext() {
  Context context;
  context.clock = std::make_shared<FixedClock>(At("2014-01-01"));
  return context;
}

template <typename T, typename Append>
Table& Table::Build(const std::string& name, DataType type, const Cells<T>& cells, Append append) {
  ColumnBuilder builder(std::move(type));
  for (const auto& cell : cells) {
    if (cell) {
      append(builder, *cell);
    } else {
      builder.AppendNull();
    }
  }
  return Add(name, builder.Finish());
}

Table& Table::Ints(const std::string& name, const Cells<std::int64_t>& cells) {
  return Build(name, TypeId::kInt64, cells,
               [](ColumnBuilder& builder, std::int64_t value) { builder.AppendInt(value); });
}

Table& Table::Doubles(const std::string& name, const Cells<double>& cells) {
  return Build(name, TypeId::kFloat64, cells,
               [](ColumnBuilder& builder, double value) { builder.AppendDouble(value); });
}

Table& Table::Strings(const std::string& name, const Cells<std::string>& cells) {
  return Build(name, TypeId::kString, cells, [](ColumnBuilder& builder, const std::string& value) {
    builder.AppendBytes(value);
  });
}

Table& Table::Bools(const std::string& name, const Cells<bool>& cells) {
  return Build(name, TypeId::kBool, cells,
               [](ColumnBuilder& builder, bool value) { builder.AppendBool(value); });
}

Table& Table::Times(const std::string& name, const Cells<TimeMicros>& cells) {
  return Build(name, TypeId::kTimestamp, cells,
               [](ColumnBuilder& builder, TimeMicros value) { builder.AppendInt(value); });
}

Table& Table::Add(const std::string& name, Column column) {
  batch_.num_rows = column.length();
  batch_.schema.Add(name, column.type());
  batch_.columns.push_back(std::move(column));
  return *this;
}

ArrowArrayStream Table::Stream(std::int64_t batch_rows) const {
  std::vector<Batch> batches;
  for (std::int64_t row = 0; row < batch_.num_rows; row += batch_rows) {
    batches.push_back(batch_.Slice(row, std::min(batch_rows, batch_.num_rows - row)));
  }
  ArrowArrayStream stream{};
  ExportStream(StreamOf(batch_.schema, std::move(batches)), &stream);
  return stream;
}

Status WriteFile(const Table& table, const std::string& path, WriteOptions options) {
  COEVAL_ASSIGN_OR_RETURN(options.format, FormatOfName(path));
  ArrowArrayStream stream = table.Stream();
  return WriteTable(&stream, path, options, TestContext()).status();
}

Result<FactBatch> ReadAll(FactStream& reader, FactCounts* counts) {
  std::vector<FactBatch> batches;
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(std::optional<FactBatch> batch, reader.Next());
    if (counts != nullptr) *counts = reader.counts();
    if (!batch) break;
    batches.push_back(*std::move(batch));
  }
  if (batches.empty()) return FactBatch{};
  FactBatch whole = batches.front();
  const auto join = [&batches](auto part) -> Result<Column> {
    std::vector<Column> pieces;
    for (const FactBatch& batch : batches) pieces.push_back(part(batch));
    return Concatenate(pieces);
  };
  whole.num_rows = 0;
  for (const FactBatch& batch : batches) whole.num_rows += batch.num_rows;
  for (std::size_t i = 0; i < whole.keys.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(whole.keys[i], join([i](const FactBatch& b) { return b.keys[i]; }));
  }
  for (std::size_t i = 0; i < whole.features.size(); ++i) {
    COEVAL_ASSIGN_OR_RETURN(whole.features[i],
                            join([i](const FactBatch& b) { return b.features[i]; }));
  }
  COEVAL_ASSIGN_OR_RETURN(whole.event_time, join([](const FactBatch& b) { return b.event_time; }));
  COEVAL_ASSIGN_OR_RETURN(whole.created_time,
                          join([](const FactBatch& b) { return b.created_time; }));
  COEVAL_ASSIGN_OR_RETURN(whole.sequence, join([](const FactBatch& b) { return b.sequence; }));
  COEVAL_ASSIGN_OR_RETURN(whole.deleted, join([](const FactBatch& b) { return b.deleted; }));
  return whole;
}

namespace {

// The stream that the pieces of a reader make: keys first, then the values of all facts; or both
// at once.
class PiecesAsStream : public FactStream {
 public:
  PiecesAsStream(FactPieces* pieces, bool at_once) : pieces_(pieces), at_once_(at_once) {}

  Result<std::optional<FactBatch>> Next() override {
    while (ready_.empty()) {
      if (next_ == pieces_->size()) {
        COEVAL_RETURN_IF_ERROR(pieces_->Finish());
        return std::optional<FactBatch>();
      }
      COEVAL_RETURN_IF_ERROR(ReadPiece(next_++));
    }
    std::optional<FactBatch> batch = ready_.front();
    ready_.erase(ready_.begin());
    return batch;
  }

  [[nodiscard]] const FactCounts& counts() const override { return counts_; }

 private:
  Status ReadPiece(std::size_t piece) {
    const auto use = [this](const FactBatch& facts) { ready_.push_back(facts); };
    COEVAL_ASSIGN_OR_RETURN(const FactCounts of_piece, at_once_ ? pieces_->ReadFacts(piece, use)
                                                                : pieces_->ReadKeys(piece, use));
    counts_.rows += of_piece.rows;
    counts_.facts += of_piece.facts;
    counts_.null_keys += of_piece.null_keys;
    counts_.bad_times += of_piece.bad_times;
    counts_.too_far_ahead += of_piece.too_far_ahead;
    counts_.out_of_range += of_piece.out_of_range;
    if (at_once_) return Status::Ok();
    for (FactBatch& batch : ready_) {
      std::vector<std::int64_t> rows;
      for (std::int64_t i = 0; i < batch.num_rows; ++i) rows.push_back(batch.row_number(i));
      COEVAL_ASSIGN_OR_RETURN(batch.features, pieces_->ReadValues(piece, rows, kAllFeatures));
    }
    return Status::Ok();
  }

  FactPieces* pieces_;
  bool at_once_;
  std::size_t next_ = 0;
  std::vector<FactBatch> ready_;
  FactCounts counts_;
};

std::string ShowFacts(const Result<FactBatch>& facts, const FactCounts& counts) {
  if (!facts.ok()) return facts.status().ToString();
  std::string text = std::to_string(facts->num_rows) + " facts";
  for (const auto* columns : {&facts->keys, &facts->features}) {
    for (const Column& column : *columns) text += "\n" + Show(column);
  }
  for (const auto* column :
       {&facts->event_time, &facts->created_time, &facts->sequence, &facts->deleted}) {
    text += "\n" + Show(*column);
  }
  for (const std::int64_t count : {counts.rows, counts.facts, counts.null_keys, counts.bad_times,
                                   counts.too_far_ahead, counts.out_of_range}) {
    text += " " + std::to_string(count);
  }
  return text;
}

}  // namespace

Result<FactBatch> ReadFacts(const Source& source, const std::string& location,
                            const FactRequest& request, FactCounts* counts) {
  COEVAL_ASSIGN_OR_RETURN(const auto reader,
                          FactReader::Open(source, location, request, TestContext()));
  FactCounts read;
  Result<FactBatch> facts = ReadAll(*reader, &read);
  if (counts != nullptr) *counts = read;
  for (const bool at_once : {false, true}) {
    COEVAL_ASSIGN_OR_RETURN(const auto again,
                            FactReader::Open(source, location, request, TestContext()));
    if (again->pieces() == nullptr) continue;
    PiecesAsStream pieces(again->pieces(), at_once);
    FactCounts in_pieces;
    const Result<FactBatch> other = ReadAll(pieces, &in_pieces);
    EXPECT_EQ(ShowFacts(other, in_pieces), ShowFacts(facts, read))
        << "read in pieces, " << (at_once ? "all at once" : "keys first");
  }
  return facts;
}

std::string Show(const Column& column) {
  std::string text;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    text += (row == 0 ? "" : " ") + ToText(column.GetValue(row), column.type());
  }
  return text;
}

std::string ParquetTestingFolder() {
  const char* root = std::getenv("COEVAL_SOURCE_DIR");  // set by ctest
  const fs::path source = root == nullptr ? fs::current_path() : fs::path(root);
  return (source.parent_path() / "shared" / "test-data" / "parquet-testing").string();
}

void ParquetTestingFiles::SetUp() {
  if (fs::is_directory(ParquetTestingFolder())) return;
  ASSERT_EQ(std::getenv("CI"), nullptr) << "no files in " << ParquetTestingFolder();
  GTEST_SKIP() << "no files of apache/parquet-testing in " << ParquetTestingFolder();
}

}  // namespace coeval::testing
