// Identity of a version (rule 8.2): SHA-256 of the canonical JSON of its logical content. Keys, types,
// schema, ttl, created meaning, data_delay, lateness, expressions, upstream versions and the versions
// of rule 6.4 count; locations, owners, descriptions, tags, and fields left at their default do not.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "definition/definitions.h"

namespace coeval {

// Upstream versions by view name: {"weather": 3}.
using UpstreamVersions = std::map<std::string, int>;

// The canonical content and its hash. REQUIRES: checked definitions that hold all that is named.
Json LogicalContent(const FeatureView& view, const Definitions& definitions);
Json LogicalContent(const OnDemandFeatureView& view, const Definitions& definitions,
                    const UpstreamVersions& upstream);
Json LogicalContent(const FeatureService& service, const UpstreamVersions& upstream);
// Two versions of a stored view that differ only in ttl share their data: this leaves the ttl out.
std::string DataIdentity(const FeatureView& view, const Definitions& definitions);
std::string IdentityOf(const Json& logical_content);

}  // namespace coeval
