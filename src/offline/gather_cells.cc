#include "offline/gather_cells.h"

#include <limits>
#include <string>

#include "column/builder.h"
#include "column/type.h"

namespace coeval {
namespace {

constexpr std::int64_t kMaxColumnBytes = std::numeric_limits<std::int32_t>::max();

}  // namespace

std::int64_t CellBytes(const Column& column, std::int64_t row) {
  if (column.IsNull(row)) return 0;
  const DataType& type = column.type();
  if (type.width() > 0) return type.width();
  if (!type.is_nested()) return static_cast<std::int64_t>(column.bytes(row).size());
  const Column::Extent extent = column.elements(row);
  std::int64_t bytes = 0;
  for (std::size_t child = 0; child < (type.id() == TypeId::kMap ? 2U : 1U); ++child) {
    const Column& elements = column.child(child);
    if (elements.type().width() > 0) {
      bytes += (extent.last - extent.first) * elements.type().width();
      continue;
    }
    for (std::int64_t i = extent.first; i < extent.last; ++i) bytes += CellBytes(elements, i);
  }
  return bytes;
}

Result<Column> GatherCells(const ColumnSchema& schema, std::int64_t n,
                           const std::function<CellPlace(std::size_t i)>& at) {
  std::int64_t bytes = 0;
  ColumnBuilder builder(schema.type);
  builder.Reserve(n);
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    const CellPlace place = at(i);
    if (place.column == nullptr) {
      builder.AppendNull();
      continue;
    }
    bytes += CellBytes(*place.column, place.row);
    if (bytes > kMaxColumnBytes) {
      return Status::InvalidArgument("the values of feature '" + schema.name + "' for " +
                                     std::to_string(n) +
                                     " rows take more than 2 GiB; ask for fewer rows at a time");
    }
    builder.AppendFrom(*place.column, place.row);
  }
  return builder.Finish();
}

}  // namespace coeval
