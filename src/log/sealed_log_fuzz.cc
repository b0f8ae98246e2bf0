// Any text as the manifest of the sealed log, with a right checksum where it is JSON: refused, or
// read, and written back as the same. No name that it gives leads out of the log's folder.
#include "log/sealed_log.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/json.h"

namespace {

// The text as it is, or as what the checksum is of.
std::string ManifestOf(std::string_view text) {
  auto json = coeval::ParseJson(text);
  if (!json.ok() || json->Find("manifest") != nullptr) return std::string(text);
  std::string checksum(17, '\0');
  const auto hash = static_cast<unsigned long long>(coeval::Hash64(json->Write()));
  std::snprintf(checksum.data(), checksum.size(), "%016llx", hash);
  checksum.pop_back();
  coeval::Json whole = coeval::Json::MakeObject();
  whole.Set("format", 2).Set("oldest_reader", 2).Set("checksum", checksum);
  return whole.Set("manifest", *json).Write();
}

// Format 1 did not tell by their number whether pushes are missing, and may have told anything.
bool IsWhole(const coeval::SealedLog& sealed) {
  coeval::LogPosition before = 0;
  std::int64_t left = sealed.last;
  for (const coeval::LogSegment& segment : sealed.segments) {
    if (segment.first <= before || segment.batches > left) return false;
    before = segment.first;
    left -= segment.batches;
  }
  return left == 0 && sealed.last > 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text = ManifestOf({reinterpret_cast<const char*>(data), size});
  const auto sealed = coeval::DecodeSealedLog(text);
  if (!sealed.ok()) return 0;
  for (const std::string& name : SealedNames(*sealed)) {
    COEVAL_CHECK(!name.starts_with('/') && ("/" + name + "/").find("/../") == std::string::npos);
  }
  if (text.find("seals") != std::string::npos && !IsWhole(*sealed)) return 0;
  const auto again = coeval::DecodeSealedLog(EncodeSealedLog(*sealed, "0"));
  COEVAL_CHECK(again.ok() && *again == *sealed);
  return 0;
}
