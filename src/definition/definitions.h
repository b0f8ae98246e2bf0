// Definitions: everything that a repository declares, in canonical form; checked all at once.
//
// Python and YAML definitions both become the same JSON document, and this room reads it:
//   {"entities": [...], "sources": [...], "feature_views": [...], "on_demand_feature_views": [...],
//    "feature_services": [...]}     field by field in docs/formats/definitions.md
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/status.h"
#include "definition/entity.h"
#include "definition/feature_view.h"
#include "definition/source.h"

namespace coeval {

struct Definitions {
  std::vector<Entity> entities;
  std::vector<Source> sources;
  std::vector<FeatureView> feature_views;
  std::vector<OnDemandFeatureView> on_demand_feature_views;
  std::vector<FeatureService> feature_services;
  // "feature_view weather" -> "definitions.py:12" (of a second one of that name: "feature_view
  // weather#2"): for error texts only. Read from the member "where" of an object.
  std::map<std::string, std::string> where;
};

// One mistake in a definition: where it stands, what is wrong, what to do.
struct DefinitionError {
  std::string file;    // "definitions.py:12", or "" where not known
  std::string object;  // "feature view 'weather'"
  std::string field;   // "ttl", or ""
  std::string message;

  // "definitions.py:12: feature view 'weather', ttl: a view that reads a timeless source takes no
  // ttl"
  [[nodiscard]] std::string ToString() const;
};

// The document -> Definitions; unknown members, wrong kinds and unparsable types are errors, each
// with its place. On any error the Definitions hold what could be read.
Definitions ReadDefinitions(const Json& document, std::vector<DefinitionError>* errors);
// Definitions -> the document. Fields left at their default are not written (rule 8.2).
Json WriteDefinitions(const Definitions& definitions);

// Every rule that needs no other knowledge than the definitions: names (unique ignoring case; no
// `__`,
// `@`, `:`), references to entities, sources and views with the nearest name, types, key types, ttl
// with timeless sources (1.3), time fields, defaults of the right type, expressions that compile
// (expression/), alias and join-key maps, services without doubled names. All errors, in the order
// of the definitions. Views whose schema is still empty are checked as far as that goes.
std::vector<DefinitionError> CheckDefinitions(const Definitions& definitions);

// All mistakes of a whole document at once: those of reading it, then those of CheckDefinitions
// that are not their consequences (of the same member; expressions, where inputs may not have been
// read).
std::vector<DefinitionError> AllMistakes(std::vector<DefinitionError> of_reading,
                                         const Definitions& definitions);

// One InvalidArgument that lists all errors, a line each. OK where there are none.
Status ToStatus(const std::vector<DefinitionError>& errors);

// Several documents (of several files) as one: their lists one after the other. A document that is
// no object, or a member that is no list, is kept so that ReadDefinitions reports it.
Json MergeDocuments(const std::vector<Json>& documents);

// The object of exactly that name, or null. Cost: O(objects).
const Entity* FindEntity(const Definitions& definitions, std::string_view name);
const Source* FindSource(const Definitions& definitions, std::string_view name);
const FeatureView* FindFeatureView(const Definitions& definitions, std::string_view name);
const OnDemandFeatureView* FindOnDemandFeatureView(const Definitions& definitions,
                                                   std::string_view name);
const FeatureService* FindFeatureService(const Definitions& definitions, std::string_view name);
// The join keys of a view's entities, in order; entities that are not there give none.
std::vector<JoinKey> JoinKeysOf(const FeatureView& view, const Definitions& definitions);

}  // namespace coeval
