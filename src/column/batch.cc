#include "column/batch.h"

#include <utility>

namespace coeval {
namespace {

class MemoryStream final : public BatchStream {
 public:
  MemoryStream(Schema schema, std::vector<Batch> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}

  const Schema& schema() const override { return schema_; }

  Result<std::optional<Batch>> Next() override {
    if (next_ == batches_.size()) return std::optional<Batch>();
    return std::optional<Batch>(std::move(batches_[next_++]));
  }

 private:
  Schema schema_;
  std::vector<Batch> batches_;
  std::size_t next_ = 0;
};

}  // namespace

std::optional<std::size_t> Schema::Find(std::string_view name) const {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return i;
  }
  return {};
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> names;
  names.reserve(columns_.size());
  for (const ColumnSchema& column : columns_) names.push_back(column.name);
  return names;
}

const Column* Batch::Find(std::string_view name) const {
  const auto position = schema.Find(name);
  return position ? &columns[*position] : nullptr;
}

Batch Batch::Slice(std::int64_t first, std::int64_t count) const {
  Batch slice{schema, {}, count};
  slice.columns.reserve(columns.size());
  for (const Column& column : columns) slice.columns.push_back(column.Slice(first, count));
  return slice;
}

std::int64_t Batch::SizeBytes() const {
  std::int64_t size = 0;
  for (const Column& column : columns) size += column.SizeBytes();
  return size;
}

std::unique_ptr<BatchStream> StreamOf(Schema schema, std::vector<Batch> batches) {
  return std::make_unique<MemoryStream>(std::move(schema), std::move(batches));
}

Result<Batch> CollectOne(BatchStream& stream) {
  std::vector<std::vector<Column>> parts(stream.schema().size());
  Batch whole{stream.schema(), {}, 0};
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(std::optional<Batch> batch, stream.Next());
    if (!batch) break;
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i].push_back(batch->columns[i]);
    whole.num_rows += batch->num_rows;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].empty()) {
      whole.columns.push_back(Column::Nulls(whole.schema[i].type, 0));
      continue;
    }
    auto column = Concatenate(parts[i]);
    if (!column.ok()) return column.status().WithContext("column '" + whole.schema[i].name + "'");
    whole.columns.push_back(std::move(column).value());
  }
  return whole;
}

}  // namespace coeval
