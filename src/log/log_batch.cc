#include "log/log_batch.h"

#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "base/utf8.h"
#include "column/builder.h"
#include "column/row_encoding.h"
#include "log/little_endian.h"
#include "log/log_record.h"

namespace coeval {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::uint8_t kFormatOfDeletes = 2;  // as format 1; its rows are deletes
constexpr std::size_t kHeaderSize = 28;
constexpr std::size_t kMaxColumns = 65'535;  // of row encoding 1
constexpr std::int64_t kLeastRow = 16;       // length, header and checksum

void AppendText(std::string_view text, std::string* out) {
  AppendLittleEndian(static_cast<std::uint32_t>(text.size()), out);
  out->append(text);
}

Status CheckEncodable(const LogBatch& batch) {
  if (batch.rows.columns.size() > kMaxColumns) {
    return Status::InvalidArgument("a push has at most 65535 columns; this one has " +
                                   std::to_string(batch.rows.columns.size()));
  }
  const std::int64_t size = batch.rows.SizeBytes();
  if (size > kMaxLogBatchBytes || batch.rows.num_rows > kMaxLogBatchBytes / kLeastRow) {
    return Status::InvalidArgument("a push takes at most " + std::to_string(kMaxLogBatchBytes) +
                                   " bytes; this one takes " + std::to_string(size) + " in " +
                                   std::to_string(batch.rows.num_rows) +
                                   " rows: send smaller batches");
  }
  if (batch.first_number < 0 ||
      batch.rows.num_rows > std::numeric_limits<std::int64_t>::max() - batch.first_number) {
    return Status::InvalidArgument("rows cannot be numbered from " +
                                   std::to_string(batch.first_number) + " on");
  }
  return {};
}

Status Corrupt(std::string_view what) {
  return Status::Corruption("a batch of the log is damaged: " + std::string(what));
}

// Takes pieces from the front; fails where there are not enough bytes.
class Pieces {
 public:
  explicit Pieces(std::string_view rest) : rest_(rest) {}

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  // A length of 4 bytes and as many bytes.
  bool Next(std::string_view* piece) {
    if (rest_.size() < 4) return false;
    const auto size = LittleEndianAt<std::uint32_t>(rest_, 0);
    if (rest_.size() - 4 < size) return false;
    *piece = rest_.substr(4, size);
    rest_.remove_prefix(4 + std::size_t{size});
    return true;
  }

  bool Next(std::string* piece) {
    std::string_view view;
    if (!Next(&view)) return false;
    *piece = view;
    return true;
  }

 private:
  std::string_view rest_;
};

// What row encoding 1 does not look at: letters, and the order of the keys of maps.
bool IsWellFormed(const Column& column) {
  const DataType& type = column.type();
  switch (type.id()) {
    case TypeId::kString:
      for (std::int64_t row = 0; row < column.length(); ++row) {
        if (!IsUtf8(column.bytes(row))) return false;
      }
      return true;
    case TypeId::kMap:
      for (std::int64_t row = 0; row < column.length(); ++row) {
        const Column::Extent extent = column.elements(row);
        for (std::int64_t e = extent.first + 1; e < extent.last; ++e) {
          if (CompareCells(column.child(0), e - 1, column.child(0), e) >= 0) return false;
        }
      }
      return IsWellFormed(column.child(0)) && IsWellFormed(column.child(1));
    case TypeId::kList:
      return IsWellFormed(column.child(0));
    default:
      return true;
  }
}

Status ReadColumnNames(std::size_t count, Pieces* pieces, Schema* schema) {
  for (std::size_t i = 0; i < count; ++i) {
    std::string name;
    std::string text;
    if (!pieces->Next(&name) || !pieces->Next(&text)) return Corrupt("it is too short");
    const Result<DataType> type = ParseType(text);
    if (!type.ok() || type->ToString() != text || !IsUtf8(name)) {
      return Corrupt("column " + std::to_string(i) + " has no name or type");
    }
    schema->Add(std::move(name), *type);
  }
  return {};
}

Status ReadRows(Pieces* pieces, Batch* rows) {
  std::vector<DataType> types;
  std::vector<ColumnBuilder> builders;
  std::int64_t row_bytes = 1;
  for (const ColumnSchema& column : rows->schema.columns()) {
    types.push_back(column.type);
    builders.emplace_back(column.type);
    row_bytes += 4 + column.type.width();
  }
  // The number of rows is not believed before they are seen.
  if (rows->num_rows <= kMaxLogBatchBytes / row_bytes) {
    for (ColumnBuilder& builder : builders) builder.Reserve(rows->num_rows);
  }
  std::int64_t null_bytes = 0;
  const RowLayout layout(types);
  RowView view;
  for (std::int64_t row = 0; row < rows->num_rows; ++row) {
    std::string_view bytes;
    if (!pieces->Next(&bytes)) return Corrupt("it is too short");
    COEVAL_RETURN_IF_ERROR(view.Reset(bytes, layout));
    null_bytes += view.null_bytes();
    if (view.tombstone() || null_bytes > kMaxLogBatchBytes) {
      return Corrupt("row " + std::to_string(row) + " cannot be one of a push");
    }
    for (std::size_t i = 0; i < builders.size(); ++i) {
      COEVAL_RETURN_IF_ERROR(view.AppendTo(i, &builders[i]));
    }
  }
  for (std::size_t i = 0; i < builders.size(); ++i) {
    rows->columns.push_back(builders[i].Finish());
    if (!IsWellFormed(rows->columns.back())) {
      return Corrupt("column '" + rows->schema[i].name + "' holds what is no " +
                     types[i].ToString());
    }
  }
  return {};
}

}  // namespace

Result<std::string> EncodeLogBatch(const LogBatch& batch) {
  COEVAL_RETURN_IF_ERROR(CheckEncodable(batch));
  const Batch& rows = batch.rows;
  std::string bytes;
  bytes.reserve(static_cast<std::size_t>(rows.SizeBytes() + 24 * rows.num_rows) + 1024);
  AppendLittleEndian(batch.deletes ? kFormatOfDeletes : kFormat, &bytes);
  AppendLittleEndian(static_cast<std::uint8_t>(batch.destination), &bytes);
  AppendLittleEndian(static_cast<std::uint16_t>(rows.columns.size()), &bytes);
  AppendLittleEndian(static_cast<std::uint32_t>(rows.num_rows), &bytes);
  AppendLittleEndian(batch.c, &bytes);
  AppendLittleEndian(batch.first_number, &bytes);
  AppendLittleEndian(static_cast<std::uint32_t>(batch.fed.size()), &bytes);
  AppendText(batch.idempotency_key, &bytes);
  AppendText(batch.source, &bytes);
  for (const std::string& identity : batch.fed) AppendText(identity, &bytes);
  for (const ColumnSchema& column : rows.schema.columns()) {
    AppendText(column.name, &bytes);
    AppendText(column.type.ToString(), &bytes);
  }
  for (std::int64_t row = 0; row < rows.num_rows; ++row) {
    const std::size_t at = bytes.size();
    AppendLittleEndian(std::uint32_t{0}, &bytes);  // the length, once it is known
    EncodeRow(rows.columns, row, &bytes);
    // Also keeps the length within its 4 bytes.
    if (bytes.size() > kMaxLogPayload) {
      return Status::InvalidArgument("a push takes at most " + std::to_string(kMaxLogPayload) +
                                     " bytes in the log; this one takes more: send smaller " +
                                     "batches");
    }
    const auto size = static_cast<std::uint32_t>(bytes.size() - at - 4);
    std::memcpy(bytes.data() + at, &size, sizeof(size));
  }
  return bytes;
}

Result<LogBatch> DecodeLogBatch(std::string_view bytes) {
  if (bytes.size() < kHeaderSize || bytes.size() > kMaxLogPayload) {
    return Corrupt("it has " + std::to_string(bytes.size()) + " bytes");
  }
  const auto format = LittleEndianAt<std::uint8_t>(bytes, 0);
  if (format > kFormatOfDeletes) {
    return Status::FailedPrecondition("a batch of the log has format " + std::to_string(format) +
                                      ", which a newer release wrote: run that release");
  }
  const auto destination = LittleEndianAt<std::uint8_t>(bytes, 1);
  if (format < kFormat || destination > static_cast<std::uint8_t>(LogDestination::kOffline)) {
    return Corrupt("its format or destination is not known");
  }
  LogBatch batch;
  batch.destination = static_cast<LogDestination>(destination);
  batch.deletes = format == kFormatOfDeletes;
  batch.rows.num_rows = LittleEndianAt<std::uint32_t>(bytes, 4);
  batch.c = LittleEndianAt<std::int64_t>(bytes, 8);
  batch.first_number = LittleEndianAt<std::int64_t>(bytes, 16);
  Pieces pieces(bytes.substr(kHeaderSize));
  bool whole = pieces.Next(&batch.idempotency_key) && pieces.Next(&batch.source);
  for (auto n = LittleEndianAt<std::uint32_t>(bytes, 24); whole && n > 0; --n) {
    whole = pieces.Next(&batch.fed.emplace_back());
  }
  if (!whole) return Corrupt("it is too short");
  COEVAL_RETURN_IF_ERROR(
      ReadColumnNames(LittleEndianAt<std::uint16_t>(bytes, 2), &pieces, &batch.rows.schema));
  if (batch.rows.num_rows > static_cast<std::int64_t>(pieces.left()) / kLeastRow ||
      batch.first_number < 0 ||
      batch.rows.num_rows > std::numeric_limits<std::int64_t>::max() - batch.first_number) {
    return Corrupt("it does not hold " + std::to_string(batch.rows.num_rows) + " rows");
  }
  COEVAL_RETURN_IF_ERROR(ReadRows(&pieces, &batch.rows));
  if (pieces.left() != 0) return Corrupt("bytes follow its last row");
  return batch;
}

}  // namespace coeval
