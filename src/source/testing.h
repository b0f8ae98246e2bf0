// What tests of sources share: a folder that goes away, tables from a few words, files of them.
//
//   Table table;
//   table.Ints("id", {1, 2}).Times("at", {At("2013-01-01"), std::nullopt});
//   WriteFile(table, folder.path() + "/a.parquet");
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/batch.h"
#include "column/builder.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/fact_reader.h"

namespace coeval::testing {

// A folder of its own below the build's temporary folder, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

  // The path of a file in it; folders on the way are made.
  [[nodiscard]] std::string File(const std::string& name) const;
  // Writes text into such a file, and gives its path.
  [[nodiscard]] std::string Text(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

// Aborts where the text is no time: tests write their own.
TimeMicros At(const std::string& text);

// A context whose clock stands at 2014-01-01.
Context TestContext();

template <typename T>
using Cells = std::vector<std::optional<T>>;

// A batch, column by column.
class Table {
 public:
  Table& Ints(const std::string& name, const Cells<std::int64_t>& cells);
  Table& Doubles(const std::string& name, const Cells<double>& cells);
  Table& Strings(const std::string& name, const Cells<std::string>& cells);
  Table& Bools(const std::string& name, const Cells<bool>& cells);
  Table& Times(const std::string& name, const Cells<TimeMicros>& cells);
  Table& Add(const std::string& name, Column column);

  [[nodiscard]] const Batch& batch() const { return batch_; }

  // Takes it as a stream of batches of at most `batch_rows`.
  [[nodiscard]] ArrowArrayStream Stream(std::int64_t batch_rows = 1 << 20) const;

 private:
  template <typename T, typename Append>
  Table& Build(const std::string& name, DataType type, const Cells<T>& cells, Append append);

  Batch batch_;
};

// The format by the file's name.
Status WriteFile(const Table& table, const std::string& path, WriteOptions options = {});

// All facts of a reader as one batch, or its error. `counts`, where given, is filled.
Result<FactBatch> ReadAll(FactStream& reader, FactCounts* counts = nullptr);
// Opens a reader and reads it; then the same in pieces, where it has some, which must agree.
Result<FactBatch> ReadFacts(const Source& source, const std::string& location,
                            const FactRequest& request, FactCounts* counts = nullptr);

// "1 2 null": the cells of a column.
std::string Show(const Column& column);

// The folder of the Parquet project's test files, which lies beside the repository.
std::string ParquetTestingFolder();

// Tests over these files: left out, and said so, where they are not there; under CI that fails.
class ParquetTestingFiles : public ::testing::Test {
 protected:
  void SetUp() override;
};

}  // namespace coeval::testing
