#include "online/rocksdb/status.h"

#include <string>

namespace coeval {

Status FromRocksDb(const rocksdb::Status& status, std::string_view doing) {
  if (status.ok()) return {};
  std::string message(doing);
  message += ": ";
  if (status.IsNoSpace()) {
    return Status::IoError(message + "the disk is full; free space and run it again (" +
                           status.ToString() + ")");
  }
  message += status.ToString();
  if (status.IsIOError() || status.IsPathNotFound()) return Status::IoError(message);
  if (status.IsCorruption()) return Status::Corruption(message);
  if (status.IsBusy() || status.IsTimedOut() || status.IsTryAgain() || status.IsIncomplete() ||
      status.IsShutdownInProgress() || status.IsAborted()) {
    return Status::Unavailable(message);
  }
  return Status::Internal(message);
}

}  // namespace coeval
