#include "registry/registry_file.h"

#include <filesystem>
#include <system_error>

namespace coeval {
namespace {

// Damage is looked for at opening while that is quick.
constexpr std::uintmax_t kMaxCheckedBytes = std::uintmax_t{16} << 20;

constexpr const char* kTables = R"sql(
CREATE TABLE format (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  format INTEGER NOT NULL,
  oldest_reader INTEGER NOT NULL,
  release TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE projects (
  project TEXT NOT NULL PRIMARY KEY,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE versions (
  project TEXT NOT NULL REFERENCES projects,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version > 0),
  identity TEXT NOT NULL,
  data_identity TEXT NOT NULL,
  content TEXT NOT NULL,
  definition TEXT NOT NULL,
  label TEXT NOT NULL,
  release TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  served_at INTEGER,
  activated_at INTEGER,
  PRIMARY KEY (project, kind, name, version),
  UNIQUE (project, kind, name, identity)
) STRICT, WITHOUT ROWID;
CREATE TABLE objects (
  project TEXT NOT NULL REFERENCES projects,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  definition TEXT NOT NULL,
  version INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  updated_by TEXT NOT NULL,
  PRIMARY KEY (project, kind, name),
  FOREIGN KEY (project, kind, name, version) REFERENCES versions
) STRICT, WITHOUT ROWID;
CREATE TABLE activations (
  project TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  depth INTEGER NOT NULL CHECK (depth > 0),
  version INTEGER NOT NULL,
  activated_at INTEGER NOT NULL,
  activated_by TEXT NOT NULL,
  PRIMARY KEY (project, kind, name, depth),
  FOREIGN KEY (project, kind, name, version) REFERENCES versions,
  FOREIGN KEY (project, kind, name) REFERENCES objects
) STRICT, WITHOUT ROWID;
CREATE TABLE lineage (
  project TEXT NOT NULL REFERENCES projects,
  to_kind TEXT NOT NULL,
  to_name TEXT NOT NULL,
  to_version INTEGER NOT NULL,
  from_kind TEXT NOT NULL,
  from_name TEXT NOT NULL,
  from_version INTEGER NOT NULL,
  PRIMARY KEY (project, to_kind, to_name, to_version, from_kind, from_name, from_version)
) STRICT, WITHOUT ROWID;
CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project TEXT NOT NULL REFERENCES projects,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  release TEXT NOT NULL,
  action TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX history_of_object ON history (project, kind, name, id);
CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project TEXT NOT NULL REFERENCES projects,
  kind TEXT NOT NULL,
  view TEXT NOT NULL,
  version INTEGER NOT NULL,
  interval_start INTEGER,
  interval_end INTEGER,
  rows_read INTEGER NOT NULL,
  rows_written INTEGER NOT NULL,
  rows_refused INTEGER NOT NULL,
  status TEXT NOT NULL,
  release TEXT NOT NULL,
  who TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  finished_at INTEGER,
  error TEXT NOT NULL
) STRICT;
CREATE INDEX runs_of_view ON runs (project, view, id);
CREATE INDEX runs_unfinished ON runs (project, kind, view, version) WHERE status = 'running';
CREATE TABLE training_sets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  project TEXT NOT NULL REFERENCES projects,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  release TEXT NOT NULL,
  row_count INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  manifest TEXT NOT NULL
) STRICT;
CREATE INDEX training_sets_by_hash ON training_sets (project, content_hash);
)sql";

Status MakeFolder(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) {
    return Status::IoError("the registry's folder " + folder.string() +
                           " cannot be made: " + error.message());
  }
  if (std::filesystem::is_directory(path, error)) {
    return Status::InvalidArgument("the registry " + path + " is a folder; name a file");
  }
  return {};
}

Status CheckFormat(SqlDatabase* database, std::int64_t format) {
  if (format <= kRegistryFormat) {
    if (format == kRegistryFormat) return {};
    return Status::Corruption(database->path() + ": format " + std::to_string(format) +
                              " never was; restore the file from a backup");
  }
  std::int64_t oldest_reader = format;
  std::string release;
  COEVAL_RETURN_IF_ERROR(
      database->Query("SELECT oldest_reader, release FROM format", {}, [&](const SqlRow& row) {
        oldest_reader = row.Int(0);
        release = row.Text(1);
        return Status();
      }));
  if (oldest_reader <= kRegistryFormat) return {};
  return Status::FailedPrecondition(
      "the registry " + database->path() + " has format " + std::to_string(format) +
      ", written by release " + release + "; this release reads up to format " +
      std::to_string(kRegistryFormat) + ": run release " + release + " or a later one");
}

Status CheckApplication(SqlDatabase* database) {
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t application,
                          database->QueryInt("PRAGMA application_id"));
  if (application == kRegistryApplicationId) return {};
  return Status::FailedPrecondition(database->path() +
                                    " is a database of another program; name another file for the "
                                    "registry");
}

// Inside a write transaction: a file without tables becomes a registry; another is checked.
Status SetUp(SqlDatabase* database, TimeMicros now, const std::string& release) {
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t tables,
                          database->QueryInt("SELECT count(*) FROM sqlite_schema"));
  if (tables > 0) return CheckRegistryStamp(database);
  COEVAL_RETURN_IF_ERROR(database->ExecuteScript(
      "PRAGMA application_id = " + std::to_string(kRegistryApplicationId) +
      "; PRAGMA user_version = " + std::to_string(kRegistryFormat) + ";" + kTables));
  return database->Execute(
      "INSERT INTO format VALUES (1, ?, ?, ?, ?)",
      {std::int64_t{kRegistryFormat}, std::int64_t{kRegistryFormat}, release, now});
}

Status CheckPages(SqlDatabase* database) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(database->path(), error);
  if (error || size > kMaxCheckedBytes) return {};
  return database->Query("PRAGMA quick_check(1)", {}, [&](const SqlRow& row) {
    if (row.Text(0) == "ok") return Status();
    return Status::Corruption(
        "the registry " + database->path() + " is damaged: " + row.Text(0) +
        "; restore the file from a backup, or move it away and run `coeval apply`");
  });
}

// Changing the mode needs the file alone for a moment and does not wait for it by itself. It stays
// with the file, so only a new one, or one whose maker was stopped, is changed.
Status TakeWalMode(SqlDatabase* database) {
  std::string mode;
  COEVAL_RETURN_IF_ERROR(database->Query("PRAGMA journal_mode", {}, [&](const SqlRow& row) {
    mode = row.Text(0);
    return Status();
  }));
  for (int attempt = 0; mode != "wal"; ++attempt) {
    Status status = database->Execute("PRAGMA journal_mode = WAL");
    if (status.code() != StatusCode::kUnavailable || attempt == 200) return status;
    // Waits with SQLite's own handler: a write lock that is given back at once.
    Result<std::unique_ptr<SqlTransaction>> wait =
        SqlTransaction::Begin(database, SqlTransaction::Mode::kWrite);
    if (!wait.ok()) return wait.status();
  }
  return {};
}

}  // namespace

Status CheckRegistryStamp(SqlDatabase* database) {
  COEVAL_RETURN_IF_ERROR(CheckApplication(database));
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t format, database->QueryInt("PRAGMA user_version"));
  return CheckFormat(database, format);
}

Result<std::unique_ptr<SqlDatabase>> OpenRegistryFile(const std::string& path, TimeMicros now,
                                                      const std::string& release,
                                                      DurationMicros busy_timeout) {
  COEVAL_RETURN_IF_ERROR(MakeFolder(path));
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<SqlDatabase> database,
                          SqlDatabase::Open(path, busy_timeout));
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t tables,
                          database->QueryInt("SELECT count(*) FROM sqlite_schema"));
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t format, database->QueryInt("PRAGMA user_version"));
  COEVAL_RETURN_IF_ERROR(database->Execute("PRAGMA synchronous = FULL"));
  COEVAL_RETURN_IF_ERROR(database->Execute("PRAGMA foreign_keys = ON"));
  // A registry of this format is only read here, so that a write-protected one can be looked at.
  COEVAL_ASSIGN_OR_RETURN(
      std::unique_ptr<SqlTransaction> transaction,
      SqlTransaction::Begin(database.get(), tables == 0 || format < kRegistryFormat
                                                ? SqlTransaction::Mode::kWrite
                                                : SqlTransaction::Mode::kRead));
  COEVAL_RETURN_IF_ERROR(SetUp(database.get(), now, release));
  COEVAL_RETURN_IF_ERROR(transaction->Commit());
  COEVAL_RETURN_IF_ERROR(TakeWalMode(database.get()));
  COEVAL_RETURN_IF_ERROR(CheckPages(database.get()));
  return database;
}

}  // namespace coeval
