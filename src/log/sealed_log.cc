#include "log/sealed_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "io/files.h"

namespace coeval {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kWriterSize = 16;
constexpr const char* kManifest = "sealed.json";
constexpr std::array<const char*, 2> kFolders = {"segments", "keys"};

std::string HexOfNumber(std::uint64_t number) {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

bool NumberOfHex(std::string_view hex, std::uint64_t* number) {
  const auto end = std::from_chars(hex.data(), hex.data() + hex.size(), *number, 16);
  return hex.size() == 16 && end.ec == std::errc() && end.ptr == hex.data() + hex.size();
}

bool BytesOfHex(std::string_view hex, std::string* bytes) {
  bytes->clear();
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    const auto end = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (end.ec != std::errc() || end.ptr != hex.data() + i + 2) return false;
    bytes->push_back(static_cast<char>(byte));
  }
  return hex.size() % 2 == 0;
}

Status Damaged(std::string_view what) {
  return Status::Corruption("the manifest of the sealed log is damaged: " + std::string(what) +
                            ": bring it back from a backup");
}

Json ToJson(const SealedFile& file) {
  Json json = Json::MakeObject();
  json.Set("file", file.name).Set("bytes", file.bytes).Set("hash", HexOfNumber(file.hash));
  return json;
}

Json ToJson(const LogSegment& segment) {
  Json json = ToJson(segment.file);
  json.Set("source", segment.source);
  json.Set("first_record", segment.first).Set("last_record", segment.last);
  json.Set("batches", segment.batches).Set("rows", segment.rows);
  json.Set("first_c", segment.first_c).Set("last_c", segment.last_c);
  return json;
}

Json ToJson(const LogSeal& seal) {
  Json json = Json::MakeObject();
  json.Set("first_record", seal.first).Set("last_record", seal.last);
  json.Set("next_number", seal.next_number).Set("last_c", seal.last_c);
  Json segments = Json::MakeArray();
  for (const LogSegment& segment : seal.segments) segments.Append(ToJson(segment));
  json.Set("segments", std::move(segments));
  json.Set("keys", seal.keys ? ToJson(*seal.keys) : Json());
  return json;
}

// Members that must be there, of their kind. The first that is not is remembered.
class Members {
 public:
  explicit Members(const Json& json) : json_(json) {}

  std::int64_t Int(const char* name, std::int64_t least) {
    const Json* found = json_.Find(name);
    if (found != nullptr && found->is_int() && found->AsInt() >= least) return found->AsInt();
    Miss(name);
    return least;
  }

  std::string Text(const char* name) {
    const Json* found = json_.Find(name);
    if (found != nullptr && found->is_string()) return found->AsString();
    Miss(name);
    return {};
  }

  const Json::Array& Array(const char* name) {
    static const Json::Array kNone;
    const Json* found = json_.Find(name);
    if (found != nullptr && found->is_array()) return found->array();
    Miss(name);
    return kNone;
  }

  SealedFile File() {
    SealedFile file{.name = Text("file"), .bytes = Int("bytes", 0), .hash = 0};
    if (!NumberOfHex(Text("hash"), &file.hash)) Miss("hash");
    const bool below = file.name.starts_with("segments/") || file.name.starts_with("keys/");
    if (!below || file.name.find("..") != std::string::npos) Miss("file");
    return file;
  }

  void Miss(const char* name) {
    if (missed_.empty()) missed_ = name;
  }

  [[nodiscard]] Status status() const {
    return missed_.empty() ? Status() : Damaged("'" + missed_ + "' is not what it must be");
  }

 private:
  const Json& json_;
  std::string missed_;
};

Result<LogSegment> SegmentOf(const Json& json) {
  Members members(json);
  LogSegment segment;
  segment.file = members.File();
  segment.source = members.Text("source");
  segment.first = members.Int("first_record", 1);
  segment.last = members.Int("last_record", segment.first);
  segment.batches = members.Int("batches", 1);
  segment.rows = members.Int("rows", 1);
  segment.first_c = members.Int("first_c", kMinTime);
  segment.last_c = members.Int("last_c", segment.first_c);
  COEVAL_RETURN_IF_ERROR(members.status());
  return segment;
}

Result<LogSeal> SealOf(const Json& json) {
  Members members(json);
  LogSeal seal;
  seal.first = members.Int("first_record", 1);
  seal.last = members.Int("last_record", seal.first);
  seal.next_number = members.Int("next_number", 1);
  seal.last_c = members.Int("last_c", kMinTime);
  for (const Json& each : members.Array("segments")) {
    COEVAL_ASSIGN_OR_RETURN(seal.segments.emplace_back(), SegmentOf(each));
    const LogSegment& segment = seal.segments.back();
    if (segment.first < seal.first || segment.last > seal.last) members.Miss("segments");
  }
  const Json* keys = json.Find("keys");
  if (keys == nullptr) members.Miss("keys");
  COEVAL_RETURN_IF_ERROR(members.status());
  if (keys == nullptr || keys->is_null()) return seal;
  Members of_keys(*keys);
  seal.keys = of_keys.File();
  COEVAL_RETURN_IF_ERROR(of_keys.status());
  return seal;
}

void RemoveUnnamed(const std::string& folder, const std::string& below,
                   const std::set<std::string>& named) {
  const auto names = ListDirectory(JoinPath(folder, below));
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const std::string inner = below + "/" + name;
    if (IsDirectory(JoinPath(folder, inner))) {
      RemoveUnnamed(folder, inner, named);
    } else if (!named.contains(inner)) {
      static_cast<void>(RemoveTree(JoinPath(folder, inner)));
    }
  }
}

}  // namespace

std::string HexOfWriter(std::string_view writer) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : writer) {
    const auto byte = static_cast<unsigned char>(c);
    hex += {kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
  return hex;
}

std::int64_t SealedLog::bytes() const {
  std::int64_t bytes = 0;
  for (const LogSeal& seal : seals) {
    for (const LogSegment& segment : seal.segments) bytes += segment.file.bytes;
    if (seal.keys) bytes += seal.keys->bytes;
  }
  return bytes;
}

std::string EncodeSealedLog(const SealedLog& sealed, std::string_view release) {
  Json manifest = Json::MakeObject();
  manifest.Set("release", release).Set("writer", HexOfWriter(sealed.writer));
  Json seals = Json::MakeArray();
  for (const LogSeal& seal : sealed.seals) seals.Append(ToJson(seal));
  manifest.Set("seals", std::move(seals));
  Json json = Json::MakeObject();
  json.Set("format", kFormat).Set("oldest_reader", kFormat);
  json.Set("checksum", HexOfNumber(Hash64(manifest.Write())));
  json.Set("manifest", std::move(manifest));
  return json.WritePretty();
}

Result<SealedLog> DecodeSealedLog(std::string_view text) {
  const auto json = ParseJson(text);
  if (!json.ok()) return Damaged("it is no JSON document, " + json.status().message());
  Members members(*json);
  const std::int64_t oldest_reader = members.Int("oldest_reader", 1);
  COEVAL_RETURN_IF_ERROR(members.status());
  if (oldest_reader > kFormat) {
    return Status::FailedPrecondition("the manifest of the sealed log has format " +
                                      std::to_string(json->GetInt("format")) +
                                      ", which a newer release wrote: run that release");
  }
  std::uint64_t checksum = 0;
  const Json* manifest = json->Find("manifest");
  if (manifest == nullptr || !NumberOfHex(json->GetString("checksum"), &checksum) ||
      checksum != Hash64(manifest->Write())) {
    return Damaged("its checksum is wrong");
  }
  Members inner(*manifest);
  SealedLog sealed;
  if (!BytesOfHex(inner.Text("writer"), &sealed.writer) || sealed.writer.size() != kWriterSize) {
    inner.Miss("writer");
  }
  for (const Json& each : inner.Array("seals")) {
    COEVAL_ASSIGN_OR_RETURN(LogSeal seal, SealOf(each));
    if (seal.first != sealed.last() + 1) inner.Miss("seals");
    sealed.seals.push_back(std::move(seal));
  }
  COEVAL_RETURN_IF_ERROR(inner.status());
  return sealed;
}

Result<SealedLog> ReadSealedLog(const std::string& folder) {
  const std::string path = JoinPath(folder, kManifest);
  const auto text = ReadFile(path);
  if (text.status().code() == StatusCode::kNotFound) return SealedLog();
  if (!text.ok()) return text.status();
  auto sealed = DecodeSealedLog(*text);
  if (!sealed.ok()) return sealed.status().WithContext("'" + path + "'");
  return sealed;
}

std::vector<std::string> SealedNames(const SealedLog& sealed) {
  std::vector<std::string> names;
  for (const LogSeal& seal : sealed.seals) {
    for (const LogSegment& segment : seal.segments) names.push_back(segment.file.name);
    if (seal.keys) names.push_back(seal.keys->name);
  }
  if (!sealed.seals.empty()) names.emplace_back(kManifest);
  return names;
}

Status WriteSealedLog(const std::string& folder, const SealedLog& sealed) {
  return WriteFileAtomically(JoinPath(folder, kManifest), EncodeSealedLog(sealed, COEVAL_VERSION));
}

std::string SealedFileName(const std::string& source, const std::string& writer,
                           std::uint64_t epoch, std::uint64_t number) {
  std::array<char, 64> file{};
  std::snprintf(file.data(), file.size(), "/%010llu-%010llu.parquet",
                static_cast<unsigned long long>(epoch), static_cast<unsigned long long>(number));
  const std::string folder =
      source.empty() ? std::string(kFolders[1]) : kFolders[0] + ("/" + source);
  return folder + "/" + HexOfWriter(writer) + file.data();
}

Status PrepareSealedFile(const std::string& folder, const std::string& name) {
  return MakeDirectoriesDurably(ParentDirectory(JoinPath(folder, name)));
}

Result<SealedFile> FinishSealedFile(const std::string& folder, const std::string& name) {
  const std::string path = JoinPath(folder, name);
  COEVAL_RETURN_IF_ERROR(SyncFile(path));
  COEVAL_RETURN_IF_ERROR(SyncDirectory(ParentDirectory(path)));
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path));
  return SealedFile{name, std::ssize(bytes), Hash64(bytes)};
}

Status CheckSealedFile(const std::string& folder, const SealedFile& file) {
  COEVAL_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(JoinPath(folder, file.name)));
  if (std::ssize(bytes) == file.bytes && Hash64(bytes) == file.hash) return {};
  return Status::Corruption("the sealed log file '" + JoinPath(folder, file.name) +
                            "' is not what was written: bring it back from a backup");
}

void RemoveSealedFile(const std::string& folder, const std::string& name) {
  static_cast<void>(RemoveTree(JoinPath(folder, name)));
}

void RemoveSealLeftovers(const std::string& folder, const SealedLog& sealed) {
  std::set<std::string> named;
  for (const LogSeal& seal : sealed.seals) {
    for (const LogSegment& segment : seal.segments) named.insert(segment.file.name);
    if (seal.keys) named.insert(seal.keys->name);
  }
  for (const char* const below : kFolders) RemoveUnnamed(folder, below, named);
}

}  // namespace coeval
