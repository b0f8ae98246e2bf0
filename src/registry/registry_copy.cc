#include "registry/registry_copy.h"

#include <utility>

#include "io/files.h"
#include "registry/registry_file.h"
#include "registry/stored_state.h"

namespace coeval {
namespace {

// PRAGMAs that tell what is wrong in rows: nothing, or one row that says "ok".
Status CheckAll(SqlDatabase* database, const char* pragma) {
  return database->Query(pragma, {}, [&](const SqlRow& row) {
    if (row.Text(0) == "ok") return Status();
    return Status::Corruption("the registry '" + database->path() + "' is damaged: " + row.Text(0));
  });
}

}  // namespace

Result<std::unique_ptr<RegistryCopy>> RegistryCopy::Begin(std::unique_lock<std::mutex> lock,
                                                          SqlDatabase* database) {
  COEVAL_ASSIGN_OR_RETURN(auto transaction,
                          SqlTransaction::Begin(database, SqlTransaction::Mode::kRead));
  // The first read is what fixes the moment.
  COEVAL_RETURN_IF_ERROR(database->QueryInt("SELECT count(*) FROM projects").status());
  return std::unique_ptr<RegistryCopy>(
      new RegistryCopy(std::move(lock), database, std::move(transaction)));
}

Status RegistryCopy::WriteTo(const std::string& path) {
  if (FileExists(path)) return Status::AlreadyExists("'" + path + "' is there already");
  {
    COEVAL_ASSIGN_OR_RETURN(const auto copy, SqlDatabase::Open(path, kSecond));
    COEVAL_RETURN_IF_ERROR(database_->CopyInto(copy.get()));
    // So that it can be read where nothing can be written beside it.
    COEVAL_RETURN_IF_ERROR(copy->Execute("PRAGMA journal_mode = DELETE"));
  }
  return SyncFile(path);
}

Result<RegistryContent> VerifyRegistryCopy(const std::string& path, const std::string& project) {
  COEVAL_ASSIGN_OR_RETURN(const auto database, SqlDatabase::OpenUnchanging(path));
  COEVAL_RETURN_IF_ERROR(CheckRegistryStamp(database.get()));
  COEVAL_RETURN_IF_ERROR(CheckAll(database.get(), "PRAGMA integrity_check(1)"));
  COEVAL_RETURN_IF_ERROR(CheckAll(database.get(), "PRAGMA foreign_key_check"));
  COEVAL_ASSIGN_OR_RETURN(const auto transaction,
                          SqlTransaction::Begin(database.get(), SqlTransaction::Mode::kRead));
  COEVAL_ASSIGN_OR_RETURN(const StoredState state, ReadStoredState(database.get(), project));
  COEVAL_RETURN_IF_ERROR(CatalogueOf(state).status());
  COEVAL_RETURN_IF_ERROR(transaction->Commit());
  RegistryContent content;
  content.revision = state.revision;
  content.objects = std::ssize(state.objects);
  for (const auto& [key, versions] : state.versions) content.versions += std::ssize(versions);
  return content;
}

}  // namespace coeval
