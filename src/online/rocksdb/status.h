// RocksDB's outcomes as Coeval's.
#pragma once

#include <string_view>

#include <rocksdb/status.h>

#include "base/status.h"

namespace coeval {

// `doing`: "reading the online store". Disk full, I/O and corruption keep their kind; what may pass
// later is Unavailable.
Status FromRocksDb(const rocksdb::Status& status, std::string_view doing);

}  // namespace coeval
