// The registry's tables of runs, training sets, history and lineage.
#include <utility>

#include "registry/apply.h"
#include "registry/registry.h"

namespace coeval {
namespace {

Json OptionalTime(const std::optional<TimeMicros>& time) {
  return time ? Json(FormatTime(*time)) : Json();
}

Result<RunStatus> ParseRunStatus(const std::string& name) {
  for (const RunStatus status : {RunStatus::kRunning, RunStatus::kSucceeded, RunStatus::kFailed,
                                 RunStatus::kCancelled, RunStatus::kInterrupted}) {
    if (RunStatusName(status) == name) return status;
  }
  return Status::Corruption("a run of the registry has the unknown status '" + name + "'");
}

std::string NameOf(RunStatus status) {
  return std::string(RunStatusName(status));
}

constexpr const char* kTrainingSetColumns =
    "SELECT id, name, created_at, created_by, release, row_count, content_hash, manifest FROM "
    "training_sets ";

Result<TrainingSetRecord> TrainingSetOf(const SqlRow& row) {
  TrainingSetRecord record;
  record.id = row.Int(0);
  record.name = row.Text(1);
  record.created_at = row.Int(2);
  record.created_by = row.Text(3);
  record.release = row.Text(4);
  record.row_count = row.Int(5);
  record.content_hash = row.Text(6);
  Result<Json> manifest = ParseJson(row.Text(7));
  if (!manifest.ok()) {
    return Status::Corruption("the manifest of training set " + std::to_string(record.id) +
                              " is damaged: " + manifest.status().message());
  }
  record.manifest = *std::move(manifest);
  return record;
}

}  // namespace

std::string_view RunStatusName(RunStatus status) {
  switch (status) {
    case RunStatus::kRunning:
      return "running";
    case RunStatus::kSucceeded:
      return "succeeded";
    case RunStatus::kFailed:
      return "failed";
    case RunStatus::kCancelled:
      return "cancelled";
    case RunStatus::kInterrupted:
      return "interrupted";
  }
  return "";
}

Json Run::ToJson() const {
  Json json = Json::MakeObject();
  json.Set("id", id);
  json.Set("kind", kind);
  json.Set("view", view);
  json.Set("version", version);
  json.Set("interval_start", OptionalTime(interval_start));
  json.Set("interval_end", OptionalTime(interval_end));
  json.Set("rows_read", counts.rows_read);
  json.Set("rows_written", counts.rows_written);
  json.Set("rows_refused", counts.rows_refused);
  json.Set("status", RunStatusName(status));
  json.Set("release", release);
  json.Set("who", who);
  json.Set("started_at", FormatTime(started_at));
  json.Set("updated_at", FormatTime(updated_at));
  json.Set("finished_at", OptionalTime(finished_at));
  json.Set("error", error);
  return json;
}

Json TrainingSetRecord::ToJson() const {
  Json json = Json::MakeObject();
  json.Set("id", id);
  json.Set("name", name);
  json.Set("created_at", FormatTime(created_at));
  json.Set("created_by", created_by);
  json.Set("release", release);
  json.Set("row_count", row_count);
  json.Set("content_hash", content_hash);
  json.Set("manifest", manifest);
  return json;
}

Json HistoryEntry::ToJson() const {
  Json json = Json::MakeObject();
  json.Set("id", id);
  json.Set("at", FormatTime(at));
  json.Set("who", who);
  json.Set("release", release);
  json.Set("action", action);
  json.Set("kind", kind);
  json.Set("name", name);
  json.Set("version", version);
  json.Set("detail", detail);
  return json;
}

Result<std::int64_t> Registry::StartRun(const Run& run) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const Author author, AuthorOf(run.who));
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<SqlTransaction> transaction,
                          SqlTransaction::Begin(database_.get(), SqlTransaction::Mode::kWrite));
  COEVAL_RETURN_IF_ERROR(EnsureProject(database_.get(), author));
  COEVAL_RETURN_IF_ERROR(database_->Execute(
      "UPDATE runs SET status = 'interrupted', finished_at = ? WHERE project = ? AND kind = ? AND "
      "view = "
      "? AND version = ? AND status = 'running'",
      {author.now, options_.project, run.kind, run.view, std::int64_t{run.version}}));
  COEVAL_RETURN_IF_ERROR(database_->Execute(
      "INSERT INTO runs (project, kind, view, version, interval_start, interval_end, rows_read, "
      "rows_written, rows_refused, status, release, who, started_at, updated_at, error) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?, '')",
      {options_.project, run.kind, run.view, std::int64_t{run.version},
       SqlOptional(run.interval_start), SqlOptional(run.interval_end), run.counts.rows_read,
       run.counts.rows_written, run.counts.rows_refused, options_.release, run.who, author.now,
       author.now}));
  const std::int64_t id = database_->LastInsertId();
  COEVAL_RETURN_IF_ERROR(transaction->Commit());
  return id;
}

Status Registry::ProgressRun(std::int64_t id, const RunCounts& counts) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const Author author, AuthorOf(""));
  return database_->Execute(
      "UPDATE runs SET rows_read = ?, rows_written = ?, rows_refused = ?, updated_at = ? WHERE "
      "project = ? "
      "AND id = ? AND status = 'running'",
      {counts.rows_read, counts.rows_written, counts.rows_refused, author.now, options_.project,
       id});
}

Status Registry::FinishRun(std::int64_t id, RunStatus status, const RunCounts& counts,
                           const std::string& error) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const Author author, AuthorOf(""));
  COEVAL_RETURN_IF_ERROR(
      database_->Execute("UPDATE runs SET rows_read = ?, rows_written = ?, rows_refused = ?, "
                         "updated_at = ?, finished_at = ?, "
                         "status = ?, error = ? WHERE project = ? AND id = ?",
                         {counts.rows_read, counts.rows_written, counts.rows_refused, author.now,
                          author.now, NameOf(status), error, options_.project, id}));
  if (database_->ChangedRows() == 1) return {};
  return Status::NotFound("there is no run " + std::to_string(id));
}

Result<std::int64_t> Registry::InterruptRuns(const std::string& kind) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const Author author, AuthorOf(""));
  COEVAL_RETURN_IF_ERROR(
      database_->Execute("UPDATE runs SET status = 'interrupted', finished_at = ? WHERE project = "
                         "? AND kind = ? AND status = "
                         "'running'",
                         {author.now, options_.project, kind}));
  return database_->ChangedRows();
}

Result<std::vector<Run>> Registry::ListRuns(const RunFilter& filter) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  std::vector<Run> runs;
  COEVAL_RETURN_IF_ERROR(database_->Query(
      "SELECT id, kind, view, version, interval_start, interval_end, rows_read, rows_written, "
      "rows_refused, status, release, who, started_at, updated_at, finished_at, error FROM runs "
      "WHERE "
      "project = ?1 AND (?2 = '' OR view = ?2) AND (?3 = '' OR kind = ?3) ORDER BY id DESC LIMIT "
      "?4",
      {options_.project, filter.view, filter.kind, std::int64_t{filter.limit}},
      [&](const SqlRow& row) {
        Run run;
        run.id = row.Int(0);
        run.kind = row.Text(1);
        run.view = row.Text(2);
        run.version = static_cast<int>(row.Int(3));
        run.interval_start = row.OptionalInt(4);
        run.interval_end = row.OptionalInt(5);
        run.counts = {row.Int(6), row.Int(7), row.Int(8)};
        COEVAL_ASSIGN_OR_RETURN(run.status, ParseRunStatus(row.Text(9)));
        run.release = row.Text(10);
        run.who = row.Text(11);
        run.started_at = row.Int(12);
        run.updated_at = row.Int(13);
        run.finished_at = row.OptionalInt(14);
        run.error = row.Text(15);
        runs.push_back(std::move(run));
        return Status();
      }));
  return runs;
}

Result<std::int64_t> Registry::RecordTrainingSet(const TrainingSetRecord& record,
                                                 const std::vector<LineageSource>& made_from) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const Author author, AuthorOf(record.created_by));
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<SqlTransaction> transaction,
                          SqlTransaction::Begin(database_.get(), SqlTransaction::Mode::kWrite));
  COEVAL_RETURN_IF_ERROR(EnsureProject(database_.get(), author));
  COEVAL_RETURN_IF_ERROR(database_->Execute(
      "INSERT INTO training_sets (project, name, created_at, created_by, release, row_count, "
      "content_hash, "
      "manifest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {options_.project, record.name, author.now, record.created_by, options_.release,
       record.row_count, record.content_hash, record.manifest.Write()}));
  const std::int64_t id = database_->LastInsertId();
  for (const LineageSource& source : made_from) {
    COEVAL_RETURN_IF_ERROR(database_->Execute(
        "INSERT OR IGNORE INTO lineage VALUES (?, 'training_set', ?, 0, ?, ?, ?)",
        {options_.project, std::to_string(id), std::string(ObjectKindName(source.kind)),
         source.name, std::int64_t{source.version}}));
  }
  COEVAL_RETURN_IF_ERROR(transaction->Commit());
  return id;
}

Result<std::vector<TrainingSetRecord>> Registry::ListTrainingSets(int limit) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  std::vector<TrainingSetRecord> records;
  COEVAL_RETURN_IF_ERROR(database_->Query(
      std::string(kTrainingSetColumns) + "WHERE project = ? ORDER BY id DESC LIMIT ?",
      {options_.project, std::int64_t{limit}}, [&](const SqlRow& row) {
        COEVAL_ASSIGN_OR_RETURN(TrainingSetRecord record, TrainingSetOf(row));
        records.push_back(std::move(record));
        return Status();
      }));
  return records;
}

Result<TrainingSetRecord> Registry::FindTrainingSet(std::int64_t id) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  std::optional<TrainingSetRecord> found;
  COEVAL_RETURN_IF_ERROR(
      database_->Query(std::string(kTrainingSetColumns) + "WHERE project = ? AND id = ?",
                       {options_.project, id}, [&](const SqlRow& row) {
                         COEVAL_ASSIGN_OR_RETURN(found, TrainingSetOf(row));
                         return Status();
                       }));
  if (!found) return Status::NotFound("there is no training set " + std::to_string(id));
  return *std::move(found);
}

Result<std::vector<HistoryEntry>> Registry::History(const std::string& name, int limit) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  std::vector<HistoryEntry> entries;
  COEVAL_RETURN_IF_ERROR(
      database_->Query("SELECT id, at, who, release, action, kind, name, version, detail FROM "
                       "history WHERE project = ?1 AND "
                       "(?2 = '' OR name = ?2) ORDER BY id DESC LIMIT ?3",
                       {options_.project, name, std::int64_t{limit}}, [&](const SqlRow& row) {
                         HistoryEntry entry;
                         entry.id = row.Int(0);
                         entry.at = row.Int(1);
                         entry.who = row.Text(2);
                         entry.release = row.Text(3);
                         entry.action = row.Text(4);
                         entry.kind = row.Text(5);
                         entry.name = row.Text(6);
                         entry.version = static_cast<int>(row.Int(7));
                         COEVAL_ASSIGN_OR_RETURN(entry.detail, ParseJson(row.Text(8)));
                         entries.push_back(std::move(entry));
                         return Status();
                       }));
  return entries;
}

Result<std::vector<LineageEdge>> Registry::Lineage() {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  std::vector<LineageEdge> edges;
  COEVAL_RETURN_IF_ERROR(
      database_->Query("SELECT from_kind, from_name, from_version, to_kind, to_name, to_version "
                       "FROM lineage AS l WHERE "
                       "project = ? AND (to_kind = 'training_set' OR EXISTS (SELECT 1 FROM objects "
                       "AS o WHERE o.project = "
                       "l.project AND o.kind = l.to_kind AND o.name = l.to_name)) ORDER BY "
                       "to_kind, to_name, to_version, "
                       "from_kind, from_name, from_version",
                       {options_.project}, [&](const SqlRow& row) {
                         edges.push_back({row.Text(0), row.Text(1), static_cast<int>(row.Int(2)),
                                          row.Text(3), row.Text(4), static_cast<int>(row.Int(5))});
                         return Status();
                       }));
  return edges;
}

}  // namespace coeval
