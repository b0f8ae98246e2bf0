#include "offline/spilled_column.h"

#include <memory>
#include <span>
#include <utility>

#include "offline/untouched.h"

namespace coeval {
namespace {

bool IsBinary(const DataType& type) {
  return type.id() == TypeId::kString || type.id() == TypeId::kBytes;
}

// Offsets that begin at 0, of a column that may be a slice.
std::vector<std::int32_t> OffsetsOf(const Column& column) {
  std::vector<std::int32_t> offsets{0};
  offsets.reserve(static_cast<std::size_t>(column.length()) + 1);
  const std::int64_t first = column.length() == 0 ? 0 : column.elements(0).first;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    offsets.push_back(static_cast<std::int32_t>(column.elements(row).last - first));
  }
  return offsets;
}

Result<Buffer> ReadBuffer(const ScratchFile& file, std::int64_t begin, std::int64_t size) {
  const auto bytes = static_cast<std::size_t>(size);
  std::shared_ptr<std::uint8_t> memory = Untouched(bytes);
  COEVAL_RETURN_IF_ERROR(file.Read(begin, {memory.get(), bytes}));
  return Buffer{memory.get(), size, memory};
}

}  // namespace

Result<SpilledColumn> SpilledColumn::Write(const Column& column, ScratchFile* file) {
  SpilledColumn spilled;
  spilled.type_ = column.type();
  spilled.length_ = column.length();
  COEVAL_RETURN_IF_ERROR(spilled.WriteBuffers(column, file));
  return spilled;
}

Status SpilledColumn::WriteBuffers(const Column& column, ScratchFile* file) {
  const auto write = [file](const std::uint8_t* bytes, std::int64_t size, Extent* out) -> Status {
    COEVAL_ASSIGN_OR_RETURN(out->begin, file->Append({bytes, static_cast<std::size_t>(size)}));
    out->size = size;
    return Status::Ok();
  };
  if (length_ == 0 || type_.id() == TypeId::kNull) return Status::Ok();
  if (column.validity_buffer().data != nullptr) {
    COEVAL_RETURN_IF_ERROR(write(column.validity_buffer().data, (length_ + 7) / 8, &validity_));
  }
  if (type_.width() > 0) {
    return write(column.values_buffer().data, length_ * type_.width(), &values_);
  }
  const std::int64_t first = column.elements(0).first;
  const std::int64_t count = column.elements(length_ - 1).last - first;
  if (type_.id() != TypeId::kVector) {
    const std::vector<std::int32_t> offsets = OffsetsOf(column);
    COEVAL_RETURN_IF_ERROR(write(reinterpret_cast<const std::uint8_t*>(offsets.data()),
                                 std::ssize(offsets) * std::int64_t{sizeof(std::int32_t)},
                                 &offsets_));
  }
  if (IsBinary(type_)) return write(column.values_buffer().data + first, count, &values_);
  for (std::size_t i = 0; i < (type_.id() == TypeId::kMap ? 2U : 1U); ++i) {
    COEVAL_ASSIGN_OR_RETURN(SpilledColumn child, Write(column.child(i).Slice(first, count), file));
    children_.push_back(std::move(child));
  }
  return Status::Ok();
}

Result<Column> SpilledColumn::Read(const ScratchFile& file) const {
  if (length_ == 0 || type_.id() == TypeId::kNull) return Column::Nulls(type_, length_);
  Buffer validity;
  if (validity_.size > 0) {
    COEVAL_ASSIGN_OR_RETURN(validity, ReadBuffer(file, validity_.begin, validity_.size));
  }
  Buffer values;
  if (type_.width() > 0 || IsBinary(type_)) {
    COEVAL_ASSIGN_OR_RETURN(values, ReadBuffer(file, values_.begin, values_.size));
  }
  if (type_.width() > 0) {
    return Column::FixedWidth(type_, length_, std::move(values), std::move(validity));
  }
  Buffer offsets;
  if (offsets_.size > 0) {
    COEVAL_ASSIGN_OR_RETURN(offsets, ReadBuffer(file, offsets_.begin, offsets_.size));
  }
  if (IsBinary(type_)) {
    return Column::Binary(type_, length_, std::move(offsets), std::move(values),
                          std::move(validity));
  }
  std::vector<Column> children;
  for (const SpilledColumn& child : children_) {
    COEVAL_ASSIGN_OR_RETURN(Column read, child.Read(file));
    children.push_back(std::move(read));
  }
  return Column::Nested(type_, length_, std::move(offsets), std::move(children),
                        std::move(validity));
}

}  // namespace coeval
