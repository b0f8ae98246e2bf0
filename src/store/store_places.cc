#include "store/store_places.h"

#include <charconv>
#include <cstring>
#include <system_error>

#include "base/json.h"
#include "io/files.h"

namespace coeval {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kLongest = 4096;
constexpr const char* kPrefix = "epoch-";

std::string EpochFile(const std::string& state) {
  return JoinPath(state, "EPOCH");
}

// With a slash at its end.
std::string FolderPrefix(const std::string& folder) {
  return folder.ends_with('/') ? folder : folder + "/";
}

// What lies in the state folder gets a place in its folder of the epoch; what lies elsewhere, which
// may be another disk, gets one beside it (a file) or in it (a folder).
std::string Moved(const std::string& path, const std::string& state, const std::string& name,
                  bool is_file) {
  const std::string inside = FolderPrefix(state);
  if (path.starts_with(inside)) {
    return JoinPath(JoinPath(state, name), path.substr(inside.size()));
  }
  if (!is_file) return JoinPath(path, name);
  return JoinPath(JoinPath(ParentDirectory(path), name), path.substr(path.rfind('/') + 1));
}

}  // namespace

bool IsInState(const StorePlaces& places, const std::string& path) {
  return path.starts_with(FolderPrefix(places.state));
}

std::string EpochName(std::int64_t epoch) {
  return kPrefix + std::to_string(epoch);
}

bool IsEpochName(const std::string& name) {
  return name.starts_with(kPrefix);
}

std::int64_t EpochOfName(const std::string& name) {
  if (!IsEpochName(name)) return 0;
  std::int64_t epoch = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + std::strlen(kPrefix), end, epoch);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == end;
  return whole && epoch > 0 && epoch <= kGreatestEpoch ? epoch : 0;
}

StorePlaces PlacesOf(const Config& config, std::int64_t epoch) {
  StorePlaces places;
  places.epoch = epoch;
  places.state = WithoutTrailingSlashes(config.state.value.Reveal());
  places.registry = WithoutTrailingSlashes(config.registry.value.Reveal());
  places.online = WithoutTrailingSlashes(config.online_store.path.value.Reveal());
  places.log = JoinPath(places.state, "log");
  places.quarantine = JoinPath(places.state, "quarantine");
  if (epoch == 0) return places;
  const std::string name = EpochName(epoch);
  places.registry = Moved(places.registry, places.state, name, /*is_file=*/true);
  for (std::string* folder : {&places.online, &places.log, &places.quarantine}) {
    *folder = Moved(*folder, places.state, name, /*is_file=*/false);
  }
  return places;
}

Result<std::int64_t> ReadStoreEpoch(const std::string& state) {
  const std::string path = EpochFile(state);
  const auto text = ReadFile(path, kLongest);
  if (text.status().code() == StatusCode::kNotFound) return 0;
  if (!text.ok()) return text.status();
  const auto json = ParseJson(*text);
  const std::int64_t epoch = json.ok() ? json->GetInt("epoch") : 0;
  if (!json.ok() || json->GetInt("format") < 1 || epoch < 1 || epoch > kGreatestEpoch) {
    return Status::Corruption("'" + path +
                              "' does not say which epoch of the store counts: restore a backup");
  }
  if (json->GetInt("format") > kFormat) {
    return Status::FailedPrecondition("'" + path + "' was written by a newer release: run that");
  }
  return epoch;
}

Status WriteStoreEpoch(const std::string& state, std::int64_t epoch) {
  Json json = Json::MakeObject();
  json.Set("format", kFormat).Set("epoch", epoch);
  return WriteFileAtomically(EpochFile(state), json.Write() + "\n", 0600);
}

Status CheckStoreEpoch(const StorePlaces& places) {
  COEVAL_ASSIGN_OR_RETURN(const std::int64_t now, ReadStoreEpoch(places.state));
  if (now == places.epoch) return {};
  return Status::FailedPrecondition(
      "a backup was restored since this process opened the store (epoch " +
      std::to_string(places.epoch) + ", and now it is epoch " + std::to_string(now) +
      "): open it again, or start this process anew");
}

}  // namespace coeval
