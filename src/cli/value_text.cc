#include "cli/value_text.h"

#include "base/utf8.h"
#include "column/value.h"
#include "definition/value_json.h"

namespace coeval {
namespace {

// The limit of one cell; a vector of a thousand numbers is no use on a screen.
constexpr std::size_t kLongestCell = 120;

std::string Shorten(std::string text) {
  if (text.size() <= kLongestCell) return text;
  std::size_t end = 0;
  while (end < kLongestCell) {
    const std::size_t length = Utf8Length(text, end);
    end += length == 0 ? 1 : length;
  }
  return text.substr(0, end) + "…";
}

}  // namespace

std::string CellText(const Column& column, std::int64_t row) {
  if (column.IsNull(row)) return "";
  if (column.type().id() == TypeId::kString) return Shorten(std::string(column.bytes(row)));
  return Shorten(ToText(column.GetValue(row), column.type()));
}

Json CellJson(const Column& column, std::int64_t row) {
  return ValueToJson(column.GetValue(row), column.type());
}

Json TimeJson(TimeMicros time) {
  return time == kMinTime ? Json() : Json(FormatTime(time));
}

std::string TimeText(TimeMicros time) {
  return time == kMinTime ? "" : FormatTime(time);
}

}  // namespace coeval
