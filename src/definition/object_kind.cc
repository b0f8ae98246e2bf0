#include "definition/object_kind.h"

#include <vector>

#include "base/suggest.h"

namespace coeval {

std::string_view ObjectKindName(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kEntity:
      return "entity";
    case ObjectKind::kSource:
      return "source";
    case ObjectKind::kFeatureView:
      return "feature_view";
    case ObjectKind::kOnDemandFeatureView:
      return "on_demand_feature_view";
    case ObjectKind::kFeatureService:
      return "feature_service";
  }
  CheckFailed(__FILE__, __LINE__, "unknown object kind");
}

std::string_view ObjectListName(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kEntity:
      return "entities";
    case ObjectKind::kSource:
      return "sources";
    case ObjectKind::kFeatureView:
      return "feature_views";
    case ObjectKind::kOnDemandFeatureView:
      return "on_demand_feature_views";
    case ObjectKind::kFeatureService:
      return "feature_services";
  }
  CheckFailed(__FILE__, __LINE__, "unknown object kind");
}

std::string ObjectLabel(ObjectKind kind, std::string_view name) {
  std::string label(ObjectKindName(kind));
  for (char& c : label) {
    if (c == '_') c = ' ';
  }
  if (kind == ObjectKind::kOnDemandFeatureView) label.replace(0, 9, "on-demand");
  label.append(" '").append(name).append("'");
  return label;
}

Result<ObjectKind> ParseObjectKind(std::string_view name) {
  std::vector<std::string> names;
  for (const ObjectKind kind : kObjectKinds) {
    if (ObjectKindName(kind) == name) return kind;
    names.emplace_back(ObjectKindName(kind));
  }
  return Status::InvalidArgument("unknown kind of object '" + std::string(name) + "'" +
                                 DidYouMean(name, names));
}

bool IsVersioned(ObjectKind kind) {
  return kind != ObjectKind::kEntity && kind != ObjectKind::kSource;
}

}  // namespace coeval
