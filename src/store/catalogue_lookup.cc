#include "store/catalogue_lookup.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/suggest.h"
#include "retrieval/feature_reference.h"

namespace coeval {
namespace {

bool Has(const Catalogue& catalogue, ObjectKind kind, const std::string& name) {
  switch (kind) {
    case ObjectKind::kEntity:
      return std::any_of(catalogue.entities.begin(), catalogue.entities.end(),
                         [&](const Entity& entity) { return entity.name == name; });
    case ObjectKind::kSource:
      return std::any_of(catalogue.sources.begin(), catalogue.sources.end(),
                         [&](const Source& source) { return source.name == name; });
    case ObjectKind::kFeatureView:
      return catalogue.views.contains(name);
    case ObjectKind::kOnDemandFeatureView:
      return catalogue.on_demand_views.contains(name);
    case ObjectKind::kFeatureService:
      return catalogue.services.contains(name);
  }
  return false;
}

std::vector<std::string> AllNames(const Catalogue& catalogue) {
  std::vector<std::string> names;
  for (const Entity& entity : catalogue.entities) names.push_back(entity.name);
  for (const Source& source : catalogue.sources) names.push_back(source.name);
  for (const auto& [name, versions] : catalogue.views) names.push_back(name);
  for (const auto& [name, versions] : catalogue.on_demand_views) names.push_back(name);
  for (const auto& [name, versions] : catalogue.services) names.push_back(name);
  return names;
}

template <typename Versions>
int ActiveOf(const Versions& by_name, const std::string& name) {
  const auto found = by_name.find(name);
  if (found == by_name.end()) return 0;
  for (const auto& version : found->second) {
    if (version.active) return version.version;
  }
  return 0;
}

void AddFed(const CatalogueSnapshot& catalogue, const std::string& view, SharedViewVersions* fed) {
  for (const ViewVersion* version : catalogue->VersionsToFeed(view)) {
    if (version->view.is_served_online()) fed->emplace_back(catalogue, version);
  }
}

Status AddNamed(const CatalogueSnapshot& catalogue, const std::string& reference,
                SharedViewVersions* fed) {
  std::string name = reference;
  int version = 0;
  if (!catalogue->views.contains(name)) {
    if (auto parsed = ParseFeatureReference(reference + ":*");
        parsed.ok() && parsed->label.empty()) {
      name = parsed->view;
      version = parsed->version;
    }
  }
  COEVAL_ASSIGN_OR_RETURN(const ViewVersion* found, catalogue->FindView(name, version));
  if (!found->view.online) {
    return Status::InvalidArgument("feature view '" + name +
                                   "' is declared online=False; it is not materialized");
  }
  if (found->view.reads_view()) {
    return Status::InvalidArgument("feature view '" + name + "' is over the view '" +
                                   found->view.source_view +
                                   "': such views are not served online yet, there is nothing to "
                                   "materialize");
  }
  if (version != 0) {
    fed->emplace_back(catalogue, found);
  } else {
    AddFed(catalogue, name, fed);
  }
  return {};
}

}  // namespace

Result<std::pair<std::string, int>> ParseVersioned(const std::string& reference) {
  if (reference.find('@') == std::string::npos && reference.find("__v") == std::string::npos) {
    return std::pair<std::string, int>{reference, 0};
  }
  auto parsed = ParseFeatureReference(reference + ":*");
  if (!parsed.ok() || !parsed->label.empty()) {
    return Status::InvalidArgument("'" + reference + "' is no name and version; write name@v3");
  }
  return std::pair<std::string, int>{parsed->view, parsed->version < 0 ? 0 : parsed->version};
}

Result<ObjectKind> FindObject(const Catalogue& catalogue, std::string* name) {
  if (const std::size_t colon = name->find(':'); colon != std::string::npos) {
    COEVAL_ASSIGN_OR_RETURN(ObjectKind kind, ParseObjectKind(name->substr(0, colon)));
    *name = name->substr(colon + 1);
    if (Has(catalogue, kind, *name)) return kind;
    return Status::NotFound(ObjectLabel(kind, *name) + " does not exist");
  }
  std::optional<ObjectKind> found;
  for (const ObjectKind kind : kObjectKinds) {
    if (!Has(catalogue, kind, *name)) continue;
    if (found) {
      return Status::InvalidArgument("'" + *name + "' is a name of two things; write " +
                                     std::string(ObjectKindName(*found)) + ":" + *name + " or " +
                                     std::string(ObjectKindName(kind)) + ":" + *name);
    }
    found = kind;
  }
  if (found) return *found;
  return Status::NotFound("nothing is named '" + *name + "'" +
                          DidYouMean(*name, AllNames(catalogue)));
}

int ActiveVersionOf(const Catalogue& catalogue, ObjectKind kind, const std::string& name) {
  switch (kind) {
    case ObjectKind::kFeatureView:
      return ActiveOf(catalogue.views, name);
    case ObjectKind::kOnDemandFeatureView:
      return ActiveOf(catalogue.on_demand_views, name);
    case ObjectKind::kFeatureService:
      return ActiveOf(catalogue.services, name);
    default:
      return 0;
  }
}

Result<SharedViewVersions> NamedVersionsToFeed(const CatalogueSnapshot& catalogue,
                                               const std::vector<std::string>& references) {
  SharedViewVersions fed;
  for (const std::string& reference : references) {
    COEVAL_RETURN_IF_ERROR(AddNamed(catalogue, reference, &fed));
  }
  if (references.empty()) {
    for (const auto& [name, versions] : catalogue->views) AddFed(catalogue, name, &fed);
  }
  if (fed.empty()) {
    return Status::FailedPrecondition(
        catalogue->views.empty()
            ? "there is no online feature view to materialize; run `coeval apply` first"
            : "there is no online feature view to materialize: those that there are are declared "
              "online=False, or are over other views, which are not served yet");
  }
  return fed;
}

}  // namespace coeval
