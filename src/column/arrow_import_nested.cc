// Arrow -> Column: lists, vectors and maps.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "column/arrow_reader.h"

namespace coeval {

namespace {

constexpr std::int64_t kMostElements = std::numeric_limits<std::int32_t>::max();

// In key order and without a key twice (type.h).
Result<Column> SortMaps(Column maps) {
  const Column& keys = maps.child(0);
  bool sorted = true;
  for (std::int64_t row = 0; row < maps.length(); ++row) {
    const Column::Extent extent = maps.elements(row);
    for (std::int64_t e = extent.first; e < extent.last; ++e) {
      if (keys.IsNull(e)) return BadRow(row, "a map has a null key");
      sorted = sorted && (e == extent.first || CompareCells(keys, e - 1, keys, e) < 0);
    }
  }
  if (sorted) return maps;
  std::vector<std::int64_t> order(static_cast<std::size_t>(keys.length()));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::int64_t row = 0; row < maps.length(); ++row) {
    const Column::Extent extent = maps.elements(row);
    std::sort(order.begin() + extent.first, order.begin() + extent.last,
              [&](std::int64_t a, std::int64_t b) { return CompareCells(keys, a, keys, b) < 0; });
    for (std::int64_t e = extent.first + 1; e < extent.last; ++e) {
      const std::int64_t key = order[static_cast<std::size_t>(e)];
      if (CompareCells(keys, order[static_cast<std::size_t>(e - 1)], keys, key) == 0) {
        return BadRow(row,
                      "a map has the key " + ToText(keys.GetValue(key), keys.type()) + " twice");
      }
    }
  }
  COEVAL_RETURN_IF_ERROR(keys.CheckTake(order));
  COEVAL_RETURN_IF_ERROR(maps.child(1).CheckTake(order));
  std::vector<Column> children{keys.Take(order), maps.child(1).Take(order)};
  return Column::Nested(maps.type(), maps.length(), maps.offsets_buffer(), std::move(children),
                        maps.validity_buffer());
}

}  // namespace

template <typename Offset>
Result<Column> ArrowReader::ReadList() const {
  std::int64_t start = 0;
  std::int64_t size = 0;
  std::vector<std::int32_t> offsets(static_cast<std::size_t>(count_) + 1);
  if (count_ > 0) {
    COEVAL_RETURN_IF_ERROR(CheckOffsets<Offset>());
    start = ValueAt<Offset>(0);
    size = ValueAt<Offset>(count_) - start;
    if (size > kMostElements) return TooLargeBatch();
    for (std::int64_t row = 0; row <= count_; ++row) {
      offsets[static_cast<std::size_t>(row)] =
          static_cast<std::int32_t>(ValueAt<Offset>(row) - start);
    }
  }
  if (format_.layout == ArrowLayout::kMap) {
    return ReadMap(start, size, MakeBuffer(std::move(offsets)));
  }
  COEVAL_ASSIGN_OR_RETURN(Column values,
                          ReadChild(*field_.children[0], array_.children[0], start, size));
  DataType type = DataType::List(values.type());
  return WithEmptyNulls(Column::Nested(std::move(type), count_, MakeBuffer(std::move(offsets)),
                                       {std::move(values)}, Validity()));
}

template Result<Column> ArrowReader::ReadList<std::int32_t>() const;
template Result<Column> ArrowReader::ReadList<std::int64_t>() const;

// The struct of a map's entries has an offset of its own.
Result<Column> ArrowReader::ReadMap(std::int64_t start, std::int64_t size, Buffer offsets) const {
  const ArrowSchema& fields = *field_.children[0];
  const ArrowArray& entries = *array_.children[0];
  if (entries.n_children < 2 || entries.children == nullptr || entries.children[0] == nullptr ||
      entries.children[1] == nullptr) {
    return Status::InvalidArgument("an Arrow map lacks its keys or values");
  }
  if (entries.offset < 0 || entries.length - start < size) {
    return Status::InvalidArgument("an Arrow array is shorter than what refers to it");
  }
  const std::int64_t first = entries.offset + start;
  COEVAL_ASSIGN_OR_RETURN(Column keys,
                          ReadChild(*fields.children[0], entries.children[0], first, size));
  COEVAL_ASSIGN_OR_RETURN(Column values,
                          ReadChild(*fields.children[1], entries.children[1], first, size));
  DataType type = DataType::Map(keys.type(), values.type());
  return SortMaps(WithEmptyNulls(Column::Nested(std::move(type), count_, std::move(offsets),
                                                {std::move(keys), std::move(values)}, Validity())));
}

// Views may overlap and lie in any order.
template <typename Offset>
Result<Column> ArrowReader::ReadListView() const {
  const ArrowArray& child = *array_.children[0];
  std::vector<std::int32_t> offsets(static_cast<std::size_t>(count_) + 1);
  std::vector<std::int64_t> elements;
  for (std::int64_t row = 0; row < count_; ++row) {
    if (IsValid(row)) {
      const std::int64_t start = ValueAt<Offset>(row);
      const std::int64_t size = Load<Offset>(2, first_ + row);
      if (start < 0 || size < 0 || start > child.length - size) {
        return BadRow(row, "a list view of the Arrow array points outside of its elements");
      }
      if (std::ssize(elements) + size > kMostElements) return TooLargeBatch();
      for (std::int64_t e = 0; e < size; ++e) elements.push_back(start + e);
    }
    offsets[static_cast<std::size_t>(row) + 1] = static_cast<std::int32_t>(elements.size());
  }
  COEVAL_ASSIGN_OR_RETURN(const Column values,
                          ReadChild(*field_.children[0], &child, 0, child.length));
  COEVAL_RETURN_IF_ERROR(values.CheckTake(elements));
  return Column::Nested(DataType::List(values.type()), count_, MakeBuffer(std::move(offsets)),
                        {values.Take(elements)}, Validity());
}

template Result<Column> ArrowReader::ReadListView<std::int32_t>() const;
template Result<Column> ArrowReader::ReadListView<std::int64_t>() const;

// Floats without null elements are a vector; anything else is a list.
Result<Column> ArrowReader::ReadFixedList() const {
  const std::int64_t width = format_.width;
  if (count_ > 0 && width > kMostElements / count_) return TooLargeBatch();
  COEVAL_ASSIGN_OR_RETURN(Column values, ReadChild(*field_.children[0], array_.children[0],
                                                   first_ * width, count_ * width));
  const TypeId element = values.type().id();
  bool vector = width > 0 && (element == TypeId::kFloat32 || element == TypeId::kFloat64);
  if (vector && values.may_have_nulls()) {
    // Null elements may stand under null rows.
    for (std::int64_t e = 0; e < values.length() && vector; ++e) {
      vector = !values.IsNull(e) || !IsValid(e / width);
    }
    if (vector) {
      values = Column::FixedWidth(values.type(), values.length(), values.values_buffer());
    }
  }
  if (vector) {
    DataType type = DataType::Vector(values.type(), format_.width);
    return Column::Nested(std::move(type), count_, {}, {std::move(values)}, Validity());
  }
  std::vector<std::int32_t> offsets(static_cast<std::size_t>(count_) + 1);
  for (std::size_t row = 0; row < offsets.size(); ++row) {
    offsets[row] = static_cast<std::int32_t>(static_cast<std::int64_t>(row) * width);
  }
  DataType type = DataType::List(values.type());
  return WithEmptyNulls(Column::Nested(std::move(type), count_, MakeBuffer(std::move(offsets)),
                                       {std::move(values)}, Validity()));
}

}  // namespace coeval
