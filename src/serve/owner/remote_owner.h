// The owner of an online store as another process sees it: calls become requests to its socket.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "store/owner_link.h"

namespace coeval {

// As OwnerLink::Reach, of the socket at `path`.
Result<std::shared_ptr<StoreOwner>> ReachOwner(const FeatureStore& store, const std::string& path,
                                               DurationMicros patience);

}  // namespace coeval
