#include "log/sealed_log.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>
#include <utility>

#include "base/hash.h"
#include "io/files.h"
#include "io/input_file.h"

namespace coeval {
namespace {

constexpr std::size_t kReadBytes = std::size_t{1} << 20;
constexpr const char* kManifest = "sealed.json";
constexpr std::array<const char*, 2> kFolders = {"segments", "keys"};

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

// A file as it is. It may be large, and is not held.
Result<SealedFile> ContentOf(const std::string& folder, const std::string& name) {
  COEVAL_ASSIGN_OR_RETURN(const InputFile file, InputFile::OpenRegular(JoinPath(folder, name)));
  std::vector<char> buffer(kReadBytes);
  Hasher64 hash;
  SealedFile content{.name = name};
  while (true) {
    COEVAL_ASSIGN_OR_RETURN(const std::size_t have, file.Read(content.bytes, buffer));
    hash.Update({buffer.data(), have});
    content.bytes += static_cast<std::int64_t>(have);
    if (have < buffer.size()) break;
  }
  content.hash = hash.Digest();
  return content;
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

void SealedLog::Add(LogSeal seal) {
  last = seal.last;
  next_number = seal.next_number;
  last_c = seal.last_c;
  for (LogSegment& segment : seal.segments) segments.push_back(std::move(segment));
  if (seal.keys) keys.push_back({*std::move(seal.keys), seal.last_c});
}

void SealedLog::Replace(std::span<const LogSegment> parts, LogSegment merged) {
  std::set<std::string> names;
  for (const LogSegment& part : parts) names.insert(part.file.name);
  std::erase_if(segments, [&](const LogSegment& one) { return names.contains(one.file.name); });
  const auto after = std::find_if(segments.begin(), segments.end(),
                                  [&](const LogSegment& one) { return one.first > merged.first; });
  segments.insert(after, std::move(merged));
}

void SealedLog::Drop(std::span<const LogSegment> parts) {
  std::set<std::string> names;
  for (const LogSegment& part : parts) {
    names.insert(part.file.name);
    auto of_source = std::ranges::find_if(
        dropped, [&](const DroppedPushes& one) { return one.source >= part.source; });
    if (of_source == dropped.end() || of_source->source != part.source) {
      of_source = dropped.insert(of_source, DroppedPushes{.source = part.source});
    }
    of_source->batches += part.batches;
    of_source->rows += part.rows;
    of_source->last_c = std::max(of_source->last_c, part.last_c);
    of_source->last_event = std::max(of_source->last_event, part.last_event.value_or(kMaxTime));
    of_source->at_c = last_c;
  }
  std::erase_if(segments, [&](const LogSegment& one) { return names.contains(one.file.name); });
}

const DroppedPushes* SealedLog::FindDropped(const std::string& source) const {
  for (const DroppedPushes& one : dropped) {
    if (one.source == source) return &one;
  }
  return nullptr;
}

std::int64_t SealedLog::bytes() const {
  std::int64_t bytes = 0;
  for (const LogSegment& segment : segments) bytes += segment.file.bytes;
  for (const SealedKeys& each : keys) bytes += each.file.bytes;
  return bytes;
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
  for (const LogSegment& segment : sealed.segments) names.push_back(segment.file.name);
  for (const SealedKeys& each : sealed.keys) names.push_back(each.file.name);
  if (sealed.last > 0) names.emplace_back(kManifest);
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
  return ContentOf(folder, name);
}

Status CheckSealedFile(const std::string& folder, const SealedFile& file) {
  COEVAL_ASSIGN_OR_RETURN(const SealedFile found, ContentOf(folder, file.name));
  if (found == file) return {};
  return Status::Corruption("the sealed log file '" + JoinPath(folder, file.name) +
                            "' is not what was written: bring it back from a backup");
}

void RemoveSealedFile(const std::string& folder, const std::string& name) {
  static_cast<void>(RemoveTree(JoinPath(folder, name)));
}

void RemoveSealLeftovers(const std::string& folder, const SealedLog& sealed) {
  const std::vector<std::string> names = SealedNames(sealed);
  const std::set<std::string> named(names.begin(), names.end());
  for (const char* const below : kFolders) RemoveUnnamed(folder, below, named);
}

}  // namespace coeval
