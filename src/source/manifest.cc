#include "source/manifest.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <ios>
#include <string>
#include <utility>

#include "base/hash.h"
#include "base/json.h"
#include "base/status.h"
#include "base/time.h"
#include "source/file_list.h"

namespace coeval {

namespace {

constexpr std::int64_t kEndBytes = std::int64_t{64} << 10;

Status HashEnds(const SourceFile& file, Sha256* hash) {
  std::ifstream in(file.path, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(std::min(file.size_bytes, kEndBytes)), '\0');
  const auto length = static_cast<std::streamsize>(bytes.size());
  in.read(bytes.data(), length);
  if (in) hash->Update(bytes);
  if (in && file.size_bytes > kEndBytes) {
    const std::int64_t start = std::max(kEndBytes, file.size_bytes - kEndBytes);
    bytes.resize(static_cast<std::size_t>(file.size_bytes - start));
    in.seekg(start);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (in) hash->Update(bytes);
  }
  if (in) return {};
  return Status::IoError("cannot read " + file.path +
                         "; was it removed or cut short while it was read?");
}

// A length before each text, so that no two lists give the same bytes.
void UpdateText(const std::string& text, Sha256* hash) {
  hash->Update(std::to_string(text.size()) + ":");
  hash->Update(text);
}

}  // namespace

std::int64_t SourceManifest::total_bytes() const {
  std::int64_t total = 0;
  for (const SourceFile& file : files) total += file.size_bytes;
  return total;
}

Json SourceManifest::ToJson() const {
  Json listed = Json::MakeArray();
  for (const SourceFile& file : files) {
    listed.Append(Json::MakeObject()
                      .Set("name", file.name)
                      .Set("size", file.size_bytes)
                      .Set("modified", FormatTime(file.modified)));
  }
  return Json::MakeObject()
      .Set("source", source)
      .Set("files", std::move(listed))
      .Set("bytes", total_bytes())
      .Set("fingerprint", fingerprint);
}

Result<SourceManifest> MakeManifest(const std::string& source, const SourceFiles& files) {
  SourceManifest manifest;
  manifest.source = source;
  manifest.files = files.files;
  Sha256 content;
  Sha256 change;
  for (const SourceFile& file : files.files) {
    UpdateText(file.name, &content);
    UpdateText(std::to_string(file.size_bytes), &content);
    COEVAL_RETURN_IF_ERROR(HashEnds(file, &content));
    UpdateText(file.path, &change);
    UpdateText(std::to_string(file.size_bytes) + "@" + std::to_string(file.modified), &change);
  }
  manifest.fingerprint = content.HexDigest();
  manifest.change_token = change.HexDigest();
  return manifest;
}

}  // namespace coeval
