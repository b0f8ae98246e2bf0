#include "offline/spine.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "base/suggest.h"
#include "column/key.h"
#include "offline/whole_column.h"
#include "source/lossless_cast.h"

namespace coeval {
namespace {

constexpr std::size_t kShownRows = 10;

std::string Quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text.empty() ? "none" : text;
}

std::vector<std::string> TimestampColumns(const ArrowTable& table) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < table.num_columns(); ++i) {
    if (TimestampOf(table.field(i)).has_value()) names.emplace_back(table.field(i).name);
  }
  return names;
}

// Rows without a usable time, gathered so that one error can name them all.
class BadRows {
 public:
  void Add(std::int64_t row, const std::string& why) {
    if (count_++ < static_cast<std::int64_t>(kShownRows)) {
      text_ += (text_.empty() ? "row " : ", row ") + std::to_string(row) + " (" + why + ")";
    }
  }

  [[nodiscard]] Status ToStatus(const std::string& column) const {
    if (count_ == 0) return Status::Ok();
    return Status::InvalidArgument(column + " has no usable time in " + std::to_string(count_) +
                                   (count_ == 1 ? " row: " : " rows: ") + text_ +
                                   (count_ > static_cast<std::int64_t>(kShownRows) ? ", ..." : "") +
                                   "; every question needs a time: drop or mend these rows");
  }

 private:
  std::int64_t count_ = 0;
  std::string text_;
};

std::optional<TimeMicros> TimeAt(const Column& column, std::int64_t row, std::string* why) {
  const auto i = static_cast<std::size_t>(row);
  if (column.IsNull(row)) {
    *why = "null";
    return {};
  }
  switch (column.type().id()) {
    case TypeId::kTimestamp:
      return column.values<TimeMicros>()[i];
    case TypeId::kDate: {
      TimeMicros t = 0;
      const std::int64_t days = column.values<std::int32_t>()[i];
      if (!__builtin_mul_overflow(days, kDay, &t)) return t;
      *why = "day " + std::to_string(days) + " does not fit";
      return {};
    }
    default: {
      const std::string text(column.bytes(row));
      const Result<TimeMicros> t = ParseTime(text, Rounding::kDown);
      if (t.ok()) return *t;
      *why = "'" + text + "'";
      return {};
    }
  }
}

Result<Column> ReadRequestColumn(const ArrowTable& table, const PlannedColumn& wanted) {
  const std::size_t at = *table.Find(wanted.name);
  const Result<Column> column = table.ReadColumn(at, Rounding::kExact);
  if (!column.ok()) return column.status().WithContext("the spine");
  if (wanted.is_join_key) {
    Result<Column> converted =
        ConvertKeyColumn(*column, {.name = wanted.name, .type = wanted.type}, wanted.name);
    if (converted.ok()) return converted;
    return converted.status().WithContext("the spine, for " + wanted.needed_by);
  }
  std::int64_t bad_row = -1;
  Result<Column> converted = CastLossless(*column, wanted.type, &bad_row);
  if (converted.ok()) return converted;
  std::string where = "the spine's column '" + wanted.name + "'";
  if (bad_row >= 0) where += ", row " + std::to_string(bad_row);
  return converted.status().WithContext(where + ", for " + wanted.needed_by);
}

}  // namespace

Result<std::size_t> FindTimeColumn(const ArrowTable& table, const std::string& named,
                                   const std::string& what) {
  const std::vector<std::string> timestamps = TimestampColumns(table);
  if (!named.empty()) {
    if (const auto found = table.Find(named)) return *found;
    const std::vector<std::string> names = table.names();
    return Status::NotFound(what + " has no column '" + named + "'" + DidYouMean(named, names) +
                            "; its timestamp columns: " + Quoted(timestamps));
  }
  if (const auto found = table.Find("event_timestamp")) return *found;
  if (timestamps.size() == 1) return *table.Find(timestamps[0]);
  if (timestamps.empty()) {
    return Status::InvalidArgument(
        what + " has no timestamp column: give it a column 'event_timestamp', or name the column " +
        "of question times. Its columns: " + Quoted(table.names()));
  }
  return Status::InvalidArgument(what + " has " + std::to_string(timestamps.size()) +
                                 " timestamp columns, and none is called 'event_timestamp': name " +
                                 "the column of question times, one of " + Quoted(timestamps));
}

Result<std::vector<TimeMicros>> ReadQuestionTimes(const ArrowTable& table, std::size_t column,
                                                  const std::string& what) {
  COEVAL_ASSIGN_OR_RETURN(const Column times, ReadQuestionTimeColumn(table, column, what, 1));
  const std::span<const TimeMicros> values = times.values<TimeMicros>();
  return std::vector<TimeMicros>(values.begin(), values.end());
}

Result<Column> ReadQuestionTimeColumn(const ArrowTable& table, std::size_t column,
                                      const std::string& what, int threads) {
  const std::string name = what + ": column '" + table.field(column).name + "'";
  COEVAL_ASSIGN_OR_RETURN(const DataType type, TypeFromArrow(table.field(column)));
  const bool is_time =
      type.id() == TypeId::kTimestamp || type.id() == TypeId::kDate || type.id() == TypeId::kString;
  if (!is_time) {
    return Status::InvalidArgument(name + " holds the question times, but it is " +
                                   type.ToString() +
                                   "; they must be timestamps, dates or ISO 8601 text");
  }
  COEVAL_ASSIGN_OR_RETURN(const Column values,
                          ReadWholeColumn(table, column, Rounding::kDown, threads));
  if (values.type().id() == TypeId::kTimestamp && !values.may_have_nulls()) return values;
  std::vector<TimeMicros> times(static_cast<std::size_t>(values.length()));
  BadRows bad;
  std::string why;
  for (std::int64_t row = 0; row < values.length(); ++row) {
    if (const auto t = TimeAt(values, row, &why)) {
      times[static_cast<std::size_t>(row)] = *t;
    } else {
      bad.Add(row, why);
    }
  }
  COEVAL_RETURN_IF_ERROR(bad.ToStatus(name));
  return Column::FixedWidth(TypeId::kTimestamp, values.length(), MakeBuffer(std::move(times)));
}

Result<Spine> ReadSpine(ArrowTable table, const FeaturePlan& plan, const std::string& time_column) {
  COEVAL_RETURN_IF_ERROR(CheckOutputNames(plan, table.names()));
  return ReadQuestions(std::move(table), plan, time_column);
}

Result<Spine> ReadQuestions(ArrowTable table, const FeaturePlan& plan,
                            const std::string& time_column) {
  const std::vector<std::string> names = table.names();
  std::string missing;
  for (const PlannedColumn& wanted : plan.request_columns) {
    if (table.Find(wanted.name).has_value()) continue;
    missing += (missing.empty() ? "'" : "; '") + wanted.name + "' for " + wanted.needed_by +
               DidYouMean(wanted.name, names);
  }
  if (!missing.empty()) {
    return Status::NotFound("the spine lacks columns: " + missing + ". It has: " + Quoted(names));
  }
  Spine spine;
  COEVAL_ASSIGN_OR_RETURN(const std::size_t t, FindTimeColumn(table, time_column, "the spine"));
  spine.time_column = table.field(t).name;
  COEVAL_ASSIGN_OR_RETURN(spine.times, ReadQuestionTimes(table, t, "the spine"));
  for (const PlannedColumn& wanted : plan.request_columns) {
    COEVAL_ASSIGN_OR_RETURN(Column column, ReadRequestColumn(table, wanted));
    spine.request.push_back(std::move(column));
  }
  spine.table = std::move(table);
  return spine;
}

}  // namespace coeval
