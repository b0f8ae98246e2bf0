#include "source/wanted_keys.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/time.h"

namespace coeval {

namespace {

bool IsWhole(TypeId id) {
  return id == TypeId::kInt32 || id == TypeId::kInt64;
}

bool IsTime(TypeId id) {
  return id == TypeId::kTimestamp || id == TypeId::kDate;
}

bool IsText(TypeId id) {
  return id == TypeId::kString || id == TypeId::kBytes;
}

// As statistics have it: beyond the range of times is at its end.
std::int64_t MidnightOf(std::int64_t day) {
  std::int64_t micros = 0;
  if (!__builtin_mul_overflow(day, kDay, &micros)) return micros;
  return day < 0 ? std::numeric_limits<std::int64_t>::min()
                 : std::numeric_limits<std::int64_t>::max();
}

// Ascending; false where there are more than kMostValues.
template <typename T, typename At>
bool ListValues(const Column& column, At at, std::vector<T>* out) {
  std::unordered_set<T> seen;
  std::optional<T> last;  // runs of one value are common
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) continue;
    const T value = at(row);
    if (last == value) continue;
    last = value;
    if (seen.insert(value).second && seen.size() > WantedKeys::kMostValues) return false;
  }
  out->assign(seen.begin(), seen.end());
  std::sort(out->begin(), out->end());
  return true;
}

// The least and the greatest. REQUIRES: there is a value.
template <typename T, typename At>
std::vector<T> EndsOf(const Column& column, At at) {
  std::optional<T> least;
  std::optional<T> greatest;
  for (std::int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) continue;
    const T value = at(row);
    if (!least || value < *least) least = value;
    if (!greatest || *greatest < value) greatest = value;
  }
  return {*least, *greatest};
}

// The values of a column, each as T by `at(row)`, stored as Kept.
template <typename T, typename Kept, typename At>
bool Gather(const Column& column, At at, std::vector<Kept>* out) {
  std::vector<T> values;
  const bool all = ListValues(column, at, &values);
  if (!all) values = EndsOf<T>(column, at);
  for (const T& value : values) out->emplace_back(value);
  return all;
}

// The values that lie neither below nor above; of those that are not all listed, the ends where
// some may.
template <typename Kept, typename Below, typename Above>
std::span<const Kept> Between(const std::vector<Kept>& sorted, bool all, Below below, Above above) {
  if (sorted.empty()) return {};
  if (!all && !below(sorted.back()) && !above(sorted.front())) return sorted;
  if (!all) return {};
  const auto first = std::partition_point(sorted.begin(), sorted.end(), below);
  const auto end = std::partition_point(first, sorted.end(),
                                        [&above](const Kept& value) { return !above(value); });
  return {first, end};
}

std::span<const std::int64_t> NumbersBetween(const std::vector<std::int64_t>& sorted, bool all,
                                             std::int64_t min, std::int64_t max) {
  return Between(
      sorted, all, [min](std::int64_t value) { return value < min; },
      [max](std::int64_t value) { return value > max; });
}

// Ends may be cut short: a value that begins with the greatest is not beyond it.
std::span<const std::string> TextsBetween(const std::vector<std::string>& sorted, bool all,
                                          std::string_view min, std::string_view max) {
  return Between(
      sorted, all, [min](std::string_view value) { return value < min; },
      [max](std::string_view value) { return value.substr(0, max.size()) > max; });
}

}  // namespace

WantedKeys::WantedKeys(std::span<const Column> keys) {
  for (const Column& column : keys) {
    Key& key = keys_.emplace_back();
    key.type = column.type();
    if (IsText(key.type.id())) {
      key.texts.all = Gather<std::string_view>(
          column, [&column](std::int64_t row) { return column.bytes(row); }, &key.texts.sorted);
    } else if (key.type.id() == TypeId::kDate) {
      const auto days = column.values<std::int32_t>();
      key.numbers.all = Gather<std::int64_t>(
          column,
          [days](std::int64_t row) { return MidnightOf(days[static_cast<std::size_t>(row)]); },
          &key.numbers.sorted);
    } else if (key.type.id() == TypeId::kInt32) {
      const auto values = column.values<std::int32_t>();
      key.numbers.all = Gather<std::int64_t>(
          column,
          [values](std::int64_t row) -> std::int64_t {
            return values[static_cast<std::size_t>(row)];
          },
          &key.numbers.sorted);
    } else if (key.type.id() == TypeId::kInt64 || key.type.id() == TypeId::kTimestamp) {
      const auto values = column.values<std::int64_t>();
      key.numbers.all = Gather<std::int64_t>(
          column, [values](std::int64_t row) { return values[static_cast<std::size_t>(row)]; },
          &key.numbers.sorted);
    }
  }
}

bool WantedKeys::CanTell(std::size_t key, const DataType& stored) const {
  const TypeId declared = keys_[key].type.id();
  if (IsText(declared)) return stored.id() == declared;
  if (IsWhole(declared)) return IsWhole(stored.id());
  if (declared == TypeId::kDate) return stored.id() == TypeId::kDate;
  return declared == TypeId::kTimestamp && IsTime(stored.id());
}

// May such a row group hold a value that the declared type cannot?
bool WantedKeys::MayHoldUnfit(const Key& key, const ColumnStatistics& statistics) {
  using Limits = std::numeric_limits<std::int32_t>;
  using Micros = std::numeric_limits<std::int64_t>;
  if (key.type.id() == TypeId::kInt32) {
    return statistics.min < Limits::min() || statistics.max > Limits::max();
  }
  // There statistics stand for any time beyond.
  return key.type.id() == TypeId::kTimestamp &&
         (statistics.min == Micros::min() || statistics.max == Micros::max());
}

bool WantedKeys::MayBeIn(std::size_t key, const ColumnStatistics& statistics) const {
  const Key& of = keys_[key];
  if (IsText(of.type.id())) {
    return !statistics.has_bytes ||
           !TextsBetween(of.texts.sorted, of.texts.all, statistics.min_bytes, statistics.max_bytes)
                .empty();
  }
  if (!statistics.has_range || statistics.min > statistics.max) return true;
  return MayHoldUnfit(of, statistics) ||
         !NumbersBetween(of.numbers.sorted, of.numbers.all, statistics.min, statistics.max).empty();
}

std::optional<WantedKeys::Listed> WantedKeys::ListedIn(std::size_t key,
                                                       const ColumnStatistics& statistics) const {
  const Key& of = keys_[key];
  if (IsText(of.type.id())) {
    if (!statistics.has_bytes || !of.texts.all) return std::nullopt;
    return Listed{
        .texts = TextsBetween(of.texts.sorted, true, statistics.min_bytes, statistics.max_bytes)};
  }
  if (!statistics.has_range || statistics.min > statistics.max || !of.numbers.all ||
      MayHoldUnfit(of, statistics)) {
    return std::nullopt;
  }
  return Listed{.numbers = NumbersBetween(of.numbers.sorted, true, statistics.min, statistics.max)};
}

bool WantedKeys::Has(std::size_t key, const Value& value) const {
  if (value.is_null()) return false;
  const Key& of = keys_[key];
  if (IsText(of.type.id())) {
    const std::string_view text = value.AsString();
    return !Between(
                of.texts.sorted, of.texts.all, [&](std::string_view each) { return each < text; },
                [&](std::string_view each) { return each > text; })
                .empty();
  }
  if (!IsWhole(of.type.id()) && !IsTime(of.type.id())) return true;
  const std::int64_t number =
      of.type.id() == TypeId::kDate ? MidnightOf(value.AsInt()) : value.AsInt();
  return !NumbersBetween(of.numbers.sorted, of.numbers.all, number, number).empty();
}

}  // namespace coeval
