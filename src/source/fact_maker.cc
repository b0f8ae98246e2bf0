#include "source/fact_maker.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
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

constexpr std::int64_t kBlockRows = 4096;  // a multiple of 8: blocks begin at a byte of validity

std::int64_t CountMarks(std::span<const std::uint8_t> marks) {
  return std::accumulate(marks.begin(), marks.end(), std::int64_t{0});
}

// Clears the mark of each row that is not to be kept.
template <typename Keep>
void KeepMarks(std::span<std::uint8_t> marks, Keep keep) {
  std::int64_t i = 0;
  for (std::uint8_t& mark : marks) {
    mark = static_cast<std::uint8_t>(mark & static_cast<std::uint8_t>(keep(i)));
    ++i;
  }
}

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

  [[nodiscard]] FactTimes times(std::int64_t row) const {
    const auto i = static_cast<std::size_t>(row);
    FactTimes times{.event_time = event.times.values<TimeMicros>()[i]};
    if (!created.times.IsNull(row)) {
      times.created_time = created.times.values<TimeMicros>()[i];
      times.has_created = true;
    }
    return times;
  }
};

// Rows [first, first + count) of a batch.
struct FactMaker::Block {
  std::int64_t first;
  std::int64_t count;

  [[nodiscard]] bool HasNulls(const Column& column) const {
    return column.may_have_nulls() && column.Slice(first, count).CountNulls() > 0;
  }

  [[nodiscard]] bool HasAny(const std::vector<std::int64_t>& rows) const {
    const auto next = std::lower_bound(rows.begin(), rows.end(), first);
    return next != rows.end() && *next < first + count;
  }
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

std::string FactMaker::TimeProblem(const FactSource& from, const ColumnRef& ref, std::int64_t row,
                                   bool is_null) const {
  if (is_null) return "`" + ref.name + "` is null";
  return "`" + ref.name + "` is " + ShowTime(from, ref, row) +
         ", which is no time or does not fit 64 bits of microseconds; is its unit right?";
}

void FactMaker::ChooseRow(const FactSource& from, const Decisive& decisive, std::int64_t row,
                          const RowName& name, ChosenRows* chosen) {
  FactCounts& counts = tally_.counts;
  BadTimes& bad = tally_.bad;
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
  const FactTimes times = decisive.times(row);
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
  chosen->Add(row);
}

void FactMaker::AddNewest(const TimeSpread& spread) {
  tally_.newest = std::max(tally_.newest, spread.high);
  tally_.any_time = true;
}

bool FactMaker::AnyTooFarAhead(const Decisive& decisive, const Block& block,
                               const TimeSpread& spread) const {
  const Source& source = meaning_->source;
  if (source.timeless || source.max_future == kMaxTime) return false;
  if (decisive.created.times.type().id() == TypeId::kNull) {
    return TooFarAhead({spread.high, 0, false}, source, meaning_->clock);
  }
  bool any = false;
  for (std::int64_t row = block.first; row < block.first + block.count; ++row) {
    any |= TooFarAhead(decisive.times(row), source, meaning_->clock);
  }
  return any;
}

bool FactMaker::ChooseBlock(const Decisive& decisive, const Block& block, ChosenRows* chosen) {
  TimeSpread spread;
  if (!meaning_->source.timeless) {
    const Column& event = decisive.event.times;
    const auto times = event.values<TimeMicros>();
    if (block.HasNulls(event)) {
      for (std::int64_t row = block.first; row < block.first + block.count; ++row) {
        const TimeMicros time = times[static_cast<std::size_t>(row)];
        if (!event.IsNull(row)) AddNewest({.low = time, .high = time});
      }
      return false;
    }
    spread = SpreadOf(times.subspan(static_cast<std::size_t>(block.first),
                                    static_cast<std::size_t>(block.count)));
    AddNewest(spread);
  }
  if (block.HasAny(decisive.created.impossible)) return false;
  if (AnyTooFarAhead(decisive, block, spread)) return false;
  ChooseRange(decisive, block, spread, chosen);
  return true;
}

// Of a block whose times are good: only null keys and the range decide.
void FactMaker::ChooseRange(const Decisive& decisive, const Block& block, const TimeSpread& spread,
                            ChosenRows* chosen) {
  // A time between two in range is in range; created times only widen it.
  const bool all = InRange({spread.low, 0, false}) && InRange({spread.high, 0, false});
  if (std::any_of(decisive.keys.begin(), decisive.keys.end(),
                  [&block](const Column& key) { return block.HasNulls(key); })) {
    return ChooseMarked(decisive, block, all, chosen);
  }
  if (all) return chosen->AddRun(block.first, block.count);
  const FactRange& range = meaning_->request.range;
  const bool by_event = !range.created_min || spread.low > range.event_max;
  if (by_event && (spread.low > range.event_max || spread.high < range.event_min)) {
    tally_.counts.out_of_range += block.count;
    return;
  }
  if (!by_event || !spread.in_order) return ChooseMarked(decisive, block, false, chosen);
  const auto times = decisive.event.times.values<TimeMicros>().subspan(
      static_cast<std::size_t>(block.first), static_cast<std::size_t>(block.count));
  const auto begin = std::lower_bound(times.begin(), times.end(), range.event_min);
  const std::int64_t count = std::upper_bound(begin, times.end(), range.event_max) - begin;
  chosen->AddRun(block.first + (begin - times.begin()), count);
  tally_.counts.out_of_range += block.count - count;
}

// The same, with a mark for each row.
void FactMaker::ChooseMarked(const Decisive& decisive, const Block& block, bool all_in_range,
                             ChosenRows* chosen) {
  std::array<std::uint8_t, kBlockRows> of_block{};
  const std::span<std::uint8_t> marks(of_block.data(), static_cast<std::size_t>(block.count));
  std::fill(marks.begin(), marks.end(), std::uint8_t{1});
  for (const Column& key : decisive.keys) {
    if (!key.may_have_nulls()) continue;
    KeepMarks(marks, [&](std::int64_t i) { return !key.IsNull(block.first + i); });
  }
  const std::int64_t with_keys = CountMarks(marks);
  tally_.counts.null_keys += block.count - with_keys;
  if (all_in_range) return chosen->AddMarked(block.first, marks, with_keys);
  const FactRange& range = meaning_->request.range;
  if (range.created_min) {
    KeepMarks(marks, [&](std::int64_t i) { return InRange(decisive.times(block.first + i)); });
  } else {
    const TimeMicros* times = decisive.event.times.values<TimeMicros>().data() + block.first;
    KeepMarks(marks, [&range, times](std::int64_t i) {
      return (times[i] <= range.event_max) & (times[i] >= range.event_min);
    });
  }
  const std::int64_t wanted = CountMarks(marks);
  tally_.counts.out_of_range += with_keys - wanted;
  chosen->AddMarked(block.first, marks, wanted);
}

ChosenRows FactMaker::Choose(const FactSource& from, const Decisive& decisive,
                             const RowName& name) {
  const std::int64_t rows = from.batch->num_rows();
  tally_.counts.rows += rows;
  ChosenRows chosen;
  for (std::int64_t first = 0; first < rows; first += kBlockRows) {
    const Block block{.first = first, .count = std::min(kBlockRows, rows - first)};
    if (ChooseBlock(decisive, block, &chosen)) continue;
    for (std::int64_t row = first; row < first + block.count; ++row) {
      ChooseRow(from, decisive, row, name, &chosen);
    }
  }
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
  ChosenRows chosen = Choose(from, decisive, name);
  const bool fails = tally_.bad.count() > 0 && meaning_->source.on_bad_time == OnBadTime::kError;
  if (fails || chosen.count() == 0) return std::optional<FactBatch>();

  FactBatch batch;
  batch.file = raw.file;
  batch.first_row = raw.first_row + (chosen.is_run() ? chosen.first() : 0);
  batch.num_rows = chosen.count();
  batch.log = meaning_->log;
  for (const Column& key : decisive.keys) batch.keys.push_back(chosen.Pick(key));
  batch.event_time = WithoutNulls(chosen.Pick(decisive.event.times));
  batch.created_time = chosen.Pick(decisive.created.times);
  batch.sequence = Column::Nulls(TypeId::kNull, batch.num_rows);
  batch.deleted = Column::Nulls(TypeId::kNull, batch.num_rows);
  CellFailure failure;
  const auto read = [&](const ColumnRef& ref, const DataType& type) -> std::optional<Column> {
    auto column = ReadValues(from, ref, type, &failure);
    if (column) column = chosen.Pick(*column);
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
  if (!chosen.is_run()) batch.row_numbers = std::move(chosen).TakeNumbers(raw.first_row);
  tally_.counts.facts += batch.num_rows;
  return std::optional<FactBatch>(std::move(batch));
}

}  // namespace coeval
