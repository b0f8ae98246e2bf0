#include "store/backup_manifest.h"

#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "io/files.h"
#include "store/store_places.h"

namespace coeval {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr int kMostDepth = 8;
constexpr std::size_t kHashSize = 64;
constexpr std::int64_t kMostBytes = 1'000'000'000'000'000'000;  // of all files together

std::string PathIn(const std::string& folder) {
  return JoinPath(folder, "backup.json");
}

Status Damaged(const std::string& folder, const std::string& what) {
  return Status::Corruption("'" + PathIn(folder) + "' is damaged: " + what +
                            ": take another backup");
}

// Below the folder, in one of its parts, and nowhere else. The system would take a name to end at
// its first NUL.
bool IsPart(const std::string& name) {
  if (name.find('\0') != std::string::npos) return false;
  if (name == "registry.db") return true;
  const bool known =
      name.starts_with("online/") || name.starts_with("log/") || name.starts_with("quarantine/");
  const std::string framed = "/" + name + "/";
  return known && framed.find("//") == std::string::npos &&
         framed.find("/./") == std::string::npos && framed.find("/../") == std::string::npos;
}

Json ToJson(const BackupManifest& manifest) {
  Json files = Json::MakeArray();
  for (const BackupFile& file : manifest.files) {
    Json json = Json::MakeObject();
    json.Set("file", file.name).Set("bytes", file.content.bytes);
    files.Append(json.Set("sha256", file.content.sha256));
  }
  Json json = Json::MakeObject();
  json.Set("project", manifest.project).Set("release", manifest.release);
  json.Set("time", FormatTime(manifest.time)).Set("epoch", manifest.epoch);
  json.Set("log_epoch", manifest.log_epoch).Set("log_last", manifest.log_last);
  return json.Set("files", std::move(files));
}

Result<BackupManifest> FromJson(const std::string& folder, const Json& json) {
  BackupManifest manifest;
  manifest.project = json.GetString("project");
  manifest.release = json.GetString("release");
  const auto time = ParseTime(json.GetString("time"));
  const Json* files = json.Find("files");
  if (!time.ok() || files == nullptr || !files->is_array()) {
    return Damaged(folder, "it lacks something");
  }
  manifest.time = *time;
  manifest.epoch = json.GetInt("epoch");
  manifest.log_epoch = json.GetInt("log_epoch");
  manifest.log_last = json.GetInt("log_last");
  for (const std::int64_t epoch : {manifest.epoch, manifest.log_epoch}) {
    if (epoch < 0 || epoch > kGreatestEpoch) {
      return Damaged(folder, "there is no epoch " + std::to_string(epoch));
    }
  }
  std::int64_t bytes = 0;
  for (const Json& file : files->array()) {
    BackupFile found{file.GetString("file"), {file.GetInt("bytes", -1), file.GetString("sha256")}};
    if (!IsPart(found.name) || found.content.bytes < 0 ||
        found.content.sha256.size() != kHashSize) {
      return Damaged(folder, "it names a file '" + found.name + "' that is no part of a backup");
    }
    if (found.content.bytes > kMostBytes - bytes) {
      return Damaged(folder, "its files have more bytes than there can be");
    }
    bytes += found.content.bytes;
    manifest.files.push_back(std::move(found));
  }
  return manifest;
}

}  // namespace

std::int64_t BackupManifest::bytes() const {
  std::int64_t sum = 0;
  for (const BackupFile& file : files) sum += file.content.bytes;
  return sum;
}

Status WriteBackupManifest(const std::string& folder, const BackupManifest& manifest) {
  Json backup = ToJson(manifest);
  Json json = Json::MakeObject();
  json.Set("format", kFormat).Set("sha256", Sha256Hex(backup.Write()));
  json.Set("backup", std::move(backup));
  return WriteFileAtomically(PathIn(folder), json.WritePretty() + "\n", 0600);
}

Result<BackupManifest> ReadBackupManifest(const std::string& folder) {
  if (FileExists(PathIn(folder)) && !IsRegularFile(PathIn(folder))) {
    return Damaged(folder, "it is no regular file");
  }
  const auto text = ReadFile(PathIn(folder));
  if (text.status().code() == StatusCode::kNotFound) {
    return Status::NotFound("'" + folder + "' holds no whole backup: there is no backup.json, " +
                            "which is written last");
  }
  if (!text.ok()) return text.status();
  const auto json = ParseJson(*text, kMostDepth);
  if (!json.ok()) return Damaged(folder, json.status().message());
  if (json->GetInt("format") > kFormat) {
    return Status::FailedPrecondition("the backup '" + folder + "' has format " +
                                      std::to_string(json->GetInt("format")) +
                                      ", which a newer release wrote: run that release");
  }
  const Json* backup = json->Find("backup");
  if (json->GetInt("format") < 1 || backup == nullptr || !backup->is_object() ||
      Sha256Hex(backup->Write()) != json->GetString("sha256")) {
    return Damaged(folder, "its checksum is another one");
  }
  return FromJson(folder, *backup);
}

bool HasBackupManifest(const std::string& folder) {
  return FileExists(PathIn(folder));
}

}  // namespace coeval
