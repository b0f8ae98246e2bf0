// The FORMAT stamp of an online store: a small JSON file beside the database, read before anything
// else is opened (architecture, decision 10).
//
//   {"format":1,"oldest_reader":1,"release":"0.1.0"}
#pragma once

#include <string>

#include "base/status.h"

namespace coeval {

inline constexpr int kOnlineStoreFormat = 1;

// Reads `folder`/FORMAT, or writes it where there is none. Errors: FailedPrecondition where the
// stamp asks for a newer reader than this release is, saying which release wrote it and what to do;
// Corruption where it cannot be read; IoError.
Status CheckFormatStamp(const std::string& folder);

}  // namespace coeval
