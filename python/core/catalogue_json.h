// A catalogue snapshot as JSON, for the SDK's get_... and list_... methods.
#pragma once

#include "base/json.h"
#include "definition/catalogue.h"

namespace coeval::python {

// {"entities": [{"definition"}], "sources": [...], "feature_views": [{"definition", "version",
// "active", "join_keys"}], "on_demand_feature_views": [...], "feature_services": [...]}:
// definitions in canonical form; of views and services each version, ascending by name and number.
Json CatalogueToJson(const Catalogue& catalogue);

}  // namespace coeval::python
