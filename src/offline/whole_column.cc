#include "offline/whole_column.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "offline/untouched.h"
#include "offline/work_items.h"

namespace coeval {
namespace {

// Parts of one type of fixed width, without nulls.
Column Append(const std::vector<Column>& parts, int threads) {
  const DataType& type = parts[0].type();
  const auto width = static_cast<std::size_t>(type.width());
  std::vector<std::size_t> begin;
  std::size_t rows = 0;
  for (const Column& part : parts) {
    begin.push_back(rows);
    rows += static_cast<std::size_t>(part.length());
  }
  const std::shared_ptr<std::uint8_t> values = Untouched(rows * width);
  DoItems(threads, parts.size(), [&](std::size_t /*worker*/, std::size_t i) {
    const auto bytes = static_cast<std::size_t>(parts[i].length()) * width;
    if (bytes > 0) {
      std::memcpy(values.get() + begin[i] * width, parts[i].values_buffer().data, bytes);
    }
  });
  return Column::FixedWidth(type, static_cast<std::int64_t>(rows),
                            {values.get(), static_cast<std::int64_t>(rows * width), values});
}

}  // namespace

Result<Column> ReadWholeColumn(const ArrowTable& table, std::size_t column, Rounding rounding,
                               int threads) {
  if (table.batches().size() < 2) return table.ReadColumn(column, rounding);
  COEVAL_ASSIGN_OR_RETURN(const std::vector<Column> parts, table.ReadParts(column, rounding));
  const bool is_plain = std::all_of(parts.begin(), parts.end(), [&parts](const Column& part) {
    return part.type().width() > 0 && part.type() == parts[0].type() && !part.may_have_nulls();
  });
  return is_plain ? Append(parts, threads) : Concatenate(parts);
}

}  // namespace coeval
