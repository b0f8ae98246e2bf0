// One object of a repository as canonical JSON, and back (docs/formats/definitions.md).
//
// Writing leaves out every member at its default, so that a later release with more members changes
// no document (rule 8.2). Reading collects all errors with their place and gives what could be
// read.
#pragma once

#include <string_view>
#include <vector>

#include "base/json.h"
#include "definition/definitions.h"
#include "definition/object_kind.h"
#include "definition/object_reader.h"

namespace coeval {

// "file", "request", "push".
std::string_view SourceKindName(SourceKind kind);

Json WriteObject(const Field& field);
Json WriteObject(const Entity& entity);
Json WriteObject(const Source& source);
Json WriteObject(const Aggregation& aggregation);
Json WriteObject(const FeatureView& view);
Json WriteObject(const Projection& projection);
Json WriteObject(const OnDemandFeatureView& view);
Json WriteObject(const FeatureService& service);

// `place` says where the object stands; its `field` is "" and its `object` the label.
Entity ReadEntity(const Json& json, const DefinitionPlace& place,
                  std::vector<DefinitionError>* errors);
Source ReadSource(const Json& json, const DefinitionPlace& place,
                  std::vector<DefinitionError>* errors);
FeatureView ReadFeatureView(const Json& json, const DefinitionPlace& place,
                            std::vector<DefinitionError>* errors);
OnDemandFeatureView ReadOnDemandFeatureView(const Json& json, const DefinitionPlace& place,
                                            std::vector<DefinitionError>* errors);
FeatureService ReadFeatureService(const Json& json, const DefinitionPlace& place,
                                  std::vector<DefinitionError>* errors);

}  // namespace coeval
