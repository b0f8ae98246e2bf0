#include "definition/catalogue.h"

#include <set>

#include "base/suggest.h"

namespace coeval {
namespace {

template <typename V>
std::string VersionsOf(const std::vector<V>& versions) {
  std::string text;
  for (const V& v : versions) {
    text.append(text.empty() ? "" : ", ").append(std::to_string(v.version));
    if (v.active) text.append(" (active)");
  }
  return text;
}

template <typename V>
Result<const V*> Find(const std::map<std::string, std::vector<V>>& all, const std::string& name,
                      int version, const char* kind) {
  const auto found = all.find(name);
  if (found == all.end() || found->second.empty()) {
    std::vector<std::string> names;
    names.reserve(all.size());
    for (const auto& [other, versions] : all) names.push_back(other);
    std::string message =
        std::string("there is no ") + kind + " '" + name + "'" + DidYouMean(name, names);
    if (names.empty()) message += "; nothing of this kind was applied yet (coeval apply)";
    return Status::NotFound(std::move(message));
  }
  const std::vector<V>& versions = found->second;
  if (version == -1) return &versions.back();
  for (const V& v : versions) {
    if (version == 0 ? v.active : v.version == version) return &v;
  }
  const std::string what = std::string(kind) + " '" + name + "' has no " +
                           (version == 0 ? "active version" : "version " + std::to_string(version));
  return Status::NotFound(what + "; it has " + VersionsOf(versions));
}

// The versions of `view` that a version in use of some reader is pinned to: the active one of each
// reader, and those newer than it.
template <typename V, typename Projections>
void AddPinned(const std::map<std::string, std::vector<V>>& readers, const std::string& view,
               Projections projections, std::set<int>* versions) {
  for (const auto& [name, all] : readers) {
    bool in_use = false;
    for (const V& reader : all) {
      in_use = in_use || reader.active;
      if (!in_use) continue;
      for (const Projection& projection : projections(reader)) {
        if (projection.view == view) versions->insert(projection.version);
      }
    }
  }
}

}  // namespace

Result<const ViewVersion*> Catalogue::FindView(const std::string& name, int version) const {
  return Find(views, name, version, "feature view");
}

Result<const OnDemandVersion*> Catalogue::FindOnDemandView(const std::string& name,
                                                           int version) const {
  return Find(on_demand_views, name, version, "on-demand feature view");
}

Result<const ServiceVersion*> Catalogue::FindService(const std::string& name, int version) const {
  return Find(services, name, version, "feature service");
}

std::vector<const ViewVersion*> Catalogue::VersionsToFeed(const std::string& view) const {
  std::vector<const ViewVersion*> fed;
  const auto found = views.find(view);
  if (found == views.end()) return fed;
  std::set<int> pinned;
  AddPinned(
      on_demand_views, view, [](const OnDemandVersion& v) -> auto& { return v.view.sources; },
      &pinned);
  AddPinned(
      services, view, [](const ServiceVersion& v) -> auto& { return v.service.features; }, &pinned);
  bool newer = false;
  for (const ViewVersion& version : found->second) {
    newer = newer || version.active;
    if (newer || pinned.contains(version.version)) fed.push_back(&version);
  }
  return fed;
}

std::vector<const ViewVersion*> Catalogue::VersionsFedBy(const std::string& push_source) const {
  std::vector<const ViewVersion*> fed;
  for (const auto& [name, versions] : views) {
    for (const ViewVersion* version : VersionsToFeed(name)) {
      if (version->push.has_value() && version->push->name == push_source) fed.push_back(version);
    }
  }
  return fed;
}

bool HasGreaterTtl(const ViewVersion& a, const ViewVersion& b) {
  if (a.view.ttl == 0 || b.view.ttl == 0) return a.view.ttl == 0 && b.view.ttl != 0;
  return a.view.ttl > b.view.ttl;
}

}  // namespace coeval
