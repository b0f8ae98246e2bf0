// ArrowTable: foreign columns passed on untouched, with more columns beside them.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "column/arrow_bridge.h"

namespace coeval {

namespace {

// A copy of foreign structs that shares what they point to. Every struct of the tree is copied, so
// that whoever takes the copy may move children out of it (as the specification allows) without
// touching the original, which the copy keeps alive.
template <typename Node>
struct Copied {
  std::shared_ptr<const Node> owner;
  std::vector<std::unique_ptr<Node>> children;
  std::vector<Node*> pointers;
  std::unique_ptr<Node> dictionary;
};

template <typename Node>
void ReleaseCopied(Node* node) {
  const std::unique_ptr<Copied<Node>> copied(static_cast<Copied<Node>*>(node->private_data));
  for (const auto& child : copied->children) {
    if (child->release != nullptr) child->release(child.get());
  }
  if (copied->dictionary && copied->dictionary->release != nullptr) {
    copied->dictionary->release(copied->dictionary.get());
  }
  node->release = nullptr;
}

template <typename Node>
std::unique_ptr<Node> Copy(const std::shared_ptr<const Node>& owner, const Node& node) {
  auto copied = std::make_unique<Copied<Node>>();
  copied->owner = owner;
  for (std::int64_t i = 0; i < node.n_children; ++i) {
    copied->children.push_back(Copy(owner, *node.children[i]));
    copied->pointers.push_back(copied->children.back().get());
  }
  if (node.dictionary != nullptr) copied->dictionary = Copy(owner, *node.dictionary);
  auto out = std::make_unique<Node>(node);
  out->children = copied->pointers.empty() ? nullptr : copied->pointers.data();
  out->dictionary = copied->dictionary.get();
  out->release = ReleaseCopied<Node>;
  out->private_data = copied.release();
  return out;
}

// Rows [first, first + count) of a column of a record batch.
std::unique_ptr<ArrowArray> CopySlice(const SharedArrowArray& batch, std::int64_t column,
                                      std::int64_t first, std::int64_t count) {
  std::unique_ptr<ArrowArray> slice = Copy(batch, *batch->children[column]);
  slice->offset += batch->offset + first;
  if (slice->length != count && slice->null_count != 0) slice->null_count = -1;
  slice->length = count;
  return slice;
}

// A struct of children that were made one by one: a record batch, or its schema.
template <typename Node>
struct StructParts {
  std::shared_ptr<const Node> owner;
  std::vector<std::unique_ptr<Node>> children;
  std::vector<Node*> pointers;
  const void* no_validity = nullptr;
};

template <typename Node>
void ReleaseStruct(Node* node) {
  const std::unique_ptr<StructParts<Node>> parts(
      static_cast<StructParts<Node>*>(node->private_data));
  for (const auto& child : parts->children) {
    if (child->release != nullptr) child->release(child.get());
  }
  node->release = nullptr;
}

template <typename Node>
StructParts<Node>* FinishStruct(std::shared_ptr<const Node> owner,
                                std::vector<std::unique_ptr<Node>> children, Node* out) {
  auto parts = std::make_unique<StructParts<Node>>();
  parts->owner = std::move(owner);
  parts->children = std::move(children);
  for (const auto& child : parts->children) parts->pointers.push_back(child.get());
  *out = {};
  out->n_children = static_cast<std::int64_t>(parts->pointers.size());
  out->children = parts->pointers.data();
  out->release = ReleaseStruct<Node>;
  out->private_data = parts.get();
  return parts.release();
}

// The stream of a table with more columns beside it.
struct WidenedTable {
  SharedArrowSchema schema;
  std::vector<SharedArrowArray> batches;
  Schema added;
  ArrowTable::AddedRows rows;
  std::int64_t batch_rows;
  std::int64_t block_rows;
  std::size_t batch = 0;  // the next to hand out
  std::int64_t row_in_batch = 0;
  std::int64_t row = 0;  // of the whole table
  std::string error = {};
};

int GetSchema(ArrowArrayStream* self, ArrowSchema* out) {
  const auto* table = static_cast<WidenedTable*>(self->private_data);
  std::vector<std::unique_ptr<ArrowSchema>> children;
  for (std::int64_t i = 0; i < table->schema->n_children; ++i) {
    children.push_back(Copy(table->schema, *table->schema->children[i]));
  }
  for (std::size_t i = 0; i < table->added.size(); ++i) {
    children.push_back(std::make_unique<ArrowSchema>());
    const Column empty = Column::Nulls(table->added[i].type, 0);
    ExportColumn(empty, table->added[i].name, children.back().get(), nullptr);
  }
  FinishStruct(table->schema, std::move(children), out);
  out->format = "+s";
  out->name = "";
  out->metadata = table->schema->metadata;
  out->flags = table->schema->flags;
  return 0;
}

// Makes a record batch of columns.
void FinishBatch(std::vector<std::unique_ptr<ArrowArray>> columns, std::int64_t rows,
                 ArrowArray* out) {
  auto* parts = FinishStruct<ArrowArray>(nullptr, std::move(columns), out);
  out->length = rows;
  out->n_buffers = 1;
  out->buffers = &parts->no_validity;
}

// Rows [first, first + count) of a record batch.
std::vector<std::unique_ptr<ArrowArray>> SliceColumns(const SharedArrowArray& batch,
                                                      std::int64_t first, std::int64_t count) {
  std::vector<std::unique_ptr<ArrowArray>> columns;
  for (std::int64_t i = 0; i < batch->n_children; ++i) {
    columns.push_back(CopySlice(batch, i, first, count));
  }
  return columns;
}

int GetNext(ArrowArrayStream* self, ArrowArray* out) {
  auto* table = static_cast<WidenedTable*>(self->private_data);
  *out = {};
  if (table->batch == table->batches.size()) return 0;
  const SharedArrowArray& batch = table->batches[table->batch];
  std::int64_t count = std::min(batch->length - table->row_in_batch, table->batch_rows);
  if (table->block_rows > 0) {
    count = std::min(count, table->block_rows - table->row % table->block_rows);
  }
  const Result<std::vector<Column>> added = table->rows(table->row, count);
  if (!added.ok()) {
    table->error = added.status().message();
    return ArrowErrnoOf(added.status().code());
  }
  std::vector<std::unique_ptr<ArrowArray>> children =
      SliceColumns(batch, table->row_in_batch, count);
  for (const Column& column : *added) {
    children.push_back(std::make_unique<ArrowArray>());
    ExportColumn(column, "", nullptr, children.back().get());
  }
  FinishBatch(std::move(children), count, out);
  table->row += count;
  table->row_in_batch += count;
  if (table->row_in_batch == batch->length) {
    ++table->batch;
    table->row_in_batch = 0;
  }
  return 0;
}

const char* GetLastError(ArrowArrayStream* self) {
  return static_cast<const WidenedTable*>(self->private_data)->error.c_str();
}

void ReleaseTable(ArrowArrayStream* self) {
  delete static_cast<WidenedTable*>(self->private_data);
  self->release = nullptr;
}

}  // namespace

std::size_t ArrowTable::num_columns() const {
  return static_cast<std::size_t>(schema_->n_children);
}

std::vector<std::string> ArrowTable::names() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < num_columns(); ++i) {
    names.emplace_back(field(i).name == nullptr ? "" : field(i).name);
  }
  return names;
}

std::optional<std::size_t> ArrowTable::Find(std::string_view name) const {
  for (std::size_t i = 0; i < num_columns(); ++i) {
    if (field(i).name != nullptr && name == field(i).name) return i;
  }
  return {};
}

const ArrowSchema& ArrowTable::field(std::size_t column) const {
  return *schema_->children[column];
}

std::int64_t ArrowTable::num_rows() const {
  std::int64_t rows = 0;
  for (const SharedArrowArray& batch : batches_) rows += batch->length;
  return rows;
}

Result<Column> ArrowTable::ReadColumn(std::size_t column, Rounding rounding) const {
  COEVAL_ASSIGN_OR_RETURN(DataType type, TypeFromArrow(field(column)));
  if (batches_.empty()) return Column::Nulls(std::move(type), 0);
  COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> parts, ReadParts(column, rounding));
  return Concatenate(parts);
}

Result<std::vector<Column>> ArrowTable::ReadParts(std::size_t column, Rounding rounding) const {
  std::vector<Column> parts;
  std::int64_t row = 0;
  for (const SharedArrowArray& batch : batches_) {
    ArrowArray child = *batch->children[column];
    child.offset += batch->offset;
    if (child.length != batch->length && child.null_count != 0) child.null_count = -1;
    child.length = batch->length;
    auto part = ImportArray(field(column), child, batch, rounding);
    if (!part.ok() && row > 0) {
      return part.status().WithContext("in the batch that begins at row " + std::to_string(row));
    }
    if (!part.ok()) return part.status();
    parts.push_back(std::move(part).value());
    row += batch->length;
  }
  return parts;
}

ArrowTable ArrowTable::Ranges(std::span<const std::pair<std::int64_t, std::int64_t>> ranges) const {
  ArrowTable chosen;
  chosen.schema_ = schema_;
  for (auto [first, count] : ranges) {
    std::int64_t row = 0;  // the batch's first
    for (const SharedArrowArray& batch : batches_) {
      const std::int64_t from = std::max(first, row);
      const std::int64_t until = std::min(first + count, row + batch->length);
      if (from < until) {
        ArrowArray slice{};
        FinishBatch(SliceColumns(batch, from - row, until - from), until - from, &slice);
        chosen.batches_.push_back(OwnArrowArray(&slice));
      }
      row += batch->length;
    }
  }
  return chosen;
}

Result<ArrowArrayStream> ArrowTable::ExportWith(Schema added, std::vector<Column> columns,
                                                std::int64_t batch_rows) const {
  COEVAL_CHECK(added.size() == columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].length() != num_rows()) {
      return Status::InvalidArgument("column '" + added[i].name + "' has " +
                                     std::to_string(columns[i].length()) + " rows, the table " +
                                     std::to_string(num_rows()));
    }
  }
  const auto rows = [columns = std::move(columns)](std::int64_t first, std::int64_t count) {
    std::vector<Column> slices;
    for (const Column& column : columns) slices.push_back(column.Slice(first, count));
    return Result<std::vector<Column>>(std::move(slices));
  };
  return ExportWith(std::move(added), rows, batch_rows, 0);
}

Result<ArrowArrayStream> ArrowTable::ExportWith(Schema added, AddedRows rows,
                                                std::int64_t batch_rows,
                                                std::int64_t block_rows) const {
  if (batch_rows < 1) return Status::InvalidArgument("a batch must have a row at least");
  ArrowArrayStream stream{};
  stream.get_schema = GetSchema;
  stream.get_next = GetNext;
  stream.get_last_error = GetLastError;
  stream.release = ReleaseTable;
  stream.private_data = new WidenedTable{schema_,         batches_,   std::move(added),
                                         std::move(rows), batch_rows, block_rows};
  return stream;
}

}  // namespace coeval
