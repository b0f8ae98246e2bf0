// Frame: rows in memory on their way between Python and the engine: foreign Arrow columns as they
// came (a spine), and Coeval's own beside them (features). What TrainingSet, OnlineResponse and
// asof_join hand to Python.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include "column/arrow_bridge.h"
#include "column/batch.h"
#include "column/column.h"

namespace coeval::python {

// Immutable; copies share the memory.
class Frame {
 public:
  // Foreign columns, then `columns`, one for each entry of `schema`, all of the table's length.
  Frame(ArrowTable table, Schema schema, std::vector<Column> columns);
  // The same with columns that are not in one piece: how to read one of `schema`, and all.
  Frame(ArrowTable table, Schema schema, std::function<Result<Column>(std::size_t)> read,
        std::function<Result<ArrowArrayStream>()> export_all);
  // Own columns alone, all of `rows` length.
  Frame(Schema schema, std::vector<Column> columns, std::int64_t rows);

  [[nodiscard]] std::int64_t num_rows() const { return rows_; }

  [[nodiscard]] std::vector<std::string> names() const;

  // How many of the columns are foreign; they come first.
  [[nodiscard]] std::size_t num_foreign() const { return table_ ? table_->num_columns() : 0; }

  // Coeval's own spelling of a column's type; "" for a foreign one that it has no type for.
  [[nodiscard]] std::string type(std::size_t column) const;
  // Column `column` as Coeval reads it. Errors: InvalidArgument for a foreign one that it cannot.
  [[nodiscard]] Result<Column> Read(std::size_t column) const;

  // May be called again and again.
  [[nodiscard]] Result<ArrowArrayStream> Export() const;

 private:
  std::optional<ArrowTable> table_;
  Schema schema_;
  std::vector<Column> columns_;
  std::int64_t rows_ = 0;
  std::function<Result<Column>(std::size_t)> read_;   // null: columns_
  std::function<Result<ArrowArrayStream>()> export_;  // null: columns_
};

// Binds Frame: the module's class for frames.
void BindFrame(nanobind::module_& module);

}  // namespace coeval::python
