// Plan: what an apply will do (rule 8.3), as data and as text.
//
//   + feature view 'weather': version 1, active at once
//   ~ feature view 'weather': version 2; version 1 stays active
//       ttl: 3h -> 6h
//       becomes active by itself once its data has caught up, or now by `coeval promote weather`
//   - entity 'plane'
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "definition/catalogue.h"
#include "definition/definitions.h"
#include "definition/object_kind.h"

namespace coeval {

enum class ChangeKind : std::uint8_t {
  kCreate,      // an object that was not there
  kNewVersion,  // logical content that no version has (rule 8.2)
  kBackTo,      // the content of an earlier version, which it is again
  kMetadata,    // description, owner, location, ...: no new version
  kUnchanged,
  kDelete,
};

// "create", "new_version", "back_to_version", "metadata", "unchanged", "delete".
std::string_view ChangeKindName(ChangeKind kind);

// A version that a service or on-demand view reads from now on (rule 8.5).
struct Pin {
  std::string view;
  int version = 0;
};

struct ObjectChange {
  ObjectKind object;
  std::string name;
  ChangeKind change = ChangeKind::kUnchanged;
  int version = 0;        // of its definition after the apply; 0 of entities and sources
  int active_before = 0;  // 0 = none
  int active_after = 0;
  std::vector<std::string> differences;  // "ttl: 3h -> 6h"
  std::vector<Pin> pins;
  std::string note;  // how a version that is not active becomes so
};

// What forbids the apply (rule 8.4): nothing is changed while there is one.
struct Refusal {
  ObjectKind object;
  std::string name;
  std::string message;             // "it is used by feature service 'delays' version 1 (active)"
  std::vector<std::string> users;  // "feature service 'delays' version 1"
};

struct Plan {
  std::vector<ObjectChange> changes;  // in the order of kinds, then of definitions; deletes last
  std::vector<Refusal> refusals;
  std::int64_t revision = 0;  // of the registry that it was made for

  // Would an apply change anything?
  [[nodiscard]] bool empty() const;

  [[nodiscard]] bool refused() const { return !refusals.empty(); }

  // For people; `done`: as what an apply did, not as what it will do.
  [[nodiscard]] std::string ToText(bool done = false) const;
  [[nodiscard]] Json ToJson() const;
  // FailedPrecondition with all refusals, or OK.
  [[nodiscard]] Status ToStatus() const;
};

// Views without a schema take that of their latest version: a schema that was inferred at the first
// apply is kept from then on. Views that are still without one are new: infer theirs from the
// source.
void FillFrozenSchemas(const Catalogue& catalogue, Definitions* definitions);

}  // namespace coeval
