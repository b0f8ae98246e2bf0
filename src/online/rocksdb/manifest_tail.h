// The end of RocksDB's manifest after a power cut. RocksDB syncs the manifest after each change, so
// a change that was cut off was never acknowledged; but where it is there in part (its first page,
// not its second; or its size, not its bytes), release 7.8 refuses to open. So such a tail is cut
// off before. What was committed is never cut off: how long the manifest was then is written down
// beside the database.
//
//   folder/COMMITTED   a record of io/slot_file.h: {"manifest":"MANIFEST-000012","size":4711}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <rocksdb/db.h>

#include "base/status.h"
#include "io/slot_file.h"

namespace coeval {

// Up to where the records of a manifest are whole: the end of the last one.
std::int64_t WholeManifestBytes(std::string_view manifest);

// Of an open database: is what was committed still on disk as it was written? An open database does
// not read it again, and would not open. REQUIRES: no file is deleted meanwhile. Errors: Corruption
// naming the file and the bytes; IoError.
Status CheckManifest(rocksdb::DB& db);

// Threads: one at a time.
class ManifestTail {
 public:
  // Makes the file where there is none. Errors: Corruption; IoError.
  static Result<ManifestTail> Open(const std::string& folder);

  // Before the database in folder/db is opened. Errors: Corruption where bytes that were committed
  // are damaged (manifest and bytes are named); IoError.
  Status CutTorn() const;

  // After a commit, and before it is acknowledged: the manifest is durable up to here. What cannot
  // be written down only lets less damage be found.
  void Remember(rocksdb::DB& db);

 private:
  // As the file says; "" = nothing was, or it is not known.
  struct Committed {
    std::string manifest;
    std::int64_t size = 0;
  };

  [[nodiscard]] Committed LastCommitted() const;
  [[nodiscard]] Result<std::string> NamedByCurrent() const;
  // Where there is no manifest that CURRENT names: the one that counts, or "". Errors: Corruption.
  [[nodiscard]] Result<std::string> GoBack(const Committed& committed) const;

  ManifestTail(std::string db_folder, SlotFile file)
      : db_folder_(std::move(db_folder)), file_(std::move(file)) {}

  std::string db_folder_;
  SlotFile file_;
};

}  // namespace coeval
