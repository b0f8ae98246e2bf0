#include "offline/content_hash.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "column/tie_encoding.h"

namespace coeval {
namespace {

constexpr std::int64_t kBlock = 4096;  // rows; part of the hash's definition

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

std::string HashOfColumn(const Column& column) {
  Sha256 hash;
  std::string bytes;
  for (std::int64_t first = 0; first < column.length(); first += kBlock) {
    const std::int64_t count = std::min(kBlock, column.length() - first);
    bytes.clear();
    AppendValidity(column, first, count, &bytes);
    if (column.type().width() > 0) {
      AppendFixed(column, first, count, &bytes);
    } else if (column.type().id() != TypeId::kNull) {
      for (std::int64_t i = first; i < first + count; ++i) {
        if (!column.IsNull(i)) AppendTieBytes(column, i, &bytes);
      }
    }
    hash.Update(bytes);
  }
  return hash.HexDigest();
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
