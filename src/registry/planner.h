// The planner: from what a registry holds and what is defined now to a plan and what to write for
// it (rules 8.2 to 8.5). A function of its arguments; used by plan and, inside the transaction, by
// apply.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "definition/definitions.h"
#include "registry/plan.h"
#include "registry/stored_state.h"

namespace coeval {

// What a version is made from: an entity, a source, or a version of a view.
struct LineageSource {
  ObjectKind kind;
  std::string name;
  int version = 0;
};

struct PlannedObject {
  ObjectKey key;
  ChangeKind change = ChangeKind::kUnchanged;
  Json definition;
  StoredVersion version;  // its number 0 for entities and sources
  bool writes_definition = false;
  bool writes_version = false;  // its document or label differs, or it is new
  bool activates = false;
  std::vector<LineageSource> lineage;
};

struct PlannedApply {
  Plan plan;
  std::vector<PlannedObject> objects;
  std::vector<ObjectKey> deletes;
};

struct PlanOptions {
  bool complete = true;  // the definitions are the whole repository: what is gone is deleted
  bool promote = false;  // on-demand views and services: a version that waits becomes active
};

// Errors: InvalidArgument with all mistakes of the definitions; Corruption. Refusals are in the
// plan.
Result<PlannedApply> MakePlan(const StoredState& state, const Definitions& definitions,
                              const PlanOptions& options);

// The plan that deletes one object. Errors: NotFound with the nearest name.
Result<PlannedApply> PlanDelete(const StoredState& state, ObjectKind kind, const std::string& name);

// The views that a version of a service, an on-demand view or a view over a view reads, by its
// logical content.
std::vector<Pin> PinsOf(const Json& content);

}  // namespace coeval
