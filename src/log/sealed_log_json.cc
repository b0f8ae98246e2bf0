// SealedLog: its manifest as text.
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "log/sealed_log.h"

namespace coeval {
namespace {

constexpr std::int64_t kFormat = 2;
constexpr std::size_t kWriterSize = 16;

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
  json.Set("columns", segment.columns == 0 ? Json() : Json(HexOfNumber(segment.columns)));
  json.Set("first_record", segment.first).Set("last_record", segment.last);
  json.Set("batches", segment.batches).Set("rows", segment.rows);
  json.Set("first_c", segment.first_c).Set("last_c", segment.last_c);
  return json.Set("last_event", segment.last_event ? Json(*segment.last_event) : Json());
}

Json ToJson(const DroppedPushes& dropped) {
  Json json = Json::MakeObject();
  json.Set("source", dropped.source).Set("batches", dropped.batches).Set("rows", dropped.rows);
  json.Set("last_c", dropped.last_c).Set("last_event", dropped.last_event);
  return json.Set("at_c", dropped.at_c);
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

  std::optional<std::int64_t> IntOrNull(const char* name) {
    const Json* found = json_.Find(name);
    if (found != nullptr && found->is_int()) return found->AsInt();
    if (found == nullptr || !found->is_null()) Miss(name);
    return std::nullopt;
  }

  // Of 16 hex digits.
  std::uint64_t Hash(const char* name) {
    std::uint64_t hash = 0;
    if (!NumberOfHex(Text(name), &hash)) Miss(name);
    return hash;
  }

  SealedFile File() {
    SealedFile file{.name = Text("file"), .bytes = Int("bytes", 0), .hash = Hash("hash")};
    const bool below = file.name.starts_with("segments/") || file.name.starts_with("keys/");
    if (!below || file.name.find("..") != std::string::npos) Miss("file");
    return file;
  }

  [[nodiscard]] const Json* Find(const char* name) const { return json_.Find(name); }

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

// `format_1`: an older release's, which did not say all.
Result<LogSegment> SegmentOf(const Json& json, bool format_1) {
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
  if (!format_1) {
    const Json* columns = json.Find("columns");
    if (columns == nullptr || !columns->is_null()) segment.columns = members.Hash("columns");
    segment.last_event = members.IntOrNull("last_event");
  }
  COEVAL_RETURN_IF_ERROR(members.status());
  return segment;
}

Result<DroppedPushes> DroppedOf(const Json& json) {
  Members members(json);
  DroppedPushes dropped;
  dropped.source = members.Text("source");
  dropped.batches = members.Int("batches", 1);
  dropped.rows = members.Int("rows", 1);
  dropped.last_c = members.Int("last_c", kMinTime);
  dropped.last_event = members.Int("last_event", kMinTime);
  dropped.at_c = members.Int("at_c", kMinTime);
  COEVAL_RETURN_IF_ERROR(members.status());
  return dropped;
}

// Format 1: the files of one seal together.
Result<LogSeal> SealOf(const Json& json, LogPosition before) {
  Members members(json);
  LogSeal seal;
  const LogPosition first = members.Int("first_record", 1);
  if (first != before + 1) members.Miss("seals");
  seal.last = members.Int("last_record", first);
  seal.next_number = members.Int("next_number", 1);
  seal.last_c = members.Int("last_c", kMinTime);
  for (const Json& each : members.Array("segments")) {
    COEVAL_ASSIGN_OR_RETURN(seal.segments.emplace_back(), SegmentOf(each, /*format_1=*/true));
    const LogSegment& segment = seal.segments.back();
    if (segment.first < first || segment.last > seal.last) members.Miss("segments");
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

Status ReadSeals(const Json::Array& seals, SealedLog* sealed) {
  for (const Json& each : seals) {
    COEVAL_ASSIGN_OR_RETURN(LogSeal seal, SealOf(each, sealed->last));
    sealed->Add(std::move(seal));
  }
  return {};
}

Status ReadParts(Members& members, SealedLog* sealed) {
  sealed->last = members.Int("last_record", 1);
  sealed->next_number = members.Int("next_number", 1);
  sealed->last_c = members.Int("last_c", kMinTime);
  LogPosition before = 0;
  std::int64_t batches = 0;
  for (const Json& each : members.Array("segments")) {
    COEVAL_ASSIGN_OR_RETURN(LogSegment segment, SegmentOf(each, /*format_1=*/false));
    const bool fits = segment.first > before && segment.last <= sealed->last &&
                      segment.batches <= sealed->last - batches;
    if (!fits) members.Miss("segments");
    if (fits) batches += segment.batches;
    before = segment.first;
    sealed->segments.push_back(std::move(segment));
  }
  // What is left out was never dropped.
  const Json* dropped = members.Find("dropped");
  if (dropped != nullptr && !dropped->is_array()) members.Miss("dropped");
  if (dropped != nullptr && dropped->is_array()) {
    for (const Json& each : dropped->array()) {
      COEVAL_ASSIGN_OR_RETURN(DroppedPushes of_source, DroppedOf(each));
      const bool fits =
          of_source.batches <= sealed->last - batches &&
          (sealed->dropped.empty() || sealed->dropped.back().source < of_source.source);
      if (!fits) members.Miss("dropped");
      if (fits) batches += of_source.batches;
      sealed->dropped.push_back(std::move(of_source));
    }
  }
  // Each record is in one of them.
  if (batches != sealed->last) members.Miss("batches");
  for (const Json& each : members.Array("keys")) {
    Members of_keys(each);
    sealed->keys.push_back({of_keys.File(), of_keys.Int("last_c", kMinTime)});
    COEVAL_RETURN_IF_ERROR(of_keys.status());
  }
  return members.status();
}

}  // namespace

std::string EncodeSealedLog(const SealedLog& sealed, std::string_view release) {
  Json manifest = Json::MakeObject();
  manifest.Set("release", release).Set("writer", HexOfWriter(sealed.writer));
  manifest.Set("last_record", sealed.last).Set("next_number", sealed.next_number);
  manifest.Set("last_c", sealed.last_c);
  Json segments = Json::MakeArray();
  for (const LogSegment& segment : sealed.segments) segments.Append(ToJson(segment));
  manifest.Set("segments", std::move(segments));
  Json keys = Json::MakeArray();
  for (const SealedKeys& each : sealed.keys) {
    keys.Append(ToJson(each.file).Set("last_c", each.last_c));
  }
  manifest.Set("keys", std::move(keys));
  Json dropped = Json::MakeArray();
  for (const DroppedPushes& each : sealed.dropped) dropped.Append(ToJson(each));
  if (!sealed.dropped.empty()) manifest.Set("dropped", std::move(dropped));
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
  const bool format_1 = manifest->Find("seals") != nullptr;
  COEVAL_RETURN_IF_ERROR(format_1 ? ReadSeals(inner.Array("seals"), &sealed)
                                  : ReadParts(inner, &sealed));
  COEVAL_RETURN_IF_ERROR(inner.status());
  return sealed;
}

}  // namespace coeval
