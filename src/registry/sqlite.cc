#include "registry/sqlite.h"

#include <sqlite3.h>

#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace coeval {

std::int64_t SqlRow::Int(int column) const {
  return sqlite3_column_int64(statement_, column);
}

std::string SqlRow::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return "";
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

bool SqlRow::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::optional<std::int64_t> SqlRow::OptionalInt(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Int(column);
}

Result<std::unique_ptr<SqlDatabase>> SqlDatabase::Open(const std::string& path,
                                                       DurationMicros busy_timeout) {
  std::unique_ptr<SqlDatabase> database(new SqlDatabase(path));
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &database->database_, flags, nullptr);
  if (code != SQLITE_OK) return database->Error(code, "cannot be opened");
  sqlite3_extended_result_codes(database->database_, 1);
  sqlite3_busy_timeout(database->database_, static_cast<int>(busy_timeout / 1000));
  // What a definition says is data: no SQL of the schema may run functions on it.
  sqlite3_db_config(database->database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database->database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

Result<std::unique_ptr<SqlDatabase>> SqlDatabase::OpenUnchanging(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::exists(path, none)) {
    return Status::NotFound("there is no file '" + path + "'");
  }
  // With an authority, which is empty: else it would be the first name of a path like
  // "//backups/x".
  std::string uri = "file://";
  for (const char c : std::filesystem::absolute(path).string()) {
    if (c == '?' || c == '#' || c == '%') {
      constexpr std::string_view kDigits = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      uri += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    } else {
      uri += c;
    }
  }
  uri += "?immutable=1";
  std::unique_ptr<SqlDatabase> database(new SqlDatabase(path));
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(uri.c_str(), &database->database_, flags, nullptr);
  if (code != SQLITE_OK) return database->Error(code, "cannot be opened");
  sqlite3_extended_result_codes(database->database_, 1);
  sqlite3_db_config(database->database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database->database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return database;
}

SqlDatabase::~SqlDatabase() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

Status SqlDatabase::Error(int code, std::string_view doing) const {
  std::string text = path_ + ": " + std::string(doing) + ": ";
  text += database_ != nullptr ? sqlite3_errmsg(database_) : sqlite3_errstr(code);
  const int system = database_ != nullptr ? sqlite3_system_errno(database_) : 0;
  switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Status::Unavailable(text + "; another process holds the registry, try again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Status::Corruption(text +
                                "; restore the file from a backup, or move it away and run "
                                "`coeval apply`");
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      if (system != 0) text += " (" + std::generic_category().message(system) + ")";
      return Status::IoError(std::move(text));
    case SQLITE_FULL:
      return Status::IoError(text + "; make room, nothing was changed");
    case SQLITE_READONLY:
      return Status::IoError(text + "; the file or its folder is write-protected");
    default:
      return Status::Internal(text);
  }
}

Result<sqlite3_stmt*> SqlDatabase::Prepare(std::string_view sql,
                                           const std::vector<SqlValue>& values) {
  sqlite3_stmt* statement = nullptr;
  for (const auto& [known, prepared] : statements_) {
    if (known == sql) statement = prepared;
  }
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()),
                                        &statement, nullptr);
    if (code != SQLITE_OK) return Error(code, sql);
    statements_.emplace_back(sql, statement);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const int position = static_cast<int>(i) + 1;
    int code = SQLITE_OK;
    if (const auto* number = std::get_if<std::int64_t>(&values[i])) {
      code = sqlite3_bind_int64(statement, position, *number);
    } else if (const auto* text = std::get_if<std::string>(&values[i])) {
      code = sqlite3_bind_text64(statement, position, text->data(), text->size(), SQLITE_TRANSIENT,
                                 SQLITE_UTF8);
    } else {
      code = sqlite3_bind_null(statement, position);
    }
    if (code != SQLITE_OK) return Error(code, sql);
  }
  return statement;
}

Result<bool> SqlDatabase::Step(sqlite3_stmt* statement, std::string_view sql) {
  const int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return Error(code, sql.substr(0, 60));
}

void SqlDatabase::Reset(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

Status SqlDatabase::Execute(std::string_view sql, const std::vector<SqlValue>& values) {
  return Query(sql, values, [](const SqlRow&) { return Status(); });
}

Status SqlDatabase::ExecuteScript(const std::string& sql) {
  const int code = sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Error(code, "cannot be set up");
  return {};
}

Result<std::int64_t> SqlDatabase::QueryInt(std::string_view sql,
                                           const std::vector<SqlValue>& values) {
  std::int64_t value = 0;
  bool first = true;
  COEVAL_RETURN_IF_ERROR(Query(sql, values, [&](const SqlRow& row) {
    if (first) value = row.Int(0);
    first = false;
    return Status();
  }));
  return value;
}

Status SqlDatabase::CopyInto(SqlDatabase* to) {
  sqlite3_backup* copying = sqlite3_backup_init(to->database_, "main", database_, "main");
  if (copying == nullptr) return to->Error(sqlite3_errcode(to->database_), "cannot be written");
  const int code = sqlite3_backup_step(copying, -1);
  const int finished = sqlite3_backup_finish(copying);
  if (code == SQLITE_DONE && finished == SQLITE_OK) return {};
  return to->Error(code == SQLITE_DONE ? finished : code, "cannot be written");
}

std::int64_t SqlDatabase::LastInsertId() const {
  return sqlite3_last_insert_rowid(database_);
}

std::int64_t SqlDatabase::ChangedRows() const {
  return sqlite3_changes64(database_);
}

Result<std::unique_ptr<SqlTransaction>> SqlTransaction::Begin(SqlDatabase* database, Mode mode) {
  COEVAL_RETURN_IF_ERROR(
      database->Execute(mode == Mode::kWrite ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED"));
  return std::unique_ptr<SqlTransaction>(new SqlTransaction(database));
}

SqlTransaction::~SqlTransaction() {
  // A failed statement may have ended the transaction already; then this does nothing.
  if (open_) static_cast<void>(database_->Execute("ROLLBACK"));
}

Status SqlTransaction::Commit() {
  COEVAL_RETURN_IF_ERROR(database_->Execute("COMMIT"));
  open_ = false;
  return {};
}

}  // namespace coeval
