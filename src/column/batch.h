// Schema and Batch: named columns of one length; what flows between the rooms.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "column/column.h"
#include "column/type.h"

namespace coeval {

struct ColumnSchema {
  std::string name;
  DataType type;

  friend bool operator==(const ColumnSchema&, const ColumnSchema&) = default;
};

class Schema {
 public:
  Schema() = default;

  explicit Schema(std::vector<ColumnSchema> columns) : columns_(std::move(columns)) {}

  [[nodiscard]] std::size_t size() const { return columns_.size(); }

  [[nodiscard]] const ColumnSchema& operator[](std::size_t i) const { return columns_[i]; }

  [[nodiscard]] const std::vector<ColumnSchema>& columns() const { return columns_; }

  // Position of the column with exactly that name; of several, the first.
  [[nodiscard]] std::optional<std::size_t> Find(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;

  void Add(std::string name, DataType type) {
    columns_.push_back({std::move(name), std::move(type)});
  }

  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  std::vector<ColumnSchema> columns_;
};

// Immutable; copies are cheap. Threads: any.
struct Batch {
  Schema schema;
  std::vector<Column> columns;  // schema.size() of them, each of num_rows
  std::int64_t num_rows = 0;

  // The column of that name, or null.
  [[nodiscard]] const Column* Find(std::string_view name) const;
  [[nodiscard]] Batch Slice(std::int64_t first, std::int64_t count) const;
  [[nodiscard]] std::int64_t SizeBytes() const;
};

// Pulls the next batch; an empty optional is the end. One thread at a time.
class BatchStream {
 public:
  virtual ~BatchStream() = default;
  [[nodiscard]] virtual const Schema& schema() const = 0;
  virtual Result<std::optional<Batch>> Next() = 0;
};

// A stream over batches in memory.
std::unique_ptr<BatchStream> StreamOf(Schema schema, std::vector<Batch> batches);
// All batches of a stream as one (columns concatenated).
Result<Batch> CollectOne(BatchStream& stream);

}  // namespace coeval
