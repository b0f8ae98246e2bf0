// SQLite as this room uses it: a connection, prepared statements, transactions; every error as a
// Status that names the file. SQLite 3.40; nothing else of the project includes sqlite3.h.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/status.h"
#include "base/time.h"

struct sqlite3;
struct sqlite3_stmt;

namespace coeval {

// A parameter of a statement. A null text is std::monostate.
using SqlValue = std::variant<std::monostate, std::int64_t, std::string>;

inline SqlValue SqlOptional(const std::optional<std::int64_t>& value) {
  return value ? SqlValue(*value) : SqlValue();
}

// One row of an answer. Valid until the next one is asked for.
class SqlRow {
 public:
  explicit SqlRow(sqlite3_stmt* statement) : statement_(statement) {}

  [[nodiscard]] std::int64_t Int(int column) const;
  [[nodiscard]] std::string Text(int column) const;
  [[nodiscard]] bool IsNull(int column) const;
  [[nodiscard]] std::optional<std::int64_t> OptionalInt(int column) const;

 private:
  sqlite3_stmt* statement_;
};

// One thread at a time.
class SqlDatabase {
 public:
  // Opens or makes the file. A statement that finds the file locked waits up to `busy_timeout`.
  static Result<std::unique_ptr<SqlDatabase>> Open(const std::string& path,
                                                   DurationMicros busy_timeout);
  // Opens a file that nobody writes, takes no lock, and leaves nothing beside it. Errors: NotFound.
  static Result<std::unique_ptr<SqlDatabase>> OpenUnchanging(const std::string& path);
  ~SqlDatabase();
  SqlDatabase(const SqlDatabase&) = delete;
  SqlDatabase& operator=(const SqlDatabase&) = delete;

  // Runs one statement; `each` is called for each row and may stop with an error.
  template <typename Each>
  Status Query(std::string_view sql, const std::vector<SqlValue>& values, Each each) {
    COEVAL_ASSIGN_OR_RETURN(sqlite3_stmt * statement, Prepare(sql, values));
    while (true) {
      const Result<bool> row = Step(statement, sql);
      Status status = row.ok() ? Status() : row.status();
      if (status.ok() && *row) status = each(SqlRow(statement));
      if (status.ok() && *row) continue;
      Reset(statement);
      return status;
    }
  }

  Status Execute(std::string_view sql, const std::vector<SqlValue>& values = {});
  // Several statements separated by ';', without parameters.
  Status ExecuteScript(const std::string& sql);
  // The first column of the first row; 0 without a row.
  Result<std::int64_t> QueryInt(std::string_view sql, const std::vector<SqlValue>& values = {});

  // All of `to` becomes what this database is, in one transaction: others who have it open see it
  // whole, before or after. As it is in the transaction that is open here, if one is.
  Status CopyInto(SqlDatabase* to);

  [[nodiscard]] std::int64_t LastInsertId() const;
  [[nodiscard]] std::int64_t ChangedRows() const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  explicit SqlDatabase(std::string path) : path_(std::move(path)) {}

  Result<sqlite3_stmt*> Prepare(std::string_view sql, const std::vector<SqlValue>& values);
  Result<bool> Step(sqlite3_stmt* statement, std::string_view sql);
  static void Reset(sqlite3_stmt* statement);
  Status Error(int code, std::string_view doing) const;

  std::string path_;
  sqlite3* database_ = nullptr;
  // Prepared once each; Query of a statement inside its own `each` is not allowed.
  std::vector<std::pair<std::string, sqlite3_stmt*>> statements_;
};

// Rolled back unless committed.
class SqlTransaction {
 public:
  enum class Mode : std::uint8_t { kRead, kWrite };  // kWrite takes the write lock at once

  static Result<std::unique_ptr<SqlTransaction>> Begin(SqlDatabase* database, Mode mode);
  ~SqlTransaction();
  SqlTransaction(const SqlTransaction&) = delete;
  SqlTransaction& operator=(const SqlTransaction&) = delete;

  Status Commit();

 private:
  explicit SqlTransaction(SqlDatabase* database) : database_(database) {}

  SqlDatabase* database_;
  bool open_ = true;
};

}  // namespace coeval
