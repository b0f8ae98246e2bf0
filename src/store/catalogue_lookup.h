// Questions to a catalogue snapshot that planning does not ask: which object a name means, which
// versions materialization feeds (rule 8.5).
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "definition/catalogue.h"
#include "definition/object_kind.h"

namespace coeval {

// Errors: NotFound with the nearest name; InvalidArgument where objects of two kinds have it (then
// write feature_view:NAME, feature_service:NAME, entity:NAME or source:NAME).
Result<ObjectKind> FindObject(const Catalogue& catalogue, std::string* name);

// "weather" or "weather@v2" as (name, version); 0 = the one defined now. Errors: InvalidArgument.
Result<std::pair<std::string, int>> ParseVersioned(const std::string& reference);

// 0 = none.
int ActiveVersionOf(const Catalogue& catalogue, ObjectKind kind, const std::string& name);

using SharedViewVersions = std::vector<std::shared_ptr<const ViewVersion>>;

// What a push or a materialization of these views feeds: of "weather" all that
// Catalogue::VersionsToFeed says, of "weather@v2" that version; none = all views that are online.
// Errors: NotFound; InvalidArgument for views that are not online.
Result<SharedViewVersions> NamedVersionsToFeed(const CatalogueSnapshot& catalogue,
                                               const std::vector<std::string>& references);

}  // namespace coeval
