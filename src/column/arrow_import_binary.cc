// Arrow -> Column: strings and bytes.
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "base/utf8.h"
#include "column/arrow_reader.h"
#include "column/builder.h"

namespace coeval {

namespace {

constexpr std::int64_t kMostBytes = std::numeric_limits<std::int32_t>::max();

// Is every value of a string column UTF-8? The bytes are looked at as one run: that is valid where
// each value is, and then values must only begin where a character does.
Result<Column> CheckText(Column column) {
  if (column.type().id() != TypeId::kString || column.length() == 0) return column;
  const std::int64_t first = column.elements(0).first;
  const std::int64_t last = column.elements(column.length() - 1).last;
  const std::string_view all(reinterpret_cast<const char*>(column.values_buffer().data) + first,
                             static_cast<std::size_t>(last - first));
  bool good = IsUtf8(all);
  for (std::int64_t row = 0; row < column.length() && good; ++row) {
    const std::string_view text = column.bytes(row);
    good = text.empty() || (static_cast<unsigned char>(text.front()) & 0xC0U) != 0x80U;
  }
  if (good) return column;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (!column.IsNull(row) && !IsUtf8(column.bytes(row))) {
      return BadRow(row, "a string is not UTF-8; use a binary column for other bytes");
    }
  }
  return column;
}

}  // namespace

template <typename Offset>
Result<Column> ArrowReader::ReadStrings() const {
  if (count_ == 0) return Column::Nulls(format_.type, 0);
  COEVAL_RETURN_IF_ERROR(CheckOffsets<Offset>());
  const std::int64_t start = ValueAt<Offset>(0);
  const std::int64_t size = ValueAt<Offset>(count_) - start;
  if (size > kMostBytes) return TooLargeBatch();
  if (size > 0 && (array_.n_buffers < 3 || array_.buffers[2] == nullptr)) {
    return Status::InvalidArgument("an Arrow array lacks its buffers");
  }
  Buffer offsets;
  Buffer bytes;
  if constexpr (sizeof(Offset) == 4) {
    offsets = ShareBytes(1, first_ * 4, (count_ + 1) * 4, 4);
    if (size > 0) bytes = ShareBytes(2, 0, start + size, 1);
  } else {
    std::vector<std::int32_t> narrow(static_cast<std::size_t>(count_) + 1);
    for (std::int64_t row = 0; row <= count_; ++row) {
      narrow[static_cast<std::size_t>(row)] =
          static_cast<std::int32_t>(ValueAt<Offset>(row) - start);
    }
    offsets = MakeBuffer(std::move(narrow));
    if (size > 0) bytes = ShareBytes(2, start, size, 1);
  }
  if (size == 0) {  // nothing to point into, wherever the offsets stand
    offsets = MakeBuffer(std::vector<std::int32_t>(static_cast<std::size_t>(count_) + 1));
    bytes = MakeBuffer(std::vector<std::uint8_t>(1));
  }
  return CheckText(WithEmptyNulls(
      Column::Binary(format_.type, count_, std::move(offsets), std::move(bytes), Validity())));
}

template Result<Column> ArrowReader::ReadStrings<std::int32_t>() const;
template Result<Column> ArrowReader::ReadStrings<std::int64_t>() const;

// A view is 16 bytes: length, then up to 12 bytes, or 4 bytes of prefix, buffer, offset. Between
// the views and the last buffer, which holds their sizes, lie the buffers that views point into.
Result<Column> ArrowReader::ReadViews() const {
  ColumnBuilder builder(format_.type);
  builder.Reserve(count_);
  const std::int64_t data_buffers = array_.n_buffers - 3;
  if (count_ > 0 &&
      (data_buffers < 0 || (data_buffers > 0 && array_.buffers[array_.n_buffers - 1] == nullptr))) {
    return Status::InvalidArgument("an Arrow array lacks its buffers");
  }
  std::int64_t total = 0;
  for (std::int64_t row = 0; row < count_; ++row) {
    if (!IsValid(row)) {
      builder.AppendNull();
      continue;
    }
    const auto view = ValueAt<std::array<std::int32_t, 4>>(row);
    const std::int64_t size = view[0];
    total += size;
    if (size >= 0 && total > kMostBytes) return TooLargeBatch();
    if (size >= 0 && size <= 12) {
      const char* inside = static_cast<const char*>(array_.buffers[1]) + (first_ + row) * 16 + 4;
      builder.AppendBytes({inside, static_cast<std::size_t>(size)});
      continue;
    }
    const std::int64_t buffer = view[2];
    const std::int64_t offset = view[3];
    if (size < 0 || buffer < 0 || buffer >= data_buffers || offset < 0 ||
        array_.buffers[2 + buffer] == nullptr ||
        offset + size > Load<std::int64_t>(static_cast<int>(array_.n_buffers) - 1, buffer)) {
      return BadRow(row, "a string view of the Arrow array points outside of its buffers");
    }
    builder.AppendBytes({static_cast<const char*>(array_.buffers[2 + buffer]) + offset,
                         static_cast<std::size_t>(size)});
  }
  return CheckText(builder.Finish());
}

Result<Column> ArrowReader::ReadFixedBinary() const {
  const std::int64_t size = count_ * format_.width;
  if (format_.width > 0) COEVAL_RETURN_IF_ERROR(CheckParts(2, 0));
  if (count_ > 0 && format_.width > kMostBytes / count_) return TooLargeBatch();
  std::vector<std::int32_t> offsets(static_cast<std::size_t>(count_) + 1);
  for (std::size_t row = 0; row < offsets.size(); ++row) {
    offsets[row] = static_cast<std::int32_t>(static_cast<std::int64_t>(row) * format_.width);
  }
  Buffer bytes = size == 0 ? MakeBuffer(std::vector<std::uint8_t>(1))
                           : ShareBytes(1, first_ * format_.width, size, 1);
  return WithEmptyNulls(Column::Binary(format_.type, count_, MakeBuffer(std::move(offsets)),
                                       std::move(bytes), Validity()));
}

}  // namespace coeval
