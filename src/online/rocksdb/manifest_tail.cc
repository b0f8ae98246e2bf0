#include "online/rocksdb/manifest_tail.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/json.h"
#include "io/files.h"
#include "io/system_call.h"
#include "io/system_error.h"
#include "online/rocksdb/status.h"

namespace coeval {
namespace {

// RocksDB's log format: blocks of 32 KiB; records with a header of 7 bytes (masked CRC-32C over
// type and payload, length, type), which do not cross blocks but are parts of longer ones.
constexpr std::size_t kBlock = 32 << 10;
constexpr std::size_t kHeader = 7;
constexpr std::size_t kSector = 512;

enum Part : std::uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

std::uint32_t Crc32c(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

std::uint32_t Number(std::string_view bytes, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= std::uint32_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  }
  return value;
}

// The size of the part at `at` with its header, 0 where there is no whole one.
std::size_t PartAt(std::string_view file, std::size_t at, Part* part) {
  const std::size_t left = std::min(kBlock - at % kBlock, file.size() - at);
  if (left < kHeader) return 0;
  const std::string_view head = file.substr(at, kHeader);
  const std::size_t length = Number(head.substr(4), 2);
  const auto type = static_cast<std::uint8_t>(head[6]);
  if (kHeader + length > left || type < kFull || type > kLast) return 0;
  const std::uint32_t crc = Crc32c(file.substr(at + kHeader - 1, length + 1));
  if (Number(head, 4) != ((crc >> 15) | (crc << 17)) + 0xa282ead8U) return 0;
  *part = static_cast<Part>(type);
  return kHeader + length;
}

// Does it end as a write does whose last sectors never reached the disk?
bool EndsUnwritten(std::string_view manifest, std::size_t whole) {
  const std::size_t length = manifest.size() - whole >= kHeader
                                 ? kHeader + Number(manifest.substr(whole + 4), 2)
                                 : kHeader;
  if (whole + length > manifest.size()) return true;
  const std::size_t last = manifest.find_last_not_of('\0');
  const std::size_t zeros = last == std::string_view::npos ? 0 : last + 1;
  return (zeros + kSector - 1) / kSector * kSector < manifest.size();
}

Status NotCommitted(const std::string& path, std::int64_t whole, std::int64_t size) {
  return Status::Corruption("the online store's file '" + path + "' is damaged: bytes " +
                            std::to_string(whole) + " to " + std::to_string(size - 1) +
                            " are not what was committed");
}

struct Manifest {
  std::string name;
  std::int64_t size = 0;
};

// The manifest of an open database, as far as it is durable.
Result<Manifest> CommittedIn(rocksdb::DB& db) {
  std::vector<std::string> files;
  std::uint64_t size = 0;
  COEVAL_RETURN_IF_ERROR(FromRocksDb(db.GetLiveFiles(files, &size, /*flush_memtable=*/false),
                                     "looking for the online store's manifest"));
  for (const std::string& file : files) {
    const std::size_t at = file.find("MANIFEST-");
    if (at != std::string::npos) {
      return Manifest{.name = file.substr(at), .size = static_cast<std::int64_t>(size)};
    }
  }
  return Status::Internal("the online store has no manifest");
}

Status Truncate(const std::string& path, std::int64_t size) {
  if (Try([&] { return ::truncate(path.c_str(), size); }) != 0) {
    return SystemError(errno, "cut the torn end off", path);
  }
  return SyncFile(path);
}

}  // namespace

std::int64_t WholeManifestBytes(std::string_view manifest) {
  std::size_t whole = 0;
  bool inside = false;  // a record of several parts
  for (std::size_t at = 0; at < manifest.size();) {
    if (kBlock - at % kBlock < kHeader) {  // the rest of a block is zeros
      at += kBlock - at % kBlock;
      continue;
    }
    Part part = kFull;
    const std::size_t size = PartAt(manifest, at, &part);
    if (size == 0 || inside != (part == kMiddle || part == kLast)) break;
    at += size;
    inside = part == kFirst || part == kMiddle;
    if (!inside) whole = at;
  }
  return static_cast<std::int64_t>(whole);
}

Status CheckManifest(rocksdb::DB& db) {
  COEVAL_ASSIGN_OR_RETURN(const Manifest committed, CommittedIn(db));
  const std::string path = db.GetName() + "/" + committed.name;
  const std::string current = db.GetName() + "/CURRENT";
  if (!FileExists(path)) return Status::Corruption("'" + path + "' is not there");
  if (!FileExists(current)) return Status::Corruption("'" + current + "' is not there");
  COEVAL_ASSIGN_OR_RETURN(const std::string name, ReadFile(current));
  if (name != committed.name + "\n") {
    return Status::Corruption("'" + current + "' does not name the manifest " + committed.name);
  }
  COEVAL_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path));
  // What was written since is not asked for: it may be there in part.
  if (std::ssize(bytes) > committed.size) bytes.resize(static_cast<std::size_t>(committed.size));
  const std::int64_t whole = WholeManifestBytes(bytes);
  return whole == committed.size ? Status() : NotCommitted(path, whole, committed.size);
}

Result<ManifestTail> ManifestTail::Open(const std::string& folder) {
  COEVAL_ASSIGN_OR_RETURN(SlotFile file, SlotFile::Open(folder + "/COMMITTED"));
  return ManifestTail(folder + "/db", std::move(file));
}

Status ManifestTail::CutTorn() const {
  if (!IsDirectory(db_folder_)) return {};  // a new store
  const Committed committed = LastCommitted();
  COEVAL_ASSIGN_OR_RETURN(std::string name, NamedByCurrent());
  if (name.empty() || !FileExists(db_folder_ + "/" + name)) {
    COEVAL_ASSIGN_OR_RETURN(name, GoBack(committed));
    if (name.empty()) return {};
  }
  const std::string path = db_folder_ + "/" + name;
  if (!name.starts_with("MANIFEST-") || !FileExists(path)) return {};  // RocksDB says what is wrong
  COEVAL_ASSIGN_OR_RETURN(const std::string manifest, ReadFile(path));
  const std::int64_t whole = WholeManifestBytes(manifest);
  const bool known = committed.manifest == name;
  const std::int64_t size = known ? committed.size : 0;
  if (whole < size) {
    return Status::Corruption(
        NotCommitted(path, whole, size).message() +
        ": bring the store back from a backup, or remove its folder "
        "and run `coeval materialize-incremental`; pushes come back from the log");
  }
  if (whole == std::ssize(manifest)) return {};
  // Of a manifest that nothing is written down of, nothing was acknowledged behind its beginning.
  if (!known && !EndsUnwritten(manifest, static_cast<std::size_t>(whole))) return {};
  return Truncate(path, whole);
}

ManifestTail::Committed ManifestTail::LastCommitted() const {
  const Result<Json> record = ParseJson(file_.record());
  if (!record.ok() || !record->is_object()) return {};
  return {.manifest = record->GetString("manifest", ""), .size = record->GetInt("size", 0)};
}

// "" where there is no CURRENT.
Result<std::string> ManifestTail::NamedByCurrent() const {
  const std::string current = db_folder_ + "/CURRENT";
  if (!FileExists(current)) return std::string();
  COEVAL_ASSIGN_OR_RETURN(std::string name, ReadFile(current));
  if (!name.empty() && name.back() == '\n') name.pop_back();
  return name;
}

// RocksDB syncs the name of a new manifest together with CURRENT, which tells of it: of both a file
// system may keep the second alone. Nothing was committed to it then; what was is in the one before
// it, which goes only later. A database that was being made, of which any files may be there, is
// made anew; where one held something, RocksDB would begin an empty one in its place.
Result<std::string> ManifestTail::GoBack(const Committed& committed) const {
  const std::string current = db_folder_ + "/CURRENT";
  if (!committed.manifest.empty() && FileExists(db_folder_ + "/" + committed.manifest)) {
    COEVAL_RETURN_IF_ERROR(WriteFileAtomically(current, committed.manifest + "\n"));
    return committed.manifest;
  }
  COEVAL_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(db_folder_));
  const bool has_tables = std::any_of(
      names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".sst"); });
  if (file_.record().empty() && !has_tables) {
    COEVAL_RETURN_IF_ERROR(RemoveTree(db_folder_));
    return std::string();
  }
  if (FileExists(current)) return std::string();  // RocksDB says what is missing
  return Status::Corruption("the online store's file '" + current +
                            "' is not there, nor the manifest that it would name: bring the store "
                            "back from a backup, or remove its folder and run `coeval "
                            "materialize-incremental`; pushes come back from the log");
}

void ManifestTail::Remember(rocksdb::DB& db) {
  const auto committed = CommittedIn(db);
  if (!committed.ok()) return;
  Json record = Json::MakeObject();
  record.Set("manifest", committed->name).Set("size", committed->size);
  static_cast<void>(file_.Write(record.Write()));
}

}  // namespace coeval
