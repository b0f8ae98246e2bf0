// FeatureStore: backups (backup.h).
#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "ingest/quarantine.h"
#include "io/copy_file.h"
#include "io/files.h"
#include "registry/registry_copy.h"
#include "store/backup.h"
#include "store/backup_manifest.h"
#include "store/store_core.h"

namespace coeval {
namespace {

constexpr const char* kRegistryName = "registry.db";
constexpr const char* kClaimName = "WRITING";  // of who writes the backup, until all is copied

std::string Resolved(const std::string& path) {
  std::error_code failed;
  const auto resolved = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : resolved.string();
}

bool IsBelow(const std::string& path, const std::string& folder) {
  return (Resolved(path) + "/").starts_with(Resolved(folder) + "/");
}

Status CheckOutside(const std::string& folder, const FeatureStore::Impl& impl) {
  for (const std::string& place : {impl.places.state, impl.places.online}) {
    if (!IsBelow(folder, place)) continue;
    return Status::InvalidArgument("the folder of a backup cannot lie in the store's own, '" +
                                   place + "': name one elsewhere, best on another disk");
  }
  return {};
}

// But for `own`, which is there by right.
Status CheckEmpty(const std::string& folder, const std::string& own = "") {
  COEVAL_ASSIGN_OR_RETURN(const auto names, ListDirectory(folder));
  if (names.empty() || (names.size() == 1 && names.front() == own)) return {};
  if (std::find(names.begin(), names.end(), kClaimName) != names.end() && own.empty()) {
    return Status::FailedPrecondition("another backup is being written into '" + folder +
                                      "', or was interrupted: name another folder");
  }
  return Status::FailedPrecondition(
      "'" + folder + "' is not empty" +
      (HasBackupManifest(folder) ? ", it holds a backup: name another folder"
                                 : ": name another folder, or remove it where it is what a backup "
                                   "left that was interrupted"));
}

// A folder that one backup alone writes into: a new one, or one that was empty. Who fails removes
// what he wrote, and so nothing of another's.
class BackupTarget {
 public:
  explicit BackupTarget(std::string folder) : folder_(std::move(folder)) {}

  BackupTarget(const BackupTarget&) = delete;
  BackupTarget& operator=(const BackupTarget&) = delete;

  ~BackupTarget() {
    if (claimed_ && !kept_) RemoveParts();
  }

  // Errors: FailedPrecondition (it is in use).
  Status Claim() {
    is_new_ = !IsDirectory(folder_);
    if (is_new_ && FileExists(folder_)) {
      return Status::FailedPrecondition("'" + folder_ + "' is a file");
    }
    COEVAL_RETURN_IF_ERROR(MakeDirectoriesDurably(folder_, 0700));
    COEVAL_RETURN_IF_ERROR(CheckEmpty(folder_));
    const Status claimed = MakeNewFile(ClaimFile());
    if (claimed.code() == StatusCode::kAlreadyExists) {
      return Status::FailedPrecondition("another backup is being written into '" + folder_ +
                                        "': name another folder");
    }
    COEVAL_RETURN_IF_ERROR(claimed);
    // Another one may have come to its end between the two looks.
    Status alone = CheckEmpty(folder_, kClaimName);
    claimed_ = alone.ok();
    if (!claimed_) static_cast<void>(RemoveTree(ClaimFile()));
    return alone;
  }

  // All is copied: nobody takes the folder for an empty one any more.
  Status EndClaim() {
    claim_ended_ = true;
    return RemoveTree(ClaimFile());
  }

  void Keep() { kept_ = true; }

 private:
  [[nodiscard]] std::string ClaimFile() const { return JoinPath(folder_, kClaimName); }

  // What tells that it is a backup goes first, what keeps others away last.
  void RemoveParts() const {
    for (const char* part : {"backup.json", "online", "log", "quarantine", kRegistryName}) {
      if (!RemoveTree(JoinPath(folder_, part)).ok()) return;
    }
    if (!claim_ended_ && !RemoveTree(ClaimFile()).ok()) return;
    std::error_code failed;
    if (is_new_) std::filesystem::remove(folder_, failed);  // unless somebody else uses it now
  }

  const std::string folder_;
  bool is_new_ = false;
  bool claimed_ = false;
  bool claim_ended_ = false;
  bool kept_ = false;
};

// One backup, by the process that owns the store.
class BackupWriter {
 public:
  BackupWriter(FeatureStore::Impl& impl, OpenedStore& store, std::string folder,
               BackupTarget& target, Context context)
      : impl_(impl),
        store_(store),
        folder_(std::move(folder)),
        target_(target),
        context_(std::move(context)),
        go_on_([this] { return context_.cancel->Check(); }) {}

  BackupWriter(const BackupWriter&) = delete;
  BackupWriter& operator=(const BackupWriter&) = delete;

  ~BackupWriter() {
    if (!checkpoint_.empty()) static_cast<void>(RemoveTree(checkpoint_));  // or the next opening
  }

  Result<BackupManifest> Write() {
    COEVAL_RETURN_IF_ERROR(CopyQuarantine());
    COEVAL_RETURN_IF_ERROR(TakePoint());
    COEVAL_RETURN_IF_ERROR(CopyCheckpoint());
    for (const LogPiece& piece : pieces_) {
      COEVAL_RETURN_IF_ERROR(
          Copy(JoinPath(impl_.places.log, piece.name), "log/" + piece.name, piece.bytes));
    }
    held_ = {};  // the log may be sealed again
    for (auto& [name, content] : quarantine_) {
      manifest_.files.push_back({"quarantine/" + name, std::move(content)});
    }
    COEVAL_RETURN_IF_ERROR(target_.EndClaim());
    COEVAL_RETURN_IF_ERROR(SyncFolders());
    manifest_.project = impl_.config.project;
    manifest_.release = COEVAL_VERSION;
    manifest_.epoch = impl_.places.epoch;
    COEVAL_RETURN_IF_ERROR(WriteBackupManifest(folder_, manifest_));
    return std::move(manifest_);
  }

 private:
  // Nothing is pushed or carried in the moment at which all of it is fixed: a few milliseconds.
  Status TakePoint() {
    Ingester* pushes = FindPushes();
    if (pushes != nullptr) held_ = pushes->HoldFiles();
    {
      const std::lock_guard no_new_log(store_.log_mutex);
      if (pushes == nullptr && store_.ingester) held_ = store_.ingester->HoldFiles();
      COEVAL_ASSIGN_OR_RETURN(checkpoint_, store_.online->Checkpoint([&] { return AtPoint(); }));
    }
    COEVAL_RETURN_IF_ERROR(registry_->WriteTo(JoinPath(checkpoint_, kRegistryName)));
    registry_.reset();  // other calls need it
    return {};
  }

  Status AtPoint() {
    COEVAL_ASSIGN_OR_RETURN(manifest_.time, context_.clock->Now());
    if (store_.ingester) {
      COEVAL_ASSIGN_OR_RETURN(pieces_, store_.ingester->Files());
      manifest_.log_last = store_.ingester->LogEnd();
      manifest_.log_epoch = static_cast<std::int64_t>(store_.ingester->epoch());
    }
    COEVAL_ASSIGN_OR_RETURN(registry_, impl_.registry->BeginCopy());
    return CopyQuarantine();
  }

  Ingester* FindPushes() {
    const std::lock_guard lock(store_.log_mutex);
    return store_.ingester.get();
  }

  // What is new since the last time, and not what went since.
  Status CopyQuarantine() {
    COEVAL_ASSIGN_OR_RETURN(const auto names, impl_.SetApart().Files());
    std::map<std::string, FileContent> now;
    for (const std::string& name : names) {
      const auto known = quarantine_.find(name);
      if (known != quarantine_.end()) {
        now.insert(quarantine_.extract(known));
        continue;
      }
      COEVAL_RETURN_IF_ERROR(MakeDirectories(JoinPath(folder_, "quarantine"), 0700));
      const std::string from = JoinPath(impl_.places.quarantine, name);
      const auto copied =
          CopyFileDurably(from, JoinPath(folder_, "quarantine/" + name), -1, go_on_);
      const bool not_found = copied.status().code() == StatusCode::kNotFound;
      if (not_found && !FileExists(from)) continue;  // it went meanwhile
      if (!copied.ok()) return copied.status();
      now[name] = *copied;
    }
    for (const auto& [name, content] : quarantine_) {
      COEVAL_RETURN_IF_ERROR(RemoveTree(JoinPath(folder_, "quarantine/" + name)));
    }
    quarantine_ = std::move(now);
    return {};
  }

  Status CopyCheckpoint() {
    COEVAL_RETURN_IF_ERROR(Copy(JoinPath(checkpoint_, kRegistryName), kRegistryName));
    COEVAL_ASSIGN_OR_RETURN(const auto names, ListDirectory(JoinPath(checkpoint_, "db")));
    for (const std::string& name : names) {
      COEVAL_RETURN_IF_ERROR(Copy(checkpoint_ + "/db/" + name, "online/db/" + name));
    }
    for (const char* name : {"FORMAT", "LEASE"}) {
      COEVAL_RETURN_IF_ERROR(Copy(JoinPath(checkpoint_, name), std::string("online/") + name));
    }
    return {};
  }

  Status Copy(const std::string& from, const std::string& name, std::int64_t bytes = -1) {
    const std::string to = JoinPath(folder_, name);
    COEVAL_RETURN_IF_ERROR(MakeDirectories(ParentDirectory(to), 0700));
    COEVAL_ASSIGN_OR_RETURN(FileContent content, CopyFileDurably(from, to, bytes, go_on_));
    manifest_.files.push_back({name, std::move(content)});
    return {};
  }

  // The names of all that was made.
  Status SyncFolders() const {
    std::error_code failed;
    std::filesystem::recursive_directory_iterator entries(folder_, failed);
    for (; !failed && entries != std::filesystem::recursive_directory_iterator();
         entries.increment(failed)) {
      if (entries->is_directory(failed)) COEVAL_RETURN_IF_ERROR(SyncDirectory(entries->path()));
    }
    if (failed) return Status::IoError("'" + folder_ + "' cannot be listed: " + failed.message());
    return SyncDirectory(folder_);
  }

  FeatureStore::Impl& impl_;
  OpenedStore& store_;
  const std::string folder_;
  BackupTarget& target_;
  const Context context_;
  const GoOn go_on_;
  BackupManifest manifest_;
  std::map<std::string, FileContent> quarantine_;  // what is copied of it
  std::unique_lock<std::mutex> held_;              // while the log's files are copied
  std::vector<LogPiece> pieces_;
  std::unique_ptr<RegistryCopy> registry_;
  std::string checkpoint_;
};

Result<Json> BackupHere(FeatureStore::Impl& impl, OpenedStore& store, const std::string& folder,
                        const std::shared_ptr<CancelToken>& cancel) {
  COEVAL_RETURN_IF_ERROR(CheckOutside(folder, impl));
  BackupTarget target(folder);
  COEVAL_RETURN_IF_ERROR(target.Claim());
  auto manifest = BackupWriter(impl, store, folder, target, impl.With(cancel)).Write();
  if (!manifest.ok()) return manifest.status().WithContext("no backup was taken");
  target.Keep();
  Json json = Json::MakeObject();
  json.Set("backup", folder).Set("time", FormatTime(manifest->time));
  json.Set("files", std::ssize(manifest->files)).Set("bytes", manifest->bytes());
  return json.Set("records", manifest->log_last);
}

}  // namespace

Result<Json> FeatureStore::Backup(const std::string& folder,
                                  const std::shared_ptr<CancelToken>& cancel) {
  if (folder.empty()) return Status::InvalidArgument("a backup needs a folder");
  std::error_code failed;
  std::string path = std::filesystem::absolute(folder, failed).lexically_normal().string();
  if (failed) return Status::IoError("'" + folder + "' has no path: " + failed.message());
  if (path.size() > 1 && path.back() == '/') path.pop_back();
  auto done = impl_->AtStore<Json>(
      [&](OpenedStore& store) { return BackupHere(*impl_, store, path, cancel); },
      [&](StoreOwner& owner) {
        return owner.Backup(path, cancel ? cancel.get() : impl_->context.cancel.get());
      });
  if (!done.ok()) return impl_->config.Redact(done.status());
  return done;
}

}  // namespace coeval
