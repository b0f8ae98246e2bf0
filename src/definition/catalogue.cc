#include "definition/catalogue.h"

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

}  // namespace coeval
