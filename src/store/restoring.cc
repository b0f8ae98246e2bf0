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
    const auto found = HashFile(path, go_on);
    if (found.status().code() == StatusCode::kNotFound) {
      return Status::Corruption("'" + path + "', a part of the backup, is missing: take another");
    }
    if (!found.ok()) return found.status();
    COEVAL_RETURN_IF_ERROR(CheckContent(path, file, *found));
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
  expect(sealed.last() <= last, "the sealed segments reach record " +
                                    std::to_string(sealed.last()) + ", which the log does not");
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
    const bool whole = folder.starts_with(places.state + "/");  // else epochs may lie in it
    if (whole && !names->empty()) found.push_back(folder);
    for (const std::string& name : *names) {
      if (!whole && !IsEpochName(name)) found.push_back(JoinPath(folder, name));
    }
  }
  return found;
}

// Greater than all that are known, also of the log, and not the next one: two stores that come of
// one backup have two.
Result<std::int64_t> NewEpoch(std::int64_t known) {
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
    const std::string state = config_.state.value.Reveal();
    COEVAL_RETURN_IF_ERROR(MakeDirectories(state, 0700));
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
    COEVAL_RETURN_IF_ERROR(RemoveUnfinished(state, old.epoch));
    COEVAL_ASSIGN_OR_RETURN(const std::int64_t epoch,
                            NewEpoch(std::max({old.epoch, manifest_.epoch, manifest_.log_epoch})));
    const StorePlaces places = PlacesOf(config_, epoch);
    COEVAL_RETURN_IF_ERROR(
        WriteFileAtomically(RestoringFile(state), std::to_string(epoch) + "\n", 0600));
    Status copied = CopyAll(places);
    if (copied.ok()) copied = CheckReadable(places);
    if (!copied.ok()) {
      static_cast<void>(RemoveUnfinished(state, old.epoch));  // or the next restore
      return copied.WithContext("nothing was restored");
    }
    COEVAL_RETURN_IF_ERROR(WriteStoreEpoch(state, epoch));
    static_cast<void>(RemoveTree(RestoringFile(state)));  // it says nothing any more
    return ReportOf(epoch, replaced);
  }

 private:
  // The copies of a restore that was killed, or failed. `current`: the epoch that counts.
  Status RemoveUnfinished(const std::string& state, std::int64_t current) const {
    const auto text = ReadFile(RestoringFile(state), 64);
    if (text.status().code() == StatusCode::kNotFound) return {};
    if (!text.ok()) return text.status();
    const auto epoch = ParseJson(*text);
    if (epoch.ok() && epoch->is_int() && epoch->AsInt() > 0) {
      // It may have come to its last step.
      COEVAL_ASSIGN_OR_RETURN(const std::int64_t now, EpochNow(state, current));
      if (epoch->AsInt() != now) {
        const StorePlaces places = PlacesOf(config_, epoch->AsInt());
        COEVAL_RETURN_IF_ERROR(RemoveTree(ParentDirectory(places.registry)));
        COEVAL_RETURN_IF_ERROR(RemoveTree(places.online));
        COEVAL_RETURN_IF_ERROR(RemoveTree(ParentDirectory(places.log)));
      }
    }
    return RemoveTree(RestoringFile(state));
  }

  static Result<std::int64_t> EpochNow(const std::string& state, std::int64_t otherwise) {
    auto now = ReadStoreEpoch(state);
    if (now.status().code() == StatusCode::kCorruption) return otherwise;
    return now;
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
      COEVAL_RETURN_IF_ERROR(MakeDirectories(ParentDirectory(to), 0700));
      const auto copied = CopyFileDurably(from, to, -1, go_on);
      if (copied.status().code() == StatusCode::kNotFound) {
        return Status::Corruption("'" + from + "', a part of the backup, is missing");
      }
      if (!copied.ok()) return copied.status();
      COEVAL_RETURN_IF_ERROR(CheckContent(from, file, *copied));
      AddFolders(ParentDirectory(to), &made);
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

  // It and all above: any of them may have been made just now.
  static void AddFolders(std::string folder, std::set<std::string>* folders) {
    while (folders->insert(folder).second && folder != "/" && folder != ".") {
      folder = ParentDirectory(folder);
    }
  }

  [[nodiscard]] Json ReportOf(std::int64_t epoch, const std::vector<std::string>& replaced) const {
    Json kept = Json::MakeArray();
    for (const std::string& path : replaced) kept.Append(config_.Redact(path));
    Json json = Json::MakeObject();
    json.Set("epoch", epoch).Set("time", FormatTime(manifest_.time));
    json.Set("files", std::ssize(manifest_.files)).Set("bytes", manifest_.bytes());
    json.Set("records", manifest_.log_last);
    return json.Set("replaced", std::move(kept));
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
