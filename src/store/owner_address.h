// Where the process that owns an online store answers over HTTP, for those who find it owned:
// `ADDRESS` in the store's folder, docs/formats/online_store.md.
#pragma once

#include <string>

#include "base/status.h"

namespace coeval {

// REQUIRES: this process owns the store in `folder`. Errors: IoError.
Status WriteOwnerAddress(const std::string& folder, const std::string& address);

// "" where the owner told none: what another process left behind does not count.
std::string OwnerAddress(const std::string& folder);

}  // namespace coeval
