#include "online/rocksdb/format_stamp.h"

#include <cstdint>

#include "base/json.h"
#include "io/files.h"

namespace coeval {

Status CheckFormatStamp(const std::string& folder) {
  const std::string path = folder + "/FORMAT";
  if (!FileExists(path)) {
    Json stamp;
    stamp.Set("format", kOnlineStoreFormat);
    stamp.Set("oldest_reader", kOnlineStoreFormat);
    stamp.Set("release", COEVAL_VERSION);
    return WriteFileAtomically(path, stamp.Write() + "\n");
  }
  COEVAL_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  const Result<Json> stamp = ParseJson(text);
  if (!stamp.ok() || stamp->GetInt("format") < 1 || stamp->GetInt("oldest_reader") < 1) {
    return Status::Corruption("'" + path + "' is no FORMAT stamp of an online store: remove the " +
                              "folder and run `coeval materialize-incremental` to fill it again");
  }
  const std::int64_t oldest_reader = stamp->GetInt("oldest_reader");
  if (oldest_reader > kOnlineStoreFormat) {
    return Status::FailedPrecondition(
        "the online store '" + folder + "' was written by Coeval " +
        stamp->GetString("release", "(unknown)") + " and needs a release that reads its format " +
        std::to_string(oldest_reader) + "; this is " + COEVAL_VERSION + ", which reads format " +
        std::to_string(kOnlineStoreFormat) + ": run that release, or remove the folder and run " +
        "`coeval materialize-incremental` to fill it again");
  }
  return {};
}

}  // namespace coeval
