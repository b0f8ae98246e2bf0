// Catalogue: one immutable snapshot of a project's registry: every version that exists, which is
// active, and what each reads. A request uses one snapshot from beginning to end (P10).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "definition/definitions.h"

namespace coeval {

// A stored view's version with everything that rules 2 and 3 need, resolved.
struct ViewVersion {
  FeatureView view;  // schema complete
  // What the times of its batch facts mean (view_source.h); of a view that is fed by pushes alone,
  // the same as `push`.
  Source source;
  std::vector<Source> sources;                     // where several are united: each; else none
  std::shared_ptr<const ViewVersion> source_view;  // of a view over a view: that one; else null
  std::optional<Source> push;                      // where it is pushed to as well: the PushMeaning
  std::vector<JoinKey> join_keys;                  // of its entities, in order
  int version = 0;                                 // 1, 2, ...
  std::string identity;                            // rule 8.2
  std::string data_identity;                       // versions that share it share their online data
  std::string label;                               // "1.2" or ""
  bool active = false;

  // Is there nothing to be read but what was pushed?
  [[nodiscard]] bool pushed_alone() const { return source.kind == SourceKind::kPush; }

  // Where its facts come from, for people: "trips", "trips + trips_push".
  [[nodiscard]] std::string source_names() const {
    return push.has_value() && !pushed_alone() ? source.name + " + " + push->name : source.name;
  }
};

// Does `a` see further back? A ttl of 0 is none: greater than any.
bool HasGreaterTtl(const ViewVersion& a, const ViewVersion& b);

struct OnDemandVersion {
  OnDemandFeatureView view;  // sources carry pinned versions
  std::vector<Source> request_sources;
  int version = 0;
  std::string identity;
  std::string label;
  bool active = false;
};

struct ServiceVersion {
  FeatureService service;  // projections carry pinned versions
  int version = 0;
  std::string identity;
  bool active = false;
};

struct Catalogue {
  std::string project;
  std::int64_t revision = 0;  // grows with every change of the registry
  std::vector<Entity> entities;
  std::vector<Source> sources;
  std::map<std::string, std::vector<ViewVersion>> views;  // by name, versions ascending
  std::map<std::string, std::vector<OnDemandVersion>> on_demand_views;
  std::map<std::string, std::vector<ServiceVersion>> services;

  // The version asked for: 0 = active, -1 = latest. Errors: NotFound with the nearest name, or the
  // versions that exist.
  [[nodiscard]] Result<const ViewVersion*> FindView(const std::string& name, int version) const;
  [[nodiscard]] Result<const OnDemandVersion*> FindOnDemandView(const std::string& name,
                                                                int version) const;
  [[nodiscard]] Result<const ServiceVersion*> FindService(const std::string& name,
                                                          int version) const;

  // The versions of a stored view that pushes and materializations feed (rule 8.5): the active one,
  // those that an active or newer version of a service or on-demand view reads, and all newer than
  // the active one. Ascending; none where there is no such view.
  [[nodiscard]] std::vector<const ViewVersion*> VersionsToFeed(const std::string& view) const;
  // Of those, the versions of all views that a push to that source feeds; by view, then ascending.
  [[nodiscard]] std::vector<const ViewVersion*> VersionsFedBy(const std::string& push_source) const;
};

using CatalogueSnapshot = std::shared_ptr<const Catalogue>;

}  // namespace coeval
