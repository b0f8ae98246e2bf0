// SocketLink: the owner of an online store answers other processes of its user on the Unix socket
// `owner.sock` in the store's folder, in HTTP (serve/api/owner_service.h); they ask it there. For
// StoreOptions::link.
#pragma once

#include <memory>

#include "store/owner_link.h"

namespace coeval {

// Threads: what it makes may be used by any number of them. A door has four workers, and one thread
// each for reading requests and for materializations.
std::shared_ptr<OwnerLink> MakeSocketLink();

}  // namespace coeval
