// The kinds of objects that a repository declares, and their names in JSON, registry and messages.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace coeval {

enum class ObjectKind : std::uint8_t {
  kEntity,
  kSource,
  kFeatureView,
  kOnDemandFeatureView,
  kFeatureService,
};

// In the order in which one may use another.
inline constexpr std::array<ObjectKind, 5> kObjectKinds = {
    ObjectKind::kEntity, ObjectKind::kSource, ObjectKind::kFeatureView,
    ObjectKind::kOnDemandFeatureView, ObjectKind::kFeatureService};

// "entity", "source", "feature_view", "on_demand_feature_view", "feature_service".
std::string_view ObjectKindName(ObjectKind kind);
// The member of the document that lists them: "entities", "feature_views", ...
std::string_view ObjectListName(ObjectKind kind);
// "feature view 'weather'": how messages speak of an object.
std::string ObjectLabel(ObjectKind kind, std::string_view name);
// The inverse of ObjectKindName. Errors: InvalidArgument with the nearest name.
Result<ObjectKind> ParseObjectKind(std::string_view name);
// Do its changes make versions (rule 8.2)? Entities and sources are part of the versions of views.
bool IsVersioned(ObjectKind kind);

}  // namespace coeval
