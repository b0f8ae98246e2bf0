// Rows of columns chosen anew: Take, and Concatenate.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <limits>
#include <memory>
#include <utility>

#include "column/builder.h"
#include "column/column.h"

namespace coeval {

namespace {

constexpr std::int64_t kMostElements = std::numeric_limits<std::int32_t>::max();

bool IsBinary(const DataType& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kBytes;
}

Status TooMany(const DataType& type) {
  return Status::InvalidArgument("a column of " + type.ToString() +
                                 " would pass 2 GiB; ask for fewer rows at a time");
}

bool AnyNegative(std::span<const std::int64_t> rows) {
  std::int64_t signs = 0;
  for (const std::int64_t row : rows) signs |= row;
  return signs < 0;
}

// Validity of the rows taken; no buffer where all are valid.
Buffer TakeValidity(const Column& column, std::span<const std::int64_t> rows) {
  if (!column.may_have_nulls() && !AnyNegative(rows)) return {};
  std::vector<std::uint8_t> bits((rows.size() + 7) / 8);
  bool any_null = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0 || column.IsNull(rows[i])) {
      any_null = true;
    } else {
      bits[i >> 3] |= static_cast<std::uint8_t>(1U << (i & 7));
    }
  }
  return any_null ? MakeBuffer(std::move(bits)) : Buffer{};
}

template <typename T>
Buffer TakeFixed(const Column& column, std::span<const std::int64_t> rows) {
  const auto values = column.values<T>();
  std::vector<T> taken(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0) taken[i] = values[static_cast<std::size_t>(rows[i])];
  }
  return MakeBuffer(std::move(taken));
}

Buffer TakeFixedWidth(const Column& column, std::span<const std::int64_t> rows) {
  switch (column.type().width()) {
    case 1:
      return TakeFixed<std::uint8_t>(column, rows);
    case 4:
      return TakeFixed<std::uint32_t>(column, rows);
    case 8:
      return TakeFixed<std::uint64_t>(column, rows);
    default:
      return TakeFixed<Int128>(column, rows);
  }
}

Column TakeBinary(const Column& column, std::span<const std::int64_t> rows) {
  Buffer validity = TakeValidity(column, rows);
  std::vector<std::int32_t> offsets(rows.size() + 1);
  std::int64_t total = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0) total += static_cast<std::int64_t>(column.bytes(rows[i]).size());
    COEVAL_CHECK(total <= kMostElements);
    offsets[i + 1] = static_cast<std::int32_t>(total);
  }
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(total));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0) continue;
    const std::string_view value = column.bytes(rows[i]);
    if (!value.empty()) std::memcpy(bytes.data() + offsets[i], value.data(), value.size());
  }
  return Column::Binary(column.type(), static_cast<std::int64_t>(rows.size()),
                        MakeBuffer(std::move(offsets)), MakeBuffer(std::move(bytes)),
                        std::move(validity));
}

// A vector's elements have no validity, so that a row is a run of bytes.
Column TakeVectors(const Column& column, std::span<const std::int64_t> rows) {
  const DataType& element = column.type().child(0);
  const auto size = static_cast<std::size_t>(column.type().size());
  const std::size_t row_bytes = size * static_cast<std::size_t>(element.width());
  const std::uint8_t* from = column.child(0).values_buffer().data;
  std::vector<std::uint8_t> values(rows.size() * row_bytes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] < 0) continue;
    std::memcpy(values.data() + i * row_bytes, from + static_cast<std::size_t>(rows[i]) * row_bytes,
                row_bytes);
  }
  Column elements = Column::FixedWidth(element, static_cast<std::int64_t>(rows.size() * size),
                                       MakeBuffer(std::move(values)));
  return Column::Nested(column.type(), static_cast<std::int64_t>(rows.size()), {},
                        {std::move(elements)}, TakeValidity(column, rows));
}

// Bytes that are all written before anybody reads them.
struct Room {
  explicit Room(std::size_t size)
      : owner(std::make_unique_for_overwrite<std::max_align_t[]>(
            (size + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t))),
        bytes(reinterpret_cast<std::uint8_t*>(owner.get())),
        size_bytes(static_cast<std::int64_t>(size)) {}

  Buffer Finish() && { return {bytes, size_bytes, std::move(owner)}; }

  std::shared_ptr<std::max_align_t[]> owner;
  std::uint8_t* bytes;
  std::int64_t size_bytes;
};

// Rows of a column, run after run: what lists take of their elements.
using Runs = std::span<const Column::Extent>;

std::int64_t RowsOf(Runs runs) {
  std::int64_t rows = 0;
  for (const Column::Extent run : runs) rows += run.last - run.first;
  return rows;
}

// What the runs take of the bytes, or of the elements.
std::vector<Column::Extent> WithinOffsets(const Column& column, Runs runs) {
  const auto* offsets = reinterpret_cast<const std::int32_t*>(column.offsets_buffer().data);
  std::vector<Column::Extent> within;
  within.reserve(runs.size());
  for (const Column::Extent run : runs) {
    if (run.first < run.last) within.push_back({offsets[run.first], offsets[run.last]});
  }
  return within;
}

Status CheckRuns(const Column& column, Runs runs) {
  const DataType& type = column.type();
  if (type.width() > 0 || type.id() == TypeId::kNull) return {};
  if (type.id() == TypeId::kVector) {
    return RowsOf(runs) <= kMostElements / type.size() ? Status() : TooMany(type);
  }
  const std::vector<Column::Extent> within = WithinOffsets(column, runs);
  if (RowsOf(within) > kMostElements) return TooMany(type);
  if (!type.is_nested()) return {};
  COEVAL_RETURN_IF_ERROR(CheckRuns(column.child(0), within));
  return type.id() == TypeId::kMap ? CheckRuns(column.child(1), within) : Status();
}

Buffer RunsOfBytes(const std::uint8_t* from, Runs runs, std::size_t width) {
  Room room(static_cast<std::size_t>(RowsOf(runs)) * width);
  std::uint8_t* to = room.bytes;
  for (const Column::Extent run : runs) {
    const std::size_t size = static_cast<std::size_t>(run.last - run.first) * width;
    if (size > 0) std::memcpy(to, from + static_cast<std::size_t>(run.first) * width, size);
    to += size;
  }
  return std::move(room).Finish();
}

Buffer RunsOfValidity(const Column& column, Runs runs) {
  if (!column.may_have_nulls()) return {};
  std::vector<std::uint8_t> bits((static_cast<std::size_t>(RowsOf(runs)) + 7) / 8);
  std::size_t i = 0;
  for (const Column::Extent run : runs) {
    for (std::int64_t row = run.first; row < run.last; ++row, ++i) {
      if (!column.IsNull(row)) bits[i >> 3] |= static_cast<std::uint8_t>(1U << (i & 7));
    }
  }
  return MakeBuffer(std::move(bits));
}

Buffer RunsOfOffsets(const Column& column, Runs runs) {
  const auto* offsets = reinterpret_cast<const std::int32_t*>(column.offsets_buffer().data);
  std::vector<std::int32_t> taken{0};
  taken.reserve(static_cast<std::size_t>(RowsOf(runs)) + 1);
  for (const Column::Extent run : runs) {
    for (std::int64_t row = run.first; row < run.last; ++row) {
      taken.push_back(taken.back() + (offsets[row + 1] - offsets[row]));
    }
  }
  return MakeBuffer(std::move(taken));
}

// REQUIRES: CheckRuns.
Column TakeRuns(const Column& column, Runs runs) {
  const DataType& type = column.type();
  const std::int64_t rows = RowsOf(runs);
  if (type.id() == TypeId::kNull) return Column::Nulls(type, rows);
  Buffer validity = RunsOfValidity(column, runs);
  if (type.width() > 0) {
    Buffer values =
        RunsOfBytes(column.values_buffer().data, runs, static_cast<std::size_t>(type.width()));
    return Column::FixedWidth(type, rows, std::move(values), std::move(validity));
  }
  std::vector<Column::Extent> within;
  Buffer offsets;
  if (type.id() == TypeId::kVector) {
    for (const Column::Extent run : runs) {
      within.push_back({run.first * type.size(), run.last * type.size()});
    }
  } else {
    within = WithinOffsets(column, runs);
    offsets = RunsOfOffsets(column, runs);
  }
  if (IsBinary(type)) {
    return Column::Binary(type, rows, std::move(offsets),
                          RunsOfBytes(column.values_buffer().data, within, 1), std::move(validity));
  }
  std::vector<Column> children{TakeRuns(column.child(0), within)};
  if (type.id() == TypeId::kMap) children.push_back(TakeRuns(column.child(1), within));
  return Column::Nested(type, rows, std::move(offsets), std::move(children), std::move(validity));
}

// Each row as a run of one.
std::vector<Column::Extent> EachRow(std::span<const std::int64_t> rows) {
  std::vector<Column::Extent> runs;
  runs.reserve(rows.size());
  for (const std::int64_t row : rows) {
    runs.push_back(row < 0 ? Column::Extent{0, 0} : Column::Extent{row, row + 1});
  }
  return runs;
}

Column TakeLists(const Column& column, std::span<const std::int64_t> rows) {
  const std::vector<Column::Extent> elements = WithinOffsets(column, EachRow(rows));
  std::vector<std::int32_t> offsets{0};
  offsets.reserve(rows.size() + 1);
  for (const std::int64_t row : rows) {
    const Column::Extent extent = row < 0 ? Column::Extent{0, 0} : column.elements(row);
    offsets.push_back(offsets.back() + static_cast<std::int32_t>(extent.last - extent.first));
  }
  std::vector<Column> children{TakeRuns(column.child(0), elements)};
  if (column.type().id() == TypeId::kMap) children.push_back(TakeRuns(column.child(1), elements));
  return Column::Nested(column.type(), static_cast<std::int64_t>(rows.size()),
                        MakeBuffer(std::move(offsets)), std::move(children),
                        TakeValidity(column, rows));
}

// Elements (or bytes) that the rows of a column with offsets take.
Column::Extent ExtentOf(const Column& column) {
  if (column.length() == 0) return {0, 0};
  return {column.elements(0).first, column.elements(column.length() - 1).last};
}

// Would the columns, one after the other, pass what offsets can count, at any depth?
Status CheckConcatenation(std::span<const Column> columns, const DataType& type) {
  if (type.width() > 0 || type.id() == TypeId::kNull) return {};
  std::int64_t total = 0;
  std::vector<std::vector<Column>> children(type.is_nested() ? 2 : 0);
  for (const Column& column : columns) {
    if (column.type().id() == TypeId::kNull) continue;
    const Column::Extent extent = ExtentOf(column);
    total += extent.last - extent.first;
    if (!type.is_nested()) continue;
    children[0].push_back(column.child(0).Slice(extent.first, extent.last - extent.first));
    if (type.id() != TypeId::kMap) continue;
    children[1].push_back(column.child(1).Slice(extent.first, extent.last - extent.first));
  }
  if (total > kMostElements) return TooMany(type);
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (!children[i].empty()) {
      COEVAL_RETURN_IF_ERROR(CheckConcatenation(children[i], type.child(i)));
    }
  }
  return {};
}

}  // namespace

Column Column::Take(std::span<const std::int64_t> rows) const {
  const auto length = static_cast<std::int64_t>(rows.size());
  if (type_.id() == TypeId::kNull) return Nulls(type_, length);
  if (IsBinary(type_)) return TakeBinary(*this, rows);
  if (type_.id() == TypeId::kVector) return TakeVectors(*this, rows);
  if (type_.is_nested()) return TakeLists(*this, rows);
  return FixedWidth(type_, length, TakeFixedWidth(*this, rows), TakeValidity(*this, rows));
}

Status Column::CheckTake(std::span<const std::int64_t> rows) const {
  if (type_.width() > 0 || type_.id() == TypeId::kNull) return {};
  if (type_.id() == TypeId::kVector) {
    return std::ssize(rows) <= kMostElements / type_.size() ? Status() : TooMany(type_);
  }
  return CheckRuns(*this, EachRow(rows));
}

Result<Column> Concatenate(std::span<const Column> columns) {
  if (columns.empty()) return Column();
  DataType type;
  std::int64_t rows = 0;
  for (const Column& column : columns) {
    rows += column.length();
    if (column.type().id() == TypeId::kNull) continue;
    if (type.id() == TypeId::kNull) type = column.type();
    if (!(column.type() == type)) {
      return Status::InvalidArgument("cannot put columns of different types end to end: " +
                                     type.ToString() + " and " + column.type().ToString());
    }
  }
  if (columns.size() == 1) return columns[0];
  COEVAL_RETURN_IF_ERROR(CheckConcatenation(columns, type));
  ColumnBuilder builder(type);
  builder.Reserve(rows);
  for (const Column& column : columns) builder.AppendColumn(column);
  return builder.Finish();
}

}  // namespace coeval
