// Where RocksDB says what it does: the log of the process, and no file. Debian's build has its
// assertions on, and the second line into a file that could not be written ends the process, so
// that a full disk would be the end of every reader.
#pragma once

#include <memory>

#include <rocksdb/env.h>

#include "base/context.h"

namespace coeval {

// Warnings at level debug, errors at info: what they mean to a user comes back as a status.
std::shared_ptr<rocksdb::Logger> MakeInfoLog(LogSink log);

}  // namespace coeval
