#include "arrow/parquet_rows.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/array/data.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/status.h>
#include <arrow/type.h>
#include <arrow/util/bit_util.h>
#include <parquet/arrow/schema.h>
#include <parquet/column_reader.h>
#include <parquet/file_reader.h>
#include <parquet/schema.h>
#include <parquet/types.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "arrow/block_pool.h"
#include "arrow/border.h"
#include "arrow/parquet_open.h"

namespace coeval::plugin {

using ::arrow::Array;
using ::arrow::RecordBatch;
using ::arrow::Result;
using ::arrow::Status;
using ::parquet::arrow::FileReader;

namespace {

constexpr int64_t kWindow = 2048;  // values that are decoded at a time

// The values of one column that were asked for.
template <typename ParquetType>
class Picker {
 public:
  using Value = typename ParquetType::c_type;

  Picker(::parquet::ColumnReader& reader, std::span<const int64_t> rows)
      : reader_(static_cast<::parquet::TypedColumnReader<ParquetType>&>(reader)),
        rows_(rows),
        window_(kWindow),
        levels_(kWindow) {}

  Result<std::shared_ptr<Array>> Run(const std::shared_ptr<::arrow::DataType>& type) {
    const auto count = static_cast<int64_t>(rows_.size());
    ARROW_ASSIGN_OR_RAISE(
        std::shared_ptr<::arrow::Buffer> values,
        ::arrow::AllocateBuffer(count * static_cast<int64_t>(sizeof(Value)), BlockPool()));
    out_ = reinterpret_cast<Value*>(values->mutable_data());
    while (next_ < rows_.size()) ARROW_RETURN_NOT_OK(Step());
    const int64_t nulls = validity_ == nullptr ? 0 : ::arrow::kUnknownNullCount;
    return ::arrow::MakeArray(
        ::arrow::ArrayData::Make(type, count, {validity_, std::move(values)}, nulls));
  }

 private:
  Status Step() {
    // Whole windows alone: skipping decodes too, but for pages without a wanted row.
    if (const int64_t gap = (rows_[next_] - at_) / kWindow * kWindow; gap > 0) {
      const int64_t skipped = reader_.Skip(gap);
      at_ += skipped;
      return skipped > 0 ? Status::OK() : TooShort();
    }
    int64_t values = 0;
    const int64_t read =
        reader_.ReadBatch(kWindow, levels_.data(), nullptr, window_.data(), &values);
    if (read <= 0) return TooShort();
    if (values == read) {
      for (; next_ < rows_.size() && rows_[next_] < at_ + read; ++next_) {
        out_[next_] = window_[static_cast<std::size_t>(rows_[next_] - at_)];
      }
    } else {
      ARROW_RETURN_NOT_OK(CopyBesideNulls(read));
    }
    at_ += read;
    return Status::OK();
  }

  // Values lie end to end, without places for nulls. A level of 0 tells a null.
  Status CopyBesideNulls(int64_t read) {
    if (validity_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(
          validity_, ::arrow::AllocateBitmap(static_cast<int64_t>(rows_.size()), BlockPool()));
      std::fill_n(validity_->mutable_data(), validity_->size(), uint8_t{0xFF});
    }
    std::size_t value = 0;
    for (int64_t i = 0; i < read && next_ < rows_.size(); ++i) {
      const bool is_null = levels_[static_cast<std::size_t>(i)] == 0;
      if (rows_[next_] == at_ + i) {
        out_[next_] = is_null ? Value{} : window_[value];
        if (is_null) {
          ::arrow::bit_util::ClearBit(validity_->mutable_data(), static_cast<int64_t>(next_));
        }
        ++next_;
      }
      value += is_null ? 0 : 1;
    }
    return Status::OK();
  }

  [[nodiscard]] Status TooShort() const {
    return Status::SerializationError("a column ends at row ", at_, " of its row group");
  }

  ::parquet::TypedColumnReader<ParquetType>& reader_;
  std::span<const int64_t> rows_;
  std::vector<Value> window_;
  std::vector<int16_t> levels_;
  Value* out_ = nullptr;
  std::shared_ptr<::arrow::Buffer> validity_;  // null: no null so far
  std::size_t next_ = 0;                       // of rows_
  int64_t at_ = 0;                             // the row that the reader gives next
};

// Is what lies in the file, value by value, what Arrow holds in memory?
bool IsPlain(const ::parquet::arrow::SchemaField& field, const ::parquet::ColumnDescriptor& leaf) {
  if (leaf.max_repetition_level() != 0 || leaf.max_definition_level() > 1) return false;
  switch (field.field->type()->id()) {
    case ::arrow::Type::INT32:
    case ::arrow::Type::DATE32:
      return leaf.physical_type() == ::parquet::Type::INT32;
    case ::arrow::Type::INT64:
    case ::arrow::Type::TIMESTAMP:
      return leaf.physical_type() == ::parquet::Type::INT64;
    case ::arrow::Type::FLOAT:
      return leaf.physical_type() == ::parquet::Type::FLOAT;
    case ::arrow::Type::DOUBLE:
      return leaf.physical_type() == ::parquet::Type::DOUBLE;
    default:
      return false;
  }
}

Result<std::shared_ptr<Array>> PickPlain(::parquet::ColumnReader& reader,
                                         const std::shared_ptr<::arrow::DataType>& type,
                                         std::span<const int64_t> rows) {
  switch (reader.type()) {
    case ::parquet::Type::INT32:
      return Picker<::parquet::Int32Type>(reader, rows).Run(type);
    case ::parquet::Type::INT64:
      return Picker<::parquet::Int64Type>(reader, rows).Run(type);
    case ::parquet::Type::FLOAT:
      return Picker<::parquet::FloatType>(reader, rows).Run(type);
    default:
      return Picker<::parquet::DoubleType>(reader, rows).Run(type);
  }
}

Result<std::shared_ptr<Array>> TakeFrom(const std::shared_ptr<Array>& column,
                                        const std::shared_ptr<::arrow::Int64Array>& index) {
  const auto taken = ::arrow::compute::Take(column, index);
  if (taken.ok()) return taken->make_array();
  if (!taken.status().IsNotImplemented()) return taken.status();
  // Views of texts and lists have no such function.
  ::arrow::ArrayVector rows;
  for (int64_t i = 0; i < index->length(); ++i) rows.push_back(column->Slice(index->Value(i), 1));
  return ::arrow::Concatenate(rows, BlockPool());
}

// The wanted rows of columns that are no plain ones; `leaves` ascend.
Result<::arrow::RecordBatchVector> TakeOthers(FileReader& reader, int row_group,
                                              const std::vector<int>& leaves,
                                              std::span<const int64_t> rows) {
  ARROW_ASSIGN_OR_RAISE(const auto batches, reader.GetRecordBatchReader({row_group}, leaves));
  ::arrow::RecordBatchVector taken;
  int64_t at = 0;
  std::vector<int64_t> indices;
  for (std::size_t next = 0; next < rows.size();) {
    std::shared_ptr<RecordBatch> batch;
    ARROW_RETURN_NOT_OK(batches->ReadNext(&batch));
    if (batch == nullptr) {
      return Status::SerializationError("a column ends at row ", at, " of its row group");
    }
    indices.clear();
    for (; next < rows.size() && rows[next] < at + batch->num_rows(); ++next) {
      indices.push_back(rows[next] - at);
    }
    at += batch->num_rows();
    if (indices.empty()) continue;
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    const auto index = std::make_shared<::arrow::Int64Array>(static_cast<int64_t>(indices.size()),
                                                             ::arrow::Buffer::Wrap(indices));
    ::arrow::ArrayVector columns;
    for (const auto& column : batch->columns()) {
      ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), TakeFrom(column, index));
    }
    taken.push_back(RecordBatch::Make(batch->schema(), index->length(), std::move(columns)));
  }
  return taken;
}

}  // namespace

Result<::arrow::RecordBatchVector> PickRows(FileReader& reader, int row_group,
                                            const std::vector<int>& fields,
                                            std::span<const int64_t> rows) {
  const auto& manifest = reader.manifest();
  const auto group = reader.parquet_reader()->RowGroup(row_group);
  const auto count = static_cast<int64_t>(rows.size());
  ::arrow::FieldVector schema;
  ::arrow::ArrayVector plain(fields.size());
  std::vector<int> others;  // fields, ascending, as the reader answers
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto& field = manifest.schema_fields[static_cast<std::size_t>(fields[i])];
    schema.push_back(field.field);
    if (field.is_leaf() && IsPlain(field, *manifest.descr->Column(field.column_index))) {
      const auto column = group->Column(field.column_index);
      ARROW_ASSIGN_OR_RAISE(plain[i], PickPlain(*column, field.field->type(), rows));
    } else {
      others.push_back(fields[i]);
    }
  }
  if (others.empty()) {
    return ::arrow::RecordBatchVector{
        RecordBatch::Make(::arrow::schema(schema), count, std::move(plain))};
  }
  std::sort(others.begin(), others.end());
  ARROW_ASSIGN_OR_RAISE(const ::arrow::RecordBatchVector taken,
                        TakeOthers(reader, row_group, LeavesOf(manifest, others), rows));
  ::arrow::RecordBatchVector batches;
  int64_t first = 0;
  for (const auto& batch : taken) {
    if (batch->num_columns() != static_cast<int>(others.size())) {
      return Status::SerializationError("a row group has fewer columns than the footer lists");
    }
    ::arrow::ArrayVector columns(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      const auto at = std::lower_bound(others.begin(), others.end(), fields[i]) - others.begin();
      columns[i] = plain[i] != nullptr ? plain[i]->Slice(first, batch->num_rows())
                                       : batch->column(static_cast<int>(at));
      if (plain[i] == nullptr) schema[i] = batch->schema()->field(static_cast<int>(at));
    }
    first += batch->num_rows();
    batches.push_back(
        RecordBatch::Make(::arrow::schema(schema), batch->num_rows(), std::move(columns)));
  }
  return batches;
}

}  // namespace coeval::plugin
