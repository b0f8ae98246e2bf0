#include "registry/users.h"

#include <algorithm>

namespace coeval {
namespace {

bool Names(const std::vector<Projection>& projections, const std::string& view) {
  return std::any_of(projections.begin(), projections.end(),
                     [&](const Projection& projection) { return projection.view == view; });
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::vector<std::string> UsersByDefinition(const Definitions& definitions, const ObjectKey& key) {
  const auto& [kind, name] = key;
  std::vector<std::string> users;
  const bool is_view = kind == ObjectKind::kFeatureView || kind == ObjectKind::kOnDemandFeatureView;
  for (const Source& source : definitions.sources) {
    if (kind == ObjectKind::kSource && source.batch_source == name) {
      users.push_back(ObjectLabel(ObjectKind::kSource, source.name));
    }
  }
  for (const FeatureView& view : definitions.feature_views) {
    if ((kind == ObjectKind::kEntity && Contains(view.entities, name)) ||
        (kind == ObjectKind::kSource && Contains(view.source_names(), name)) ||
        (kind == ObjectKind::kFeatureView && view.source_view == name)) {
      users.push_back(ObjectLabel(ObjectKind::kFeatureView, view.name));
    }
  }
  for (const OnDemandFeatureView& view : definitions.on_demand_feature_views) {
    if ((kind == ObjectKind::kSource && Contains(view.request_sources, name)) ||
        (is_view && Names(view.sources, name))) {
      users.push_back(ObjectLabel(ObjectKind::kOnDemandFeatureView, view.name));
    }
  }
  for (const FeatureService& service : definitions.feature_services) {
    if (is_view && Names(service.features, name)) {
      users.push_back(ObjectLabel(ObjectKind::kFeatureService, service.name));
    }
  }
  return users;
}

}  // namespace coeval
