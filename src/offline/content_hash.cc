#include "offline/content_hash.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "column/tie_encoding.h"

namespace coeval {
namespace {

void AppendValidity(const Column& column, std::int64_t first, std::int64_t count,
                    std::string* out) {
  for (std::int64_t i = first; i < first + count; ++i) out->push_back(column.IsNull(i) ? 0 : 1);
}

void AppendFixed(const Column& column, std::int64_t first, std::int64_t count, std::string* out) {
  const auto width = static_cast<std::size_t>(column.type().width());
  const std::size_t begin = out->size();
  out->append(reinterpret_cast<const char*>(column.values_buffer().data) +
                  static_cast<std::size_t>(first) * width,
              static_cast<std::size_t>(count) * width);
  if (!column.may_have_nulls()) return;
  for (std::int64_t i = 0; i < count; ++i) {
    if (!column.IsNull(first + i)) continue;
    std::memset(out->data() + begin + static_cast<std::size_t>(i) * width, 0, width);
  }
}

}  // namespace

void ColumnHash::Add(const Column& part) {
  for (std::int64_t first = 0; first < part.length(); first += kBlock) {
    const std::int64_t count = std::min(kBlock, part.length() - first);
    bytes_.clear();
    AppendValidity(part, first, count, &bytes_);
    if (part.type().width() > 0) {
      AppendFixed(part, first, count, &bytes_);
    } else if (part.type().id() != TypeId::kNull) {
      for (std::int64_t i = first; i < first + count; ++i) {
        if (!part.IsNull(i)) AppendTieBytes(part, i, &bytes_);
      }
    }
    hash_.Update(bytes_);
  }
}

void ContentHash::Add(std::string_view name, const DataType& type, std::string_view column_hash) {
  std::string line(column_hash);
  line += ' ';
  line += type.ToString();
  line += ' ';
  line += name;
  line += '\n';
  hash_.Update(line);
}

}  // namespace coeval
