// Arrow -> Column: which type a field becomes, and what all layouts have in common: validity,
// dictionaries, parts that must be there. The layouts are read in arrow_import_*.cc.
#include <cstdint>
#include <string>
#include <utility>

#include "column/arrow_bridge.h"
#include "column/arrow_reader.h"
#include "column/builder.h"

namespace coeval {

namespace {

constexpr int kDeepestType = 32;

Status InColumn(const ArrowSchema& field, const Status& status) {
  return status.WithContext("column '" + std::string(field.name == nullptr ? "" : field.name) +
                            "'");
}

Status TooDeep() {
  return Status::InvalidArgument("Arrow types are nested more than " +
                                 std::to_string(kDeepestType) + " deep");
}

Result<DataType> MapType(const ArrowSchema& field, int depth);

Result<DataType> TypeOf(const ArrowSchema& field, int depth) {
  if (depth > kDeepestType) return TooDeep();
  if (field.dictionary != nullptr) return TypeOf(*field.dictionary, depth + 1);
  COEVAL_ASSIGN_OR_RETURN(ArrowFormat format, ParseArrowFormat(field));
  if (format.layout == ArrowLayout::kMap) return MapType(*field.children[0], depth);
  if (format.type.id() != TypeId::kList) return format.type;
  COEVAL_ASSIGN_OR_RETURN(DataType element, TypeOf(*field.children[0], depth + 1));
  const bool is_float = element.id() == TypeId::kFloat32 || element.id() == TypeId::kFloat64;
  if (format.layout == ArrowLayout::kFixedList && is_float && format.width > 0) {
    return DataType::Vector(std::move(element), format.width);
  }
  return DataType::List(std::move(element));
}

Result<DataType> MapType(const ArrowSchema& entries, int depth) {
  COEVAL_ASSIGN_OR_RETURN(DataType key, TypeOf(*entries.children[0], depth + 1));
  COEVAL_ASSIGN_OR_RETURN(DataType value, TypeOf(*entries.children[1], depth + 1));
  if (key.is_nested() || key.id() == TypeId::kNull) {
    return Status::InvalidArgument("a map's key is " + key.ToString() +
                                   "; only plain types can be keys");
  }
  return DataType::Map(std::move(key), std::move(value));
}

// Dates as 00:00 UTC of their day; those that do not fit become null and are counted.
Column TimesOfDates(const Column& dates, std::int64_t* impossible) {
  ColumnBuilder builder(TypeId::kTimestamp);
  builder.Reserve(dates.length());
  for (std::int64_t row = 0; row < dates.length(); ++row) {
    std::int64_t micros = 0;
    if (dates.IsNull(row)) {
      builder.AppendNull();
    } else if (__builtin_mul_overflow(dates.values<std::int32_t>()[static_cast<std::size_t>(row)],
                                      kDay, &micros)) {
      ++*impossible;
      builder.AppendNull();
    } else {
      builder.AppendInt(micros);
    }
  }
  return builder.Finish();
}

}  // namespace

Status BadRow(std::int64_t row, const std::string& what) {
  return Status::InvalidArgument("row " + std::to_string(row) + ": " + what);
}

Status TooLargeBatch() {
  return Status::InvalidArgument("more than 2 GiB in one batch; use smaller batches");
}

Column WithEmptyNulls(Column column) {
  if (!column.may_have_nulls()) return column;
  bool empty = true;
  for (std::int64_t row = 0; row < column.length() && empty; ++row) {
    const Column::Extent extent = column.elements(row);
    empty = !column.IsNull(row) || extent.first == extent.last;
  }
  if (empty) return column;
  std::vector<std::int64_t> rows(static_cast<std::size_t>(column.length()));
  for (std::int64_t row = 0; row < column.length(); ++row) {
    rows[static_cast<std::size_t>(row)] = column.IsNull(row) ? -1 : row;
  }
  return column.Take(rows);
}

Result<Column> ArrowReader::Read(std::int64_t first, std::int64_t count) {
  if (array_.offset < 0 || first < 0 || count < 0 || array_.length < 0 ||
      array_.length - first < count) {
    return Status::InvalidArgument("an Arrow array is shorter than what refers to it");
  }
  first_ = array_.offset + first;
  count_ = count;
  COEVAL_ASSIGN_OR_RETURN(format_, ParseArrowFormat(field_));
  return field_.dictionary == nullptr ? ReadPlain() : ReadDictionary();
}

Result<Column> ArrowReader::ReadPlain() {
  switch (format_.layout) {
    case ArrowLayout::kNull:
      return Column::Nulls(TypeId::kNull, count_);
    case ArrowLayout::kBits:
      COEVAL_RETURN_IF_ERROR(CheckParts(2, 0));
      return ReadBits();
    case ArrowLayout::kHalfFloat:
      COEVAL_RETURN_IF_ERROR(CheckParts(2, 0));
      return ReadHalfFloats();
    case ArrowLayout::kFixed:
      COEVAL_RETURN_IF_ERROR(CheckParts(2, 0));
      return ReadFixed();
    case ArrowLayout::kOffsets32:
      COEVAL_RETURN_IF_ERROR(CheckParts(2, 0));
      return ReadStrings<std::int32_t>();
    case ArrowLayout::kOffsets64:
      COEVAL_RETURN_IF_ERROR(CheckParts(2, 0));
      return ReadStrings<std::int64_t>();
    case ArrowLayout::kViews:
      COEVAL_RETURN_IF_ERROR(CheckParts(2, 0));
      return ReadViews();
    case ArrowLayout::kFixedBinary:
      return ReadFixedBinary();
    case ArrowLayout::kList32:
    case ArrowLayout::kMap:
      COEVAL_RETURN_IF_ERROR(CheckParts(2, 1));
      return ReadList<std::int32_t>();
    case ArrowLayout::kList64:
      COEVAL_RETURN_IF_ERROR(CheckParts(2, 1));
      return ReadList<std::int64_t>();
    case ArrowLayout::kListView32:
      COEVAL_RETURN_IF_ERROR(CheckParts(3, 1));
      return ReadListView<std::int32_t>();
    case ArrowLayout::kListView64:
      COEVAL_RETURN_IF_ERROR(CheckParts(3, 1));
      return ReadListView<std::int64_t>();
    case ArrowLayout::kFixedList:
      COEVAL_RETURN_IF_ERROR(CheckParts(1, 1));
      return ReadFixedList();
  }
  return Status::Internal("an Arrow layout is not read");
}

// Buffer 0 is validity, which may be absent; an array without rows may have no buffers at all.
Status ArrowReader::CheckParts(int buffers, std::int64_t children) const {
  if (array_.n_children < children || (children > 0 && array_.children == nullptr)) {
    return Status::InvalidArgument("an Arrow array lacks its children");
  }
  for (std::int64_t i = 0; i < children; ++i) {
    if (array_.children[i] == nullptr || array_.children[i]->release == nullptr) {
      return Status::InvalidArgument("an Arrow array was given whose child is released");
    }
  }
  if (count_ == 0) return {};
  bool there = array_.n_buffers >= buffers && array_.buffers != nullptr;
  for (int i = 1; there && i < buffers; ++i) there = array_.buffers[i] != nullptr;
  return there ? Status() : Status::InvalidArgument("an Arrow array lacks its buffers");
}

bool ArrowReader::IsValid(std::int64_t row) const {
  if (array_.null_count == 0 || array_.n_buffers == 0 || array_.buffers[0] == nullptr) return true;
  const std::int64_t bit = first_ + row;
  return ((static_cast<const std::uint8_t*>(array_.buffers[0])[bit >> 3] >> (bit & 7)) & 1) != 0;
}

// Bit 0 is the first row read; nothing where all rows are valid.
Buffer ArrowReader::Validity() const {
  if (count_ == 0 || array_.null_count == 0 || array_.n_buffers == 0 ||
      array_.buffers[0] == nullptr) {
    return {};
  }
  const auto* bits = static_cast<const std::uint8_t*>(array_.buffers[0]);
  const Buffer whole{bits + first_ / 8, (first_ % 8 + count_ + 7) / 8, keep_alive_};
  // Column::Slice moves bits that do not begin at a byte.
  const Column marks =
      Column::FixedWidth(TypeId::kBool, first_ % 8 + count_, {}, whole).Slice(first_ % 8, count_);
  return marks.CountNulls() == 0 ? Buffer{} : marks.validity_buffer();
}

// Shared, or copied where the producer did not align it.
Buffer ArrowReader::ShareBytes(int buffer, std::int64_t first, std::int64_t size,
                               std::int64_t alignment) const {
  const auto* data = static_cast<const std::uint8_t*>(array_.buffers[buffer]) + first;
  if (reinterpret_cast<std::uintptr_t>(data) % static_cast<std::uintptr_t>(alignment) == 0) {
    return {data, size, keep_alive_};
  }
  return MakeBuffer(std::vector<std::uint8_t>(data, data + size));
}

Result<Column> ArrowReader::ReadChild(const ArrowSchema& field, const ArrowArray* array,
                                      std::int64_t first, std::int64_t count) const {
  return ArrowReader(field, *array, keep_alive_, {.rounding = policy_.rounding}).Read(first, count);
}

Result<Column> ArrowReader::ReadDictionary() {
  if (array_.dictionary == nullptr) {
    return Status::InvalidArgument("an Arrow array lacks its dictionary");
  }
  COEVAL_RETURN_IF_ERROR(CheckParts(2, 0));
  const ArrowArray& dictionary = *array_.dictionary;
  std::int64_t impossible_words = 0;
  ArrowReader reader(
      *field_.dictionary, dictionary, keep_alive_,
      {policy_.rounding, policy_.impossible == nullptr ? nullptr : &impossible_words});
  COEVAL_ASSIGN_OR_RETURN(const Column words, reader.Read(0, dictionary.length));
  COEVAL_ASSIGN_OR_RETURN(const Column indices, ReadPlain());
  const bool wide = indices.type().id() == TypeId::kInt64;
  if (!wide && indices.type().id() != TypeId::kInt32) {
    return Status::InvalidArgument("the indices of an Arrow dictionary are no integers");
  }
  std::vector<std::int64_t> rows(static_cast<std::size_t>(count_), -1);
  for (std::int64_t row = 0; row < count_; ++row) {
    if (indices.IsNull(row)) continue;
    const auto i = static_cast<std::size_t>(row);
    rows[i] = wide ? indices.values<std::int64_t>()[i] : indices.values<std::int32_t>()[i];
    if (rows[i] < 0 || rows[i] >= words.length()) {
      return BadRow(row, "index " + std::to_string(rows[i]) +
                             " lies outside of its dictionary of " +
                             std::to_string(words.length()));
    }
    if (impossible_words > 0 && words.IsNull(rows[i]) && reader.IsValid(rows[i])) {
      ++*policy_.impossible;
    }
  }
  COEVAL_RETURN_IF_ERROR(words.CheckTake(rows));
  return words.Take(rows);
}

Result<DataType> TypeFromArrow(const ArrowSchema& field) {
  auto type = TypeOf(field, 0);
  if (type.ok() || type.status().message().starts_with("column '")) return type;
  return InColumn(field, type.status());
}

std::optional<ArrowTimestamp> TimestampOf(const ArrowSchema& field) {
  const ArrowSchema& plain = field.dictionary != nullptr ? *field.dictionary : field;
  const auto format = ParseArrowFormat(plain);
  if (!format.ok() || format->type.id() != TypeId::kTimestamp) return {};
  return ArrowTimestamp{*format->time_unit, format->zone};
}

Result<Column> ImportArray(const ArrowSchema& field, const ArrowArray& array,
                           std::shared_ptr<const void> keep_alive, Rounding rounding) {
  COEVAL_RETURN_IF_ERROR(TypeFromArrow(field).status());
  auto column = ArrowReader(field, array, std::move(keep_alive), {.rounding = rounding})
                    .Read(0, array.length);
  return column.ok() ? column : InColumn(field, column.status());
}

Result<Column> ImportTimes(const ArrowSchema& field, const ArrowArray& array,
                           std::shared_ptr<const void> keep_alive, Rounding rounding,
                           std::int64_t* impossible) {
  COEVAL_ASSIGN_OR_RETURN(const DataType type, TypeFromArrow(field));
  if (type.id() == TypeId::kNull) return Column::Nulls(TypeId::kTimestamp, array.length);
  if (type.id() != TypeId::kTimestamp && type.id() != TypeId::kDate) {
    return InColumn(field, Status::InvalidArgument("a timestamp or a date is expected, not " +
                                                   type.ToString()));
  }
  auto column = ArrowReader(field, array, std::move(keep_alive), {rounding, impossible})
                    .Read(0, array.length);
  if (!column.ok()) return InColumn(field, column.status());
  return type.id() == TypeId::kDate ? TimesOfDates(*column, impossible) : column;
}

}  // namespace coeval
