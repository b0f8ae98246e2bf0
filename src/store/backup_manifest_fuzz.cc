// Any text as the manifest of a backup, with a right checksum where it is JSON: refused, or read.
// No file that it names lies outside of the backup.
#include "store/backup_manifest.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/json.h"
#include "io/temp_directory.h"

namespace {

// The text as it is, or as what the checksum is of.
std::string ManifestOf(std::string_view text) {
  auto json = coeval::ParseJson(text);
  if (!json.ok() || json->Find("backup") != nullptr) return std::string(text);
  coeval::Json whole = coeval::Json::MakeObject();
  whole.Set("format", 1).Set("sha256", coeval::Sha256Hex(json->Write()));
  return whole.Set("backup", *json).Write();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const coeval::TempDirectory folder = *coeval::TempDirectory::Make("coeval-fuzz");
  std::ofstream(folder.File("backup.json"), std::ios::binary)
      << ManifestOf({reinterpret_cast<const char*>(data), size});
  const auto manifest = coeval::ReadBackupManifest(folder.path());
  if (!manifest.ok()) return 0;
  const std::filesystem::path root = "/backup";
  for (const coeval::BackupFile& file : manifest->files) {
    const std::string path = (root / file.name).lexically_normal().string();
    COEVAL_CHECK(path.starts_with("/backup/") && path.size() > 8);
  }
  return 0;
}
