// BackupManifest: what a backup holds (docs/formats/backup.md). It is written last, in one step, so
// that a folder with a manifest is a whole backup, and one without is none.
//
//   folder/backup.json      this, with its own checksum
//   folder/registry.db      the registry
//   folder/online/...       a checkpoint of the online store (online/rocksdb/checkpoint.h)
//   folder/log/...          files, segments, keys and manifest of the log; none where none was
//   pushed folder/quarantine/...   rows that were set apart
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "io/copy_file.h"

namespace coeval {

struct BackupFile {
  std::string name;  // below the folder
  FileContent content;
};

struct BackupManifest {
  std::string project;
  std::string release;
  TimeMicros time = 0;         // of the point, by the clock
  std::int64_t epoch = 0;      // of the store that it was taken of
  std::int64_t log_epoch = 0;  // of its log; 0 = there was none
  std::int64_t log_last = 0;   // the newest record; 0 = none
  std::vector<BackupFile> files;

  [[nodiscard]] std::int64_t bytes() const;
};

// Durable when it returns OK.
Status WriteBackupManifest(const std::string& folder, const BackupManifest& manifest);
// Errors: NotFound where the folder holds no whole backup; Corruption; FailedPrecondition (a newer
// release wrote it); IoError.
Result<BackupManifest> ReadBackupManifest(const std::string& folder);
bool HasBackupManifest(const std::string& folder);

}  // namespace coeval
