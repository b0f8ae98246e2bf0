// All facts that an embedded store keeps of one key, in files and in memory: for comparing them
// with what the sources hold.
#pragma once

#include <string_view>

#include "base/status.h"
#include "online/kept_facts.h"
#include "online/rocksdb/meta.h"
#include "online/rocksdb/store_core.h"

namespace coeval {

// Appends them, in no order, some perhaps twice. Errors: Corruption; IoError.
Status AddKeyFacts(const StoreState& state, const ViewRecord& record, std::string_view entity_key,
                   KeptFacts* facts);

}  // namespace coeval
