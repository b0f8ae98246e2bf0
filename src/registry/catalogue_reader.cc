#include "registry/catalogue_reader.h"

#include <utility>

#include "registry/registry_file.h"
#include "registry/stored_state.h"

namespace coeval {

CatalogueReader::CatalogueReader(std::string path, std::string project, DurationMicros busy_timeout)
    : path_(std::move(path)),
      project_(std::move(project)),
      busy_timeout_(busy_timeout),
      at_fork_(
          [this] {
            mutex_.lock();
            database_.reset();
          },
          [this] { mutex_.unlock(); }) {}

Status CatalogueReader::Connect() {
  if (database_ != nullptr) return {};
  COEVAL_ASSIGN_OR_RETURN(auto database, SqlDatabase::Open(path_, busy_timeout_));
  COEVAL_RETURN_IF_ERROR(CheckRegistryStamp(database.get()));
  database_ = std::move(database);
  data_version_ = -1;
  return {};
}

// SQLite's data version changes when another connection commits, and this one never does.
Result<CatalogueSnapshot> CatalogueReader::Snapshot() {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t data_version,
                          database_->QueryInt("PRAGMA data_version"));
  if (snapshot_ != nullptr && data_version == data_version_) return snapshot_;
  if (snapshot_ != nullptr) {  // runs and training sets change no catalogue
    COEVAL_ASSIGN_OR_RETURN(
        const std::int64_t revision,
        database_->QueryInt("SELECT revision FROM projects WHERE project = ?", {project_}));
    if (revision == snapshot_->revision) {
      data_version_ = data_version;
      return snapshot_;
    }
  }
  COEVAL_ASSIGN_OR_RETURN(std::unique_ptr<SqlTransaction> transaction,
                          SqlTransaction::Begin(database_.get(), SqlTransaction::Mode::kRead));
  COEVAL_ASSIGN_OR_RETURN(const StoredState state, ReadStoredState(database_.get(), project_));
  COEVAL_RETURN_IF_ERROR(transaction->Commit());
  COEVAL_ASSIGN_OR_RETURN(snapshot_, CatalogueOf(state));
  data_version_ = data_version;
  return snapshot_;
}

Result<bool> CatalogueReader::IsServed(ObjectKind kind, const std::string& name, int version) {
  const std::lock_guard lock(mutex_);
  COEVAL_RETURN_IF_ERROR(Connect());
  COEVAL_ASSIGN_OR_RETURN(
      const std::int64_t open,
      database_->QueryInt(
          "SELECT count(*) FROM versions WHERE project = ? AND kind = ? AND name = ? AND "
          "version = ? AND served_at IS NULL",
          {project_, std::string(ObjectKindName(kind)), name, std::int64_t{version}}));
  return open == 0;
}

}  // namespace coeval
