#include "source/pushed_facts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/hash.h"
#include "column/arrow_bridge.h"
#include "column/arrow_c.h"
#include "column/batch.h"
#include "definition/field_mapping.h"
#include "definition/pushed_columns.h"
#include "source/lossless_cast.h"

namespace coeval {
namespace {

// Beside the columns that are pushed; no name of theirs holds a colon and a space.
constexpr const char* kCreated = "coeval: created";
constexpr const char* kNumber = "coeval: number";
constexpr const char* kDelete = "coeval: delete";

constexpr std::int64_t kRunRows = 1 << 16;  // pushes together that are read as one batch

// The columns of a push: those that it declares, or, where it declares none, those that are asked
// for, by their pushed names; and which of them are asked for.
struct WantedColumns {
  Schema all;
  std::set<std::string> read;

  static WantedColumns Of(const Source& push, const FactRequest& request) {
    WantedColumns wanted{.all = PushedSchema(push), .read = {push.timestamp_field}};
    const auto add = [&](const std::string& name, const DataType& type) {
      const std::string column = SourceColumnOf(push, name);
      wanted.read.insert(column);
      if (push.schema.empty() && !wanted.all.Find(column)) wanted.all.Add(column, type);
    };
    for (const JoinKey& key : request.keys) add(key.name, key.type);
    for (const ColumnSchema& feature : request.features) add(feature.name, feature.type);
    return wanted;
  }
};

Result<Column> ColumnOf(const Batch& rows, const ColumnSchema& wanted) {
  const Column* column = rows.Find(wanted.name);
  if (column == nullptr) return Column::Nulls(wanted.type, rows.num_rows);
  if (column->type() == wanted.type) return *column;
  std::int64_t row = 0;
  Result<Column> cast = CastLossless(*column, wanted.type, &row);
  if (!cast.ok()) return cast.status().WithContext("column `" + wanted.name + "`");
  return cast;
}

Result<Batch> RowsOf(const LogBatch& logged, const WantedColumns& columns, bool deletes) {
  const std::int64_t n = logged.rows.num_rows;
  Batch rows{columns.all, {}, n};
  for (const ColumnSchema& column : columns.all.columns()) {
    if (!columns.read.contains(column.name)) {  // it may have been something else when it came
      rows.columns.push_back(Column::Nulls(column.type, n));
      continue;
    }
    COEVAL_ASSIGN_OR_RETURN(Column values, ColumnOf(logged.rows, column));
    rows.columns.push_back(std::move(values));
  }
  std::vector<std::int64_t> created(static_cast<std::size_t>(n), logged.c);
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(n));
  std::iota(numbers.begin(), numbers.end(), logged.first_number);
  rows.schema.Add(kCreated, TypeId::kTimestamp);
  rows.columns.push_back(Column::FixedWidth(TypeId::kTimestamp, n, MakeBuffer(std::move(created))));
  rows.schema.Add(kNumber, TypeId::kInt64);
  rows.columns.push_back(Column::FixedWidth(TypeId::kInt64, n, MakeBuffer(std::move(numbers))));
  if (deletes) {
    std::vector<std::uint8_t> flags(static_cast<std::size_t>(n), logged.deletes ? 1 : 0);
    rows.schema.Add(kDelete, TypeId::kBool);
    rows.columns.push_back(Column::FixedWidth(TypeId::kBool, n, MakeBuffer(std::move(flags))));
  }
  return rows;
}

Result<Batch> JoinRows(std::vector<Batch> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  Batch all{parts.front().schema, {}, 0};
  for (const Batch& part : parts) all.num_rows += part.num_rows;
  for (std::size_t i = 0; i < all.schema.size(); ++i) {
    std::vector<Column> pieces;
    for (const Batch& part : parts) pieces.push_back(part.columns[i]);
    COEVAL_ASSIGN_OR_RETURN(Column column, Concatenate(pieces));
    all.columns.push_back(std::move(column));
  }
  return all;
}

// The rows of all pushes, in runs that begin at the same row however many come after them.
Result<std::vector<Batch>> RunsOf(const std::vector<LogBatch>& pushes, const WantedColumns& columns,
                                  bool deletes) {
  std::vector<Batch> runs;
  std::vector<Batch> run;
  std::int64_t rows = 0;
  const auto end_run = [&]() -> Status {
    COEVAL_ASSIGN_OR_RETURN(Batch all, JoinRows(std::exchange(run, {})));
    runs.push_back(std::move(all));
    rows = 0;
    return {};
  };
  for (const LogBatch& logged : pushes) {
    COEVAL_ASSIGN_OR_RETURN(Batch of_one, RowsOf(logged, columns, deletes));
    rows += of_one.num_rows;
    run.push_back(std::move(of_one));
    if (rows >= kRunRows) COEVAL_RETURN_IF_ERROR(end_run());
  }
  if (!run.empty()) COEVAL_RETURN_IF_ERROR(end_run());
  return runs;
}

// Arrivals, whatever the push source leaves out.
Source MeaningOfRows(const Source& push, bool deletes) {
  Source source = push;
  source.created = CreatedMeaning::kArrival;
  source.created_field = kCreated;
  source.sequence_field = kNumber;
  if (deletes) source.delete_field = kDelete;
  return source;
}

ArrowArrayStream ExportRows(Schema columns, std::vector<Batch> rows, bool deletes) {
  columns.Add(kCreated, TypeId::kTimestamp);
  columns.Add(kNumber, TypeId::kInt64);
  if (deletes) columns.Add(kDelete, TypeId::kBool);
  ArrowArrayStream stream{};
  ExportStream(StreamOf(std::move(columns), std::move(rows)), &stream);
  return stream;
}

Status InPush(const Status& status, const Source& push) {
  return status.WithContext("push source `" + push.name + "`");
}

// What the log holds, in place of files: what it was when a training set was made (rule 4.6).
SourceManifest ManifestOf(const Source& push, const LoggedPushes& pushed) {
  SourceManifest manifest;
  manifest.source = push.name;
  if (pushed.batches.empty()) return manifest;
  SourceFile log;
  log.name = "log";
  Sha256 content;
  content.Update(pushed.writer);
  for (const LogBatch& logged : pushed.batches) {
    log.size_bytes += logged.rows.SizeBytes();
    log.modified = std::max(log.modified, logged.c);
    content.Update("\n" + std::to_string(logged.c) + " " + std::to_string(logged.first_number));
  }
  manifest.files.push_back(std::move(log));
  manifest.fingerprint = content.HexDigest();
  // No change token: what is pushed while it is read is known later than any question is asked.
  return manifest;
}

// Logged rows, by their numbers.
class PushedReader : public FactReader {
 public:
  PushedReader(std::unique_ptr<FactReader> rows, SourceManifest manifest,
               const std::vector<LogBatch>& pushes)
      : rows_(std::move(rows)), manifest_(std::move(manifest)) {
    std::int64_t row = 0;
    for (const LogBatch& logged : pushes) {
      starts_.emplace_back(row, logged.first_number);
      row += logged.rows.num_rows;
    }
  }

  Result<std::optional<FactBatch>> Next() override { return rows_->Next(); }

  [[nodiscard]] const FactCounts& counts() const override { return rows_->counts(); }

  [[nodiscard]] FactPieces* pieces() override { return rows_->pieces(); }

  [[nodiscard]] ScanStats stats() const override { return rows_->stats(); }

  [[nodiscard]] std::int64_t expected_rows() const override { return rows_->expected_rows(); }

  [[nodiscard]] RowPlace PlaceOf(std::size_t /*file*/, std::int64_t row) const override {
    const auto after = std::upper_bound(
        starts_.begin(), starts_.end(), row,
        [](std::int64_t wanted, const auto& start) { return wanted < start.first; });
    const auto& [first_row, first_number] = *std::prev(after);
    return {.row = first_number + row - first_row};
  }

  [[nodiscard]] const SourceManifest& manifest() const override { return manifest_; }

 private:
  std::unique_ptr<FactReader> rows_;
  SourceManifest manifest_;
  std::vector<std::pair<std::int64_t, std::int64_t>> starts_;  // of each push: row, its number
};

}  // namespace

bool HasDeletes(const LoggedPushes& pushed) {
  return std::any_of(pushed.batches.begin(), pushed.batches.end(),
                     [](const LogBatch& logged) { return logged.deletes; });
}

Status CheckNotDropped(const LoggedPushes& pushed, const FactRange& range,
                       const std::string& view) {
  if (!pushed.dropped) return {};
  const DroppedPushes& dropped = *pushed.dropped;
  const bool by_event = dropped.last_event >= range.event_min;
  const bool by_created = range.created_min && dropped.last_c >= *range.created_min;
  if (!by_event && !by_created) return {};
  const std::string needed = range.event_min == kMinTime
                                 ? "all facts, whatever their age"
                                 : "facts dated from " + FormatTime(range.event_min) + " on";
  return Status::TooOld(
      "view " + view + " needs " + needed + " of push source `" + dropped.source + "`, of which " +
      std::to_string(dropped.rows) + " rows dated up to " + FormatTime(dropped.last_event) +
      " and pushed up to " + FormatTime(dropped.last_c) + " were dropped (log.retention; last at " +
      FormatTime(dropped.at_c) +
      "): ask for later times, give the view a shorter ttl or window, or restore a backup that "
      "holds them");
}

Result<std::unique_ptr<FactReader>> OpenOnePush(const Source& push, const FactRequest& request,
                                                const LogBatch& logged, const Context& context) {
  const WantedColumns columns = WantedColumns::Of(push, request);
  std::vector<Batch> rows;
  COEVAL_ASSIGN_OR_RETURN(rows.emplace_back(), RowsOf(logged, columns, logged.deletes));
  ArrowArrayStream stream = ExportRows(columns.all, std::move(rows), logged.deletes);
  auto reader =
      FactReader::FromStream(MeaningOfRows(push, logged.deletes), &stream, request, context);
  if (!reader.ok()) return InPush(reader.status(), push);
  return reader;
}

Result<std::unique_ptr<FactReader>> OpenPushedFacts(const Source& push, const FactRequest& request,
                                                    const LoggedPushes& pushed,
                                                    const Context& context) {
  const WantedColumns columns = WantedColumns::Of(push, request);
  const bool deletes = HasDeletes(pushed);
  COEVAL_ASSIGN_OR_RETURN(std::vector<Batch> rows, RunsOf(pushed.batches, columns, deletes));
  ArrowArrayStream stream = ExportRows(columns.all, std::move(rows), deletes);
  COEVAL_ASSIGN_OR_RETURN(const ArrowTable table, ArrowTable::Read(&stream));
  auto reader = FactReader::FromLogged(MeaningOfRows(push, deletes), table, request,
                                       std::make_shared<const std::string>(pushed.writer), context);
  if (!reader.ok()) return InPush(reader.status(), push);
  return std::unique_ptr<FactReader>(std::make_unique<PushedReader>(
      std::move(reader).value(), ManifestOf(push, pushed), pushed.batches));
}

}  // namespace coeval
