// Identity of a version (rule 8.2): SHA-256 of the canonical JSON of its logical content. Keys,
// types, schema, defaults, ttl, times and their meaning, data_delay, lateness, expressions,
// upstream versions and the versions of rule 6.4 count; locations, owners, descriptions, tags,
// labels, how rows are carried (overlap, on_bad_time, allow_1970, online, offline, sla) and fields
// left at their default do not. docs/formats/definitions.md lists the members;
// tests/format/definition_hashes.txt holds hashes that no release may change.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "definition/definitions.h"
#include "definition/view_source.h"

namespace coeval {

// Upstream versions by view name: {"weather": 3}.
using UpstreamVersions = std::map<std::string, int>;

// The projections with their versions filled in: from `upstream` where they are 0.
// REQUIRES: `upstream` holds the views of all projections whose version is 0.
std::vector<Projection> PinVersions(std::vector<Projection> projections,
                                    const UpstreamVersions& upstream);

// The canonical content, from what the view reads.
// `sources`: those that the view names, in any order; none of a view over a view, whose
// source_view_version is pinned.
Json LogicalContent(const FeatureView& view, const ViewSources& sources,
                    const std::vector<JoinKey>& join_keys);
Json LogicalContent(const FeatureView& view, const Source& source,
                    const std::vector<JoinKey>& join_keys);
// `view.sources` are pinned; `sources` and `requests` are what they and view.request_sources name.
// Errors: InvalidArgument where an expression does not compile over them.
Result<Json> LogicalContent(const OnDemandFeatureView& view,
                            const std::vector<const FeatureView*>& sources,
                            const std::vector<const Source*>& requests);
// `service.features` are pinned.
Json LogicalContent(const FeatureService& service);

// The same with names looked up. `upstream`: of a view over a view. REQUIRES: checked definitions
// that hold all that is named, and no projection of another version than theirs.
Json LogicalContent(const FeatureView& view, const Definitions& definitions,
                    const UpstreamVersions& upstream = {});
Json LogicalContent(const OnDemandFeatureView& view, const Definitions& definitions,
                    const UpstreamVersions& upstream);
Json LogicalContent(const FeatureService& service, const UpstreamVersions& upstream);

std::string IdentityOf(const Json& logical_content);
// Two versions of a stored view that differ only in ttl share their data: this leaves the ttl out.
std::string DataIdentityOf(const Json& logical_content);
std::string DataIdentity(const FeatureView& view, const Definitions& definitions);

}  // namespace coeval
