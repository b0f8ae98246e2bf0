// What a registry holds of one project, read in one transaction: the objects as they are defined
// now, every version there ever was, and which are active.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "base/time.h"
#include "definition/catalogue.h"
#include "definition/definitions.h"
#include "definition/object_kind.h"
#include "definition/view_source.h"
#include "registry/sqlite.h"

namespace coeval {

using ObjectKey = std::pair<ObjectKind, std::string>;

// An object as the last apply defined it.
struct StoredObject {
  Json definition;
  int version = 0;  // of its definition; 0 of entities and sources
};

struct StoredVersion {
  int version = 0;
  std::string identity;
  std::string data_identity;  // of stored views, else ""
  Json content;               // logical, never changed
  Json definition;            // with descriptions and what it reads; see VersionDocument
  std::string label;
  bool served = false;
  bool was_active = false;
};

struct StoredState {
  std::string project;
  std::int64_t revision = 0;
  std::map<ObjectKey, StoredObject> objects;
  std::map<ObjectKey, std::vector<StoredVersion>> versions;  // ascending; also of deleted objects
  std::map<ObjectKey, std::vector<int>> activations;         // oldest first; the last is active

  [[nodiscard]] int ActiveVersion(const ObjectKey& key) const;  // 0 = none
  [[nodiscard]] const StoredVersion* FindVersion(const ObjectKey& key, int version) const;
};

// A version with what it reads, so that it stands alone:
//   stored view        {"view": {...}, "source": {...}, "join_keys": [...]}; several files as
//                      "sources": [{...}], and the PushMeaning of a push source as "push": {...}
//   on-demand view     {"view": {... sources pinned}, "request_sources": [{...}]}
//   service            {"service": {... features pinned}}
// `sources`: the ways into the view; none of a view over a view.
Json VersionDocument(const FeatureView& view, const ViewSources& sources,
                     const std::vector<JoinKey>& keys);
Json VersionDocument(const OnDemandFeatureView& view, const std::vector<const Source*>& requests);
Json VersionDocument(const FeatureService& service);

// REQUIRES: inside a transaction. Errors: Corruption where a row cannot be what this release or one
// before it wrote, or does not have its identity.
Result<StoredState> ReadStoredState(SqlDatabase* database, const std::string& project);

// The definitions as last applied. Errors: Corruption.
Result<Definitions> DefinitionsOf(const StoredState& state);
// The view of one version, complete. Errors: Corruption.
Result<ViewVersion> ViewVersionOf(const StoredState& state, const std::string& name,
                                  const StoredVersion& version);
// What readers see (rule P10): objects that are defined now, with all their versions.
Result<CatalogueSnapshot> CatalogueOf(const StoredState& state);

}  // namespace coeval
