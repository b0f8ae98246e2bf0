// Any bytes as an encoded row of one of some views, with a right checksum: refused, or read, and
// written back as the same values.
#include "column/row_encoding.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/hash.h"

namespace {

using coeval::Column;
using coeval::DataType;
using coeval::TypeId;
using Types = std::vector<DataType>;

const std::array<Types, 5>& Views() {
  static const std::array<Types, 5> views = {{
      {},
      {TypeId::kInt64, TypeId::kFloat32, TypeId::kBool, TypeId::kDate, TypeId::kTimestamp},
      {TypeId::kString, TypeId::kInt32, TypeId::kBytes, DataType::Decimal(12, 2)},
      {DataType::List(TypeId::kString), DataType::Vector(TypeId::kFloat32, 3), TypeId::kFloat64},
      {DataType::Map(TypeId::kString, DataType::List(TypeId::kInt64)), TypeId::kBool},
  }};
  return views;
}

std::vector<Column> ColumnsOf(const coeval::RowView& row, const Types& types) {
  std::vector<Column> columns;
  for (std::size_t i = 0; i < types.size(); ++i) {
    coeval::ColumnBuilder builder(types[i]);
    COEVAL_CHECK(row.AppendTo(i, &builder).ok());
    columns.push_back(builder.Finish());
  }
  return columns;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Types& types = Views()[data[0] % Views().size()];
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::uint32_t checksum = coeval::Checksum32(bytes);
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>((checksum >> shift) & 0xffU));
  }
  const auto row = coeval::RowView::Parse(bytes, types);
  if (!row.ok()) return 0;
  COEVAL_CHECK(row->Values().ok());
  const std::vector<Column> columns = ColumnsOf(*row, types);
  if (row->tombstone()) return 0;
  std::string written;
  coeval::EncodeRow(columns, 0, &written);
  const auto again = coeval::RowView::Parse(written, types);
  COEVAL_CHECK(again.ok());
  const std::vector<Column> same = ColumnsOf(*again, types);
  for (std::size_t i = 0; i < types.size(); ++i) COEVAL_CHECK(SameBits(columns[i], same[i]));
  return 0;
}
