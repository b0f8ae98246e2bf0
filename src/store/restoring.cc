// Backups looked over, and brought back (backup.h).
#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "config/config.h"
#include "io/copy_file.h"
#include "io/files.h"
#include "io/lock_file.h"
#include "io/random_bytes.h"
#include "log/log_recovery.h"
#include "log/sealed_log.h"
#include "online/rocksdb/checkpoint.h"
#include "online/rocksdb/format_stamp.h"
#include "registry/registry_copy.h"
#include "store/backup.h"
#include "store/backup_manifest.h"
#include "store/store_places.h"

namespace coeval {
namespace {

constexpr std::int64_t kEpochStep = 1'000'000;

std::string RestoringFile(const std::string& state) {
  return JoinPath(state, "RESTORING");
}

// First of all, so that no more is read of a file than was backed up, however long it is now.
Status CheckSize(const std::string& path, const BackupFile& file) {
  const auto size = FileSize(path);
  if (size.status().code() == StatusCode::kNotFound) {
    return Status::Corruption("'" + path + "', a part of the backup, is missing: take another");
  }
  if (!size.ok()) return size.status();
  if (!IsRegularFile(path)) {
    return Status::Corruption("'" + path + "', a part of the backup, is no regular file");
  }
  if (*size == file.content.bytes) return {};
  return Status::Corruption("'" + path + "' is not what was backed up: it has " +
                            std::to_string(*size) + " bytes, and had " +
                            std::to_string(file.content.bytes) + ": take another backup");
}

Status CheckContent(const std::string& path, const BackupFile& file, const FileContent& found) {
  if (found == file.content) return {};
  return Status::Corruption("'" + path + "' is not what was backed up: it has " +
                            std::to_string(found.bytes) + " bytes and SHA-256 " +
                            found.sha256.substr(0, 12) + "..., and had " +
                            std::to_string(file.content.bytes) + " and " +
                            file.content.sha256.substr(0, 12) + "...: take another backup");
}

Status CheckHashes(const std::string& folder, const BackupManifest& manifest, const GoOn& go_on) {
  for (const BackupFile& file : manifest.files) {
    const std::string path = JoinPath(folder, file.name);
    COEVAL_RETURN_IF_ERROR(CheckSize(path, file));
    COEVAL_ASSIGN_OR_RETURN(const FileContent found, HashFile(path, file.content.bytes, go_on));
    COEVAL_RETURN_IF_ERROR(CheckContent(path, file, found));
  }
  return {};
}

// What does not fit together, by what each part says of itself.
Result<std::vector<std::string>> CheckLog(const std::string& folder, const BackupManifest& manifest,
                                          const CheckpointContent& online) {
  std::vector<std::string> problems;
  const std::string log = JoinPath(folder, "log");
  RecoveredLog files;
  SealedLog sealed;
  if (IsDirectory(log)) {
    COEVAL_ASSIGN_OR_RETURN(files, RecoverLog(log));
    COEVAL_ASSIGN_OR_RETURN(sealed, ReadSealedLog(log));
  }
  const std::int64_t last = files.files.empty() ? 0 : files.files.back().last;
  const auto expect = [&](bool holds, const std::string& what) {
    if (!holds) problems.push_back(what);
  };
  expect(last == manifest.log_last, "the log ends with record " + std::to_string(last) +
                                        ", and did with " + std::to_string(manifest.log_last));
  expect(online.log_applied <= last, "the online store holds pushes up to record " +
                                         std::to_string(online.log_applied) +
                                         ", which the log has not");
  expect(sealed.last <= last, "the sealed segments reach record " + std::to_string(sealed.last) +
                                  ", which the log does not");
  return problems;
}

// What would give way: paths, none of which a later epoch lies below.
Result<std::vector<std::string>> Occupied(const StorePlaces& places) {
  std::vector<std::string> found;
  const auto registry = FileSize(places.registry);
  if (registry.ok()) {
    found.push_back(places.registry);
  } else if (registry.status().code() != StatusCode::kNotFound) {
    return registry.status();
  }
  for (const std::string& folder : {places.online, places.log, places.quarantine}) {
    const auto names = ListDirectory(folder);
    if (names.status().code() == StatusCode::kNotFound) continue;
    if (!names.ok()) return names.status();
    const bool whole = IsInState(places, folder);  // else epochs may lie in it
    if (whole && !names->empty()) found.push_back(folder);
    for (const std::string& name : *names) {
      if (!whole && !IsEpochName(name)) found.push_back(JoinPath(folder, name));
    }
  }
  return found;
}

// The greatest of which there is a folder, counting or not.
Result<std::int64_t> GreatestEpochIn(const std::string& state) {
  COEVAL_ASSIGN_OR_RETURN(const auto names, ListDirectory(state));
  std::int64_t greatest = 0;
  for (const std::string& name : names) greatest = std::max(greatest, EpochOfName(name));
  return greatest;
}

// Greater than all that are known, also of the log, and not the next one: two stores that come of
// one backup have two.
Result<std::int64_t> NewEpoch(std::int64_t known) {
  if (known > kGreatestEpoch - 2 * kEpochStep) {
    return Status::FailedPrecondition("no epoch comes after " + std::to_string(known) +
                                      ": restore into another repository");
  }
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(8));
  const auto random = static_cast<std::int64_t>(Hash64(bytes) % (kEpochStep - 1)) + 1;
  return (known / kEpochStep + 1) * kEpochStep + random;
}

class Restorer {
 public:
  Restorer(const Config& config, std::string folder, BackupManifest manifest,
           const Context& context)
      : config_(config),
        folder_(std::move(folder)),
        manifest_(std::move(manifest)),
        context_(context) {}

  Result<Json> Run(const RestoreOptions& options) {
    const std::string state = PlacesOf(config_, 0).state;
    COEVAL_RETURN_IF_ERROR(MakeDirectoriesDurably(state, 0700));
    auto lock = LockFile::Acquire(JoinPath(state, "RESTORE"));
    if (!lock.ok()) return lock.status().WithContext("one restore at a time");
    // Damaged, it stands for an epoch that nobody can open.
    const auto current = ReadStoreEpoch(state);
    if (!current.ok() && !(options.replace && current.status().code() == StatusCode::kCorruption)) {
      return current.status();
    }
    const StorePlaces old = PlacesOf(config_, current.ok() ? *current : 0);
    COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> replaced, Occupied(old));
    if (!replaced.empty() && !options.replace) {
      return Status::FailedPrecondition(
          "there is a store already ('" + replaced.front() +
          "'): restore with --replace, which leaves its files where they are, or move them away");
    }
    COEVAL_RETURN_IF_ERROR(RemoveUnfinished(state));
    COEVAL_ASSIGN_OR_RETURN(const std::int64_t greatest, GreatestEpochIn(state));
    COEVAL_ASSIGN_OR_RETURN(
        const std::int64_t epoch,
        NewEpoch(std::max({old.epoch, greatest, manifest_.epoch, manifest_.log_epoch})));
    const StorePlaces places = PlacesOf(config_, epoch);
    COEVAL_RETURN_IF_ERROR(
        WriteFileAtomically(RestoringFile(state), std::to_string(epoch) + "\n", 0600));
    Status copied = CopyAll(places);
    if (copied.ok()) copied = CheckReadable(places);
    if (!copied.ok()) {
      // Or the next restore does.
      if (RemoveCopies(epoch).ok()) static_cast<void>(ForgetUnfinished(state));
      return copied.WithContext("nothing was restored");
    }
    COEVAL_RETURN_IF_ERROR(WriteStoreEpoch(state, epoch));
    // Where it stays, it names the epoch that counts: the next restore removes it alone.
    static_cast<void>(ForgetUnfinished(state));
    return ReportOf(old, epoch, replaced);
  }

 private:
  // The copies of a restore that was killed, or failed.
  Status RemoveUnfinished(const std::string& state) const {
    COEVAL_RETURN_IF_ERROR(RemoveHalfWritten(state));
    const auto text = ReadFile(RestoringFile(state), 64);
    if (text.status().code() == StatusCode::kNotFound) return {};
    if (!text.ok()) return text.status();
    const auto json = ParseJson(*text);
    const std::int64_t epoch = json.ok() && json->is_int() ? json->AsInt() : 0;
    if (epoch > 0 && epoch <= kGreatestEpoch) {
      // It may have come to its last step; where EPOCH cannot tell, it may be what counted.
      const auto now = ReadStoreEpoch(state);
      if (now.status().code() == StatusCode::kCorruption) return {};
      if (!now.ok()) return now.status();
      if (epoch != *now) COEVAL_RETURN_IF_ERROR(RemoveCopies(epoch));
    }
    return ForgetUnfinished(state);
  }

  // What a killed restore did not come to rename.
  static Status RemoveHalfWritten(const std::string& state) {
    COEVAL_ASSIGN_OR_RETURN(const auto names, ListDirectory(state));
    for (const std::string& name : names) {
      const bool ours = name.starts_with(".EPOCH.") || name.starts_with(".RESTORING.");
      if (!ours || !name.ends_with(".tmp")) continue;
      COEVAL_RETURN_IF_ERROR(RemoveTree(JoinPath(state, name)));
    }
    return {};
  }

  // All that lies in folders of this epoch's own, and nothing else, whatever the settings say.
  [[nodiscard]] Status RemoveCopies(std::int64_t epoch) const {
    const StorePlaces places = PlacesOf(config_, epoch);
    const std::string name = EpochName(epoch);
    COEVAL_RETURN_IF_ERROR(RemoveTree(JoinPath(places.state, name)));
    for (const std::string& folder : {ParentDirectory(places.registry), places.online}) {
      if (folder.ends_with("/" + name)) COEVAL_RETURN_IF_ERROR(RemoveTree(folder));
    }
    return {};
  }

  static Status ForgetUnfinished(const std::string& state) {
    COEVAL_RETURN_IF_ERROR(RemoveTree(RestoringFile(state)));
    return SyncDirectory(state);
  }

  [[nodiscard]] static std::string PlaceOf(const StorePlaces& places, const std::string& name) {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) return places.registry;
    const std::string part = name.substr(0, slash);
    const std::string& place = part == "online" ? places.online
                               : part == "log"  ? places.log
                                                : places.quarantine;
    return JoinPath(place, name.substr(slash + 1));
  }

  Status CopyAll(const StorePlaces& places) const {
    const GoOn go_on = [this] { return context_.cancel->Check(); };
    std::set<std::string> made;
    for (const BackupFile& file : manifest_.files) {
      const std::string from = JoinPath(folder_, file.name);
      const std::string to = PlaceOf(places, file.name);
      COEVAL_RETURN_IF_ERROR(MakeDirectoriesDurably(ParentDirectory(to), 0700));
      COEVAL_RETURN_IF_ERROR(CheckSize(from, file));
      COEVAL_ASSIGN_OR_RETURN(const FileContent copied,
                              CopyFileDurably(from, to, file.content.bytes, go_on));
      COEVAL_RETURN_IF_ERROR(CheckContent(from, file, copied));
      made.insert(ParentDirectory(to));
    }
    for (const std::string& folder : made) COEVAL_RETURN_IF_ERROR(SyncDirectory(folder));
    return {};
  }

  // What a newer release wrote is not made the store of this one.
  [[nodiscard]] Status CheckReadable(const StorePlaces& places) const {
    COEVAL_RETURN_IF_ERROR(VerifyRegistryCopy(places.registry, config_.project).status());
    COEVAL_RETURN_IF_ERROR(CheckFormatStamp(places.online));
    if (!IsDirectory(places.log)) return {};
    COEVAL_RETURN_IF_ERROR(ListLog(places.log).status());
    return ReadSealedLog(places.log).status();
  }

  // What lies outside of the state folder may be other projects' as well.
  [[nodiscard]] Json ReportOf(const StorePlaces& old, std::int64_t epoch,
                              const std::vector<std::string>& replaced) const {
    Json kept = Json::MakeArray();
    Json removable = Json::MakeArray();
    for (const std::string& path : replaced) {
      kept.Append(config_.Redact(path));
      if (IsInState(old, path)) removable.Append(config_.Redact(path));
    }
    Json json = Json::MakeObject();
    json.Set("epoch", epoch).Set("time", FormatTime(manifest_.time));
    json.Set("files", std::ssize(manifest_.files)).Set("bytes", manifest_.bytes());
    json.Set("records", manifest_.log_last);
    return json.Set("replaced", std::move(kept)).Set("removable", std::move(removable));
  }

  const Config& config_;
  const std::string folder_;
  const BackupManifest manifest_;
  const Context context_;
};

}  // namespace

Result<Json> VerifyBackup(const std::string& folder, const Context& context) {
  COEVAL_ASSIGN_OR_RETURN(const BackupManifest manifest, ReadBackupManifest(folder));
  // First of all: RocksDB may end the process over files that are not what was written.
  COEVAL_RETURN_IF_ERROR(
      CheckHashes(folder, manifest, [&context] { return context.cancel->Check(); }));
  COEVAL_ASSIGN_OR_RETURN(const RegistryContent registry,
                          VerifyRegistryCopy(JoinPath(folder, "registry.db"), manifest.project));
  COEVAL_ASSIGN_OR_RETURN(const CheckpointContent online,
                          VerifyCheckpoint(JoinPath(folder, "online"), manifest.project, context));
  COEVAL_ASSIGN_OR_RETURN(std::vector<std::string> problems, CheckLog(folder, manifest, online));
  for (const StoreDamage& damage : online.report.problems) problems.push_back(damage.ToText());
  Json shown = Json::MakeArray();
  for (const std::string& problem : problems) shown.Append(problem);
  Json json = Json::MakeObject();
  json.Set("project", manifest.project).Set("time", FormatTime(manifest.time));
  json.Set("release", manifest.release).Set("files", std::ssize(manifest.files));
  json.Set("bytes", manifest.bytes()).Set("records", manifest.log_last);
  json.Set("versions", registry.versions).Set("keys", online.report.keys);
  return json.Set("facts", online.report.facts).Set("problems", std::move(shown));
}

Result<Json> RestoreBackup(const StoreOptions& options, const std::string& folder,
                           const RestoreOptions& restore, const Context& context) {
  ConfigOptions settings;
  settings.environment = options.environment;
  settings.flags = options.overrides;
  settings.variables = ProcessEnvironment();
  COEVAL_ASSIGN_OR_RETURN(const Config config, LoadConfig(options.repository, settings));
  const auto run = [&]() -> Result<Json> {
    COEVAL_ASSIGN_OR_RETURN(BackupManifest manifest, ReadBackupManifest(folder));
    if (manifest.project != config.project) {
      return Status::FailedPrecondition("'" + folder + "' is a backup of the project '" +
                                        manifest.project + "', and this is '" + config.project +
                                        "'");
    }
    return Restorer(config, folder, std::move(manifest), context).Run(restore);
  };
  auto done = run();
  if (!done.ok()) return config.Redact(done.status());
  return done;
}

}  // namespace coeval
