#include "source/fact_reader.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/status.h"
#include "base/time.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/column.h"
#include "column/type.h"
#include "definition/fact.h"
#include "definition/source.h"
#include "source/arrow_plugin.h"
#include "source/bad_times.h"
#include "source/fact_columns.h"
#include "source/fact_plan.h"
#include "source/file_list.h"
#include "source/manifest.h"
#include "source/scan.h"
#include "source/time_column.h"

namespace coeval {

namespace {

// The parts of a batch that decide which rows are facts.
struct Decisive {
  std::vector<Column> keys;
  TimeColumn event;    // timeless: all kMinTime
  TimeColumn created;  // type null where the source declares none
};

// Which rows of a batch are facts that are wanted.
struct Chosen {
  bool all = false;
  std::vector<std::int64_t> rows;  // ascending, unless all
};

Column PickRows(const Column& column, const Chosen& chosen) {
  if (chosen.all) return column;
  const std::int64_t first = chosen.rows.front();
  const auto count = static_cast<std::int64_t>(chosen.rows.size());
  if (chosen.rows.back() - first + 1 == count) return column.Slice(first, count);
  return column.Take(chosen.rows);
}

// Timestamps without a validity buffer, for a column that has no nulls.
Column WithoutNulls(const Column& times) {
  return Column::FixedWidth(times.type(), times.length(), times.values_buffer());
}

}  // namespace

struct FactReader::Impl {
  Source source;
  FactRequest request;
  Context context;
  TimeMicros clock = 0;
  FactColumns columns;
  std::vector<SourceFile> files;  // none for a stream
  SourceManifest manifest;
  std::int64_t expected_rows = -1;
  std::unique_ptr<RawScan> scan;

  FactCounts counts;
  BadTimes bad;
  bool any_time = false;
  TimeMicros newest = kMinTime;
  TimeUnit stored_unit = TimeUnit::kMicro;
  bool done = false;
  Status failed;

  Result<std::optional<FactBatch>> Next();
  Result<std::optional<FactBatch>> Convert(const RawBatch& raw);
  Result<Decisive> ReadDecisive(const FactSource& from);
  Chosen Choose(const FactSource& from, const Decisive& decisive);
  void ChooseRow(const FactSource& from, const Decisive& decisive, std::int64_t row,
                 Chosen* chosen);
  [[nodiscard]] bool AllGood(const Decisive& decisive) const;
  [[nodiscard]] bool InRange(const FactTimes& times) const;
  void Refuse(const FactSource& from, std::int64_t row, const std::string& why);
  [[nodiscard]] std::string TimeProblem(const FactSource& from, const ColumnRef& ref,
                                        std::int64_t row, bool is_null) const;
  [[nodiscard]] Status CellError(const FactSource& from, const CellFailure& failure) const;
  [[nodiscard]] Status Finish() const;

  [[nodiscard]] FactSource From(const RawBatch& raw) const {
    return {.batch = &raw,
            .file = files.empty() ? nullptr : &files[raw.file],
            .text_times = !files.empty() && source.format == FileFormat::kCsv};
  }

  [[nodiscard]] Status InView(const Status& status) const {
    const std::string view = request.view.empty() ? "" : "view `" + request.view + "`, ";
    return status.WithContext(view + "source `" + source.name + "`");
  }
};

// A value that does not convert, with its row and column.
Status FactReader::Impl::CellError(const FactSource& from, const CellFailure& failure) const {
  const std::string where = failure.row >= 0
                                ? scan->RowName(*from.batch, failure.row)
                                : (from.file != nullptr ? "file " + from.file->path : "the data");
  return Status::InvalidArgument(where + ", column `" + failure.column + "`: " + failure.what);
}

Result<Decisive> FactReader::Impl::ReadDecisive(const FactSource& from) {
  Decisive decisive;
  CellFailure failure;
  for (std::size_t i = 0; i < columns.keys.size(); ++i) {
    auto key = ReadKey(from, columns.keys[i], request.keys[i], &failure);
    if (!key) return CellError(from, failure);
    decisive.keys.push_back(*std::move(key));
  }
  const std::int64_t rows = from.batch->num_rows();
  if (columns.event_time) {
    auto times = ReadTimes(from, *columns.event_time, &failure);
    if (!times) return CellError(from, failure);
    decisive.event = *std::move(times);
  } else {
    std::vector<TimeMicros> smallest(static_cast<std::size_t>(rows), kMinTime);
    decisive.event.times =
        Column::FixedWidth(TypeId::kTimestamp, rows, MakeBuffer(std::move(smallest)));
  }
  decisive.created.times = Column::Nulls(TypeId::kNull, rows);
  if (columns.created) {
    auto times = ReadTimes(from, *columns.created, &failure);
    if (!times) return CellError(from, failure);
    decisive.created = *std::move(times);
  }
  return decisive;
}

bool FactReader::Impl::InRange(const FactTimes& times) const {
  if (source.timeless) return true;
  const FactRange& range = request.range;
  if (times.event_time > range.event_max) return false;
  if (times.event_time >= range.event_min) return true;
  return range.created_min && times.has_created && times.created_time >= *range.created_min;
}

// The usual batch: no null, nothing impossible, all wanted. One look at each time.
bool FactReader::Impl::AllGood(const Decisive& decisive) const {
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
    if (TooFarAhead({*high, 0, false}, source, clock)) return false;
  }
  if (created.type().id() == TypeId::kNull) return true;
  TimeMicros earliest = kMaxTime;
  const auto values = created.values<TimeMicros>();
  for (std::int64_t row = 0; row < created.length(); ++row) {
    if (!created.IsNull(row)) earliest = std::min(earliest, values[static_cast<std::size_t>(row)]);
  }
  return !TooFarAhead({*high, earliest, true}, source, clock);
}

std::string FactReader::Impl::TimeProblem(const FactSource& from, const ColumnRef& ref,
                                          std::int64_t row, bool is_null) const {
  if (is_null) return "`" + ref.name + "` is null";
  return "`" + ref.name + "` is " + ShowTime(from, ref, row) +
         ", which is no time or does not fit 64 bits of microseconds; is its unit right?";
}

void FactReader::Impl::Refuse(const FactSource& from, std::int64_t row, const std::string& why) {
  bad.Add(scan->RowName(*from.batch, row), why);
}

void FactReader::Impl::ChooseRow(const FactSource& from, const Decisive& decisive, std::int64_t row,
                                 Chosen* chosen) {
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
    const ColumnRef& ref = no_event ? *columns.event_time : *columns.created;
    if (!bad.wants_text()) {
      bad.AddCounted();
    } else {
      Refuse(from, row, TimeProblem(from, ref, row, no_event && !impossible(decisive.event)));
    }
    return;
  }
  FactTimes times{.event_time = decisive.event.times.values<TimeMicros>()[i]};
  if (!decisive.created.times.IsNull(row)) {
    times.created_time = decisive.created.times.values<TimeMicros>()[i];
    times.has_created = true;
  }
  if (TooFarAhead(times, source, clock)) {
    counts.too_far_ahead += 1;
    if (!bad.wants_text()) {
      bad.AddCounted();
      return;
    }
    const std::string reference = times.has_created
                                      ? "its created time " + FormatTime(times.created_time)
                                      : "the clock " + FormatTime(clock);
    Refuse(from, row,
           "`" + columns.event_time->name + "` is " + FormatTime(times.event_time) +
               ", more than max_future (" + FormatDuration(source.max_future) + ") after " +
               reference + UnitHint(times.event_time, stored_unit));
    return;
  }
  if (!InRange(times)) {
    counts.out_of_range += 1;
    return;
  }
  chosen->rows.push_back(row);
}

Chosen FactReader::Impl::Choose(const FactSource& from, const Decisive& decisive) {
  const std::int64_t rows = from.batch->num_rows();
  counts.rows += rows;
  Chosen chosen;
  chosen.all = AllGood(decisive);
  if (!source.timeless) {
    const Column& event = decisive.event.times;
    const auto values = event.values<TimeMicros>();
    for (std::int64_t row = 0; row < rows; ++row) {
      if (event.may_have_nulls() && event.IsNull(row)) continue;
      newest = std::max(newest, values[static_cast<std::size_t>(row)]);
      any_time = true;
    }
  }
  if (chosen.all) return chosen;
  for (std::int64_t row = 0; row < rows; ++row) ChooseRow(from, decisive, row, &chosen);
  chosen.all = static_cast<std::int64_t>(chosen.rows.size()) == rows;
  return chosen;
}

// None where no row of the batch is a fact, or where it is already known that the scan fails.
Result<std::optional<FactBatch>> FactReader::Impl::Convert(const RawBatch& raw) {
  const FactSource from = From(raw);
  if (columns.event_time && !columns.event_time->is_partition) {
    const auto timestamp = TimestampOf(*raw.schema->children[columns.event_time->position]);
    if (timestamp) stored_unit = timestamp->unit;
  }
  COEVAL_ASSIGN_OR_RETURN(const Decisive decisive, ReadDecisive(from));
  const Chosen chosen = Choose(from, decisive);
  const bool fails = bad.count() > 0 && source.on_bad_time == OnBadTime::kError;
  if (fails || (!chosen.all && chosen.rows.empty())) return std::optional<FactBatch>();

  FactBatch batch;
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
  if (columns.sequence) {
    auto sequence = read(*columns.sequence, TypeId::kInt64);
    if (!sequence) return CellError(from, failure);
    batch.sequence = *std::move(sequence);
  }
  if (columns.deleted) {
    auto deleted = read(*columns.deleted, TypeId::kBool);
    if (!deleted) return CellError(from, failure);
    std::vector<std::uint8_t> flags(static_cast<std::size_t>(batch.num_rows));
    const auto values = deleted->values<std::uint8_t>();
    for (std::int64_t row = 0; row < batch.num_rows; ++row) {
      const auto i = static_cast<std::size_t>(row);
      flags[i] = !deleted->IsNull(row) && values[i] != 0 ? 1 : 0;
    }
    batch.deleted = Column::FixedWidth(TypeId::kBool, batch.num_rows, MakeBuffer(std::move(flags)));
  }
  for (std::size_t i = 0; i < columns.features.size(); ++i) {
    auto feature = read(columns.features[i], request.features[i].type);
    if (!feature) return CellError(from, failure);
    batch.features.push_back(*std::move(feature));
  }
  counts.facts += batch.num_rows;
  return std::optional<FactBatch>(std::move(batch));
}

Status FactReader::Impl::Finish() const {
  if (source.on_bad_time == OnBadTime::kError) COEVAL_RETURN_IF_ERROR(bad.ToStatus(source));
  if (!any_time) return {};
  return CheckNewest(source, newest, stored_unit);
}

Result<std::optional<FactBatch>> FactReader::Impl::Next() {
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const std::optional<RawBatch> raw, scan->Next());
    if (!raw) {
      COEVAL_RETURN_IF_ERROR(Finish());
      return std::optional<FactBatch>();
    }
    COEVAL_ASSIGN_OR_RETURN(std::optional<FactBatch> batch, Convert(*raw));
    if (batch) return batch;
  }
}

FactReader::FactReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FactReader::~FactReader() = default;

Result<std::unique_ptr<FactReader>> FactReader::Open(const Source& source,
                                                     const std::string& location,
                                                     FactRequest request, const Context& context) {
  auto impl = std::make_unique<Impl>();
  impl->source = source;
  impl->request = std::move(request);
  impl->context = context;
  COEVAL_ASSIGN_OR_RETURN(impl->clock, context.clock->Now());
  COEVAL_ASSIGN_OR_RETURN(const SourceFiles files, ListFiles(source, location));
  COEVAL_ASSIGN_OR_RETURN(impl->manifest, MakeManifest(source.name, files));
  auto plan = PlanFacts(source, impl->request, files, impl->clock, context);
  if (!plan.ok()) return impl->InView(plan.status());
  if (plan->newest) {
    const Status doubtful = CheckNewest(source, *plan->newest, TimeUnit::kMicro);
    if (!doubtful.ok()) return impl->InView(doubtful);
    impl->newest = *plan->newest;
  }
  impl->columns = std::move(plan->columns);
  impl->files = files.files;
  impl->expected_rows = plan->expected_rows;
  ScanRequest scan{.format = plan->format,
                   .columns = impl->columns.scanned,
                   .batch_rows = impl->request.batch_rows};
  COEVAL_ASSIGN_OR_RETURN(impl->scan, ScanFiles(std::move(plan->files), std::move(scan), context));
  return std::unique_ptr<FactReader>(new FactReader(std::move(impl)));
}

Result<std::unique_ptr<FactReader>> FactReader::FromStream(const Source& source,
                                                           ArrowArrayStream* stream,
                                                           FactRequest request,
                                                           const Context& context) {
  ArrowStream owned(stream);
  auto impl = std::make_unique<Impl>();
  impl->source = source;
  impl->request = std::move(request);
  impl->context = context;
  impl->manifest.source = source.name;
  COEVAL_ASSIGN_OR_RETURN(impl->clock, context.clock->Now());
  COEVAL_ASSIGN_OR_RETURN(const SharedArrowSchema schema, owned.ReadSchema());
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < schema->n_children; ++i) {
    names.emplace_back(schema->children[i]->name == nullptr ? "" : schema->children[i]->name);
  }
  auto resolved = ResolveFactColumns(source, impl->request, names, {});
  if (!resolved.ok()) return impl->InView(resolved.status());
  impl->columns = *std::move(resolved);
  Source in_memory = source;
  in_memory.format = FileFormat::kArrow;
  const Status fits = CheckFactColumns(in_memory, impl->request, impl->columns, *schema);
  if (!fits.ok()) return impl->InView(fits);
  COEVAL_ASSIGN_OR_RETURN(
      impl->scan, ScanStream(std::move(owned), "the data frame", impl->columns.scanned, context));
  return std::unique_ptr<FactReader>(new FactReader(std::move(impl)));
}

Result<std::optional<FactBatch>> FactReader::Next() {
  if (!impl_->failed.ok()) return impl_->failed;
  if (impl_->done) return std::optional<FactBatch>();
  auto batch = impl_->Next();
  if (!batch.ok()) {
    impl_->failed = impl_->InView(batch.status());
    return impl_->failed;
  }
  impl_->done = !batch->has_value();
  return batch;
}

const FactCounts& FactReader::counts() const {
  return impl_->counts;
}

const ScanStats& FactReader::stats() const {
  return impl_->scan->stats();
}

std::int64_t FactReader::expected_rows() const {
  return impl_->expected_rows;
}

const SourceManifest& FactReader::manifest() const {
  return impl_->manifest;
}

}  // namespace coeval
