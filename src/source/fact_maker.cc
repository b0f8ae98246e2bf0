#include "source/fact_maker.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "column/arrow_bridge.h"
#include "column/column.h"
#include "column/type.h"
#include "definition/fact.h"
#include "source/time_column.h"

namespace coeval {

namespace {

// Timestamps without a validity buffer, for a column that has no nulls.
Column WithoutNulls(const Column& times) {
  return Column::FixedWidth(times.type(), times.length(), times.values_buffer());
}

}  // namespace

// The parts of a batch that decide which rows are facts.
struct FactMaker::Decisive {
  std::vector<Column> keys;
  TimeColumn event;    // timeless: all kMinTime
  TimeColumn created;  // type null where the source declares none
};

// Which rows of a batch are facts that are wanted.
struct FactMaker::Chosen {
  bool all = false;
  std::vector<std::int64_t> rows;  // ascending, unless all
};

void FactTally::Append(const FactTally& next) {
  counts.rows += next.counts.rows;
  counts.facts += next.counts.facts;
  counts.null_keys += next.counts.null_keys;
  counts.bad_times += next.counts.bad_times;
  counts.too_far_ahead += next.counts.too_far_ahead;
  counts.out_of_range += next.counts.out_of_range;
  bad.Append(next.bad);
  any_time = any_time || next.any_time;
  newest = std::max(newest, next.newest);
  if (next.counts.rows > 0) stored_unit = next.stored_unit;
}

Status FactTally::Check(const Source& source) const {
  if (source.on_bad_time == OnBadTime::kError) COEVAL_RETURN_IF_ERROR(bad.ToStatus(source));
  if (!any_time) return {};
  return CheckNewest(source, newest, stored_unit);
}

Status FactMeaning::InView(const Status& status) const {
  const std::string view = request.view.empty() ? "" : "view `" + request.view + "`, ";
  return status.WithContext(view + "source `" + source.name + "`");
}

Column FactMaker::PickRows(const Column& column, const Chosen& chosen) {
  if (chosen.all) return column;
  const std::int64_t first = chosen.rows.front();
  const auto count = static_cast<std::int64_t>(chosen.rows.size());
  if (chosen.rows.back() - first + 1 == count) return column.Slice(first, count);
  return column.Take(chosen.rows);
}

// A value that does not convert, with its row and column.
Status CellError(const FactSource& from, const CellFailure& failure, const RowName& name) {
  const std::string where = failure.row >= 0
                                ? name(failure.row)
                                : (from.file != nullptr ? "file " + from.file->path : "the data");
  return Status::InvalidArgument(where + ", column `" + failure.column + "`: " + failure.what);
}

Result<FactMaker::Decisive> FactMaker::ReadDecisive(const FactSource& from,
                                                    const RowName& name) const {
  const FactRequest& request = meaning_->request;
  Decisive decisive;
  CellFailure failure;
  for (std::size_t i = 0; i < columns_.keys.size(); ++i) {
    auto key = ReadKey(from, columns_.keys[i], request.keys[i], &failure);
    if (!key) return CellError(from, failure, name);
    decisive.keys.push_back(*std::move(key));
  }
  const std::int64_t rows = from.batch->num_rows();
  if (columns_.event_time) {
    auto times = ReadTimes(from, *columns_.event_time, &failure);
    if (!times) return CellError(from, failure, name);
    decisive.event = *std::move(times);
  } else {
    std::vector<TimeMicros> smallest(static_cast<std::size_t>(rows), kMinTime);
    decisive.event.times =
        Column::FixedWidth(TypeId::kTimestamp, rows, MakeBuffer(std::move(smallest)));
  }
  decisive.created.times = Column::Nulls(TypeId::kNull, rows);
  if (columns_.created) {
    auto times = ReadTimes(from, *columns_.created, &failure);
    if (!times) return CellError(from, failure, name);
    decisive.created = *std::move(times);
  }
  return decisive;
}

bool FactMaker::InRange(const FactTimes& times) const {
  if (meaning_->source.timeless) return true;
  const FactRange& range = meaning_->request.range;
  if (times.event_time > range.event_max) return false;
  if (times.event_time >= range.event_min) return true;
  return range.created_min && times.has_created && times.created_time >= *range.created_min;
}

// The usual batch: no null, nothing impossible, all wanted. One look at each time.
bool FactMaker::AllGood(const Decisive& decisive) const {
  const auto has_nulls = [](const Column& column) {
    return column.may_have_nulls() && column.CountNulls() > 0;
  };
  if (std::any_of(decisive.keys.begin(), decisive.keys.end(), has_nulls)) return false;
  if (has_nulls(decisive.event.times) || !decisive.created.impossible.empty()) return false;
  const auto events = decisive.event.times.values<TimeMicros>();
  const auto [low, high] = std::minmax_element(events.begin(), events.end());
  if (!InRange({*low, 0, false}) || !InRange({*high, 0, false})) return false;
  // Every row's created time, or the clock in its place, is at least the least of them.
  const Column& created = decisive.created.times;
  if (created.type().id() == TypeId::kNull || has_nulls(created)) {
    if (TooFarAhead({*high, 0, false}, meaning_->source, meaning_->clock)) return false;
  }
  if (created.type().id() == TypeId::kNull) return true;
  TimeMicros earliest = kMaxTime;
  const auto values = created.values<TimeMicros>();
  for (std::int64_t row = 0; row < created.length(); ++row) {
    if (!created.IsNull(row)) earliest = std::min(earliest, values[static_cast<std::size_t>(row)]);
  }
  return !TooFarAhead({*high, earliest, true}, meaning_->source, meaning_->clock);
}

std::string FactMaker::TimeProblem(const FactSource& from, const ColumnRef& ref, std::int64_t row,
                                   bool is_null) const {
  if (is_null) return "`" + ref.name + "` is null";
  return "`" + ref.name + "` is " + ShowTime(from, ref, row) +
         ", which is no time or does not fit 64 bits of microseconds; is its unit right?";
}

void FactMaker::ChooseRow(const FactSource& from, const Decisive& decisive, std::int64_t row,
                          const RowName& name, Chosen* chosen) {
  FactCounts& counts = tally_.counts;
  BadTimes& bad = tally_.bad;
  const auto i = static_cast<std::size_t>(row);
  for (const Column& key : decisive.keys) {
    if (key.IsNull(row)) {
      counts.null_keys += 1;
      return;
    }
  }
  const auto impossible = [row](const TimeColumn& times) {
    return std::binary_search(times.impossible.begin(), times.impossible.end(), row);
  };
  const bool no_event = decisive.event.times.IsNull(row);
  if (no_event || impossible(decisive.created)) {
    counts.bad_times += 1;
    const ColumnRef& ref = no_event ? *columns_.event_time : *columns_.created;
    if (!bad.wants_text()) {
      bad.AddCounted();
    } else {
      bad.Add(name(row), TimeProblem(from, ref, row, no_event && !impossible(decisive.event)));
    }
    return;
  }
  FactTimes times{.event_time = decisive.event.times.values<TimeMicros>()[i]};
  if (!decisive.created.times.IsNull(row)) {
    times.created_time = decisive.created.times.values<TimeMicros>()[i];
    times.has_created = true;
  }
  if (TooFarAhead(times, meaning_->source, meaning_->clock)) {
    counts.too_far_ahead += 1;
    if (!bad.wants_text()) {
      bad.AddCounted();
      return;
    }
    const std::string reference = times.has_created
                                      ? "its created time " + FormatTime(times.created_time)
                                      : "the clock " + FormatTime(meaning_->clock);
    bad.Add(name(row), "`" + columns_.event_time->name + "` is " + FormatTime(times.event_time) +
                           ", more than max_future (" +
                           FormatDuration(meaning_->source.max_future) + ") after " + reference +
                           UnitHint(times.event_time, tally_.stored_unit));
    return;
  }
  if (!InRange(times)) {
    counts.out_of_range += 1;
    return;
  }
  chosen->rows.push_back(row);
}

FactMaker::Chosen FactMaker::Choose(const FactSource& from, const Decisive& decisive,
                                    const RowName& name) {
  const std::int64_t rows = from.batch->num_rows();
  tally_.counts.rows += rows;
  Chosen chosen;
  chosen.all = AllGood(decisive);
  if (!meaning_->source.timeless) {
    const Column& event = decisive.event.times;
    const auto values = event.values<TimeMicros>();
    for (std::int64_t row = 0; row < rows; ++row) {
      if (event.may_have_nulls() && event.IsNull(row)) continue;
      tally_.newest = std::max(tally_.newest, values[static_cast<std::size_t>(row)]);
      tally_.any_time = true;
    }
  }
  if (chosen.all) return chosen;
  for (std::int64_t row = 0; row < rows; ++row) ChooseRow(from, decisive, row, name, &chosen);
  chosen.all = static_cast<std::int64_t>(chosen.rows.size()) == rows;
  return chosen;
}

// None where no row of the batch is a fact, or where it is already known that the scan fails.
Result<std::optional<FactBatch>> FactMaker::Make(const RawBatch& raw, const RowName& name) {
  const FactSource from = meaning_->From(raw);
  if (columns_.event_time && !columns_.event_time->is_partition) {
    const auto timestamp = TimestampOf(*raw.schema->children[columns_.event_time->position]);
    if (timestamp) tally_.stored_unit = timestamp->unit;
  }
  COEVAL_ASSIGN_OR_RETURN(const Decisive decisive, ReadDecisive(from, name));
  const Chosen chosen = Choose(from, decisive, name);
  const bool fails = tally_.bad.count() > 0 && meaning_->source.on_bad_time == OnBadTime::kError;
  if (fails || (!chosen.all && chosen.rows.empty())) return std::optional<FactBatch>();

  FactBatch batch;
  batch.file = raw.file;
  batch.first_row = raw.first_row;
  if (!chosen.all) {
    auto numbers = std::make_shared<std::vector<std::int64_t>>(chosen.rows);
    for (std::int64_t& number : *numbers) number += raw.first_row;
    batch.row_numbers = std::move(numbers);
  }
  batch.num_rows = chosen.all ? raw.num_rows() : static_cast<std::int64_t>(chosen.rows.size());
  for (const Column& key : decisive.keys) batch.keys.push_back(PickRows(key, chosen));
  batch.event_time = WithoutNulls(PickRows(decisive.event.times, chosen));
  batch.created_time = PickRows(decisive.created.times, chosen);
  batch.sequence = Column::Nulls(TypeId::kNull, batch.num_rows);
  batch.deleted = Column::Nulls(TypeId::kNull, batch.num_rows);
  CellFailure failure;
  const auto read = [&](const ColumnRef& ref, const DataType& type) -> std::optional<Column> {
    auto column = ReadValues(from, ref, type, &failure);
    if (column) column = PickRows(*column, chosen);
    return column;
  };
  if (columns_.sequence) {
    auto sequence = read(*columns_.sequence, TypeId::kInt64);
    if (!sequence) return CellError(from, failure, name);
    batch.sequence = *std::move(sequence);
  }
  if (columns_.deleted) {
    auto deleted = read(*columns_.deleted, TypeId::kBool);
    if (!deleted) return CellError(from, failure, name);
    std::vector<std::uint8_t> flags(static_cast<std::size_t>(batch.num_rows));
    const auto values = deleted->values<std::uint8_t>();
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      const auto i = static_cast<std::size_t>(row);
      flags[i] = !deleted->IsNull(row) && values[i] != 0 ? 1 : 0;
    }
    batch.deleted = Column::FixedWidth(TypeId::kBool, batch.num_rows, MakeBuffer(std::move(flags)));
  }
  for (std::size_t i = 0; i < columns_.features.size(); ++i) {
    auto feature = read(columns_.features[i], meaning_->request.features[i].type);
    if (!feature) return CellError(from, failure, name);
    batch.features.push_back(*std::move(feature));
  }
  tally_.counts.facts += batch.num_rows;
  return std::optional<FactBatch>(std::move(batch));
}

}  // namespace coeval
