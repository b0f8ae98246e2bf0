// DefinitionChecker: the checks of CheckDefinitions (definitions.h), one function for each kind of
// object. Used by check*.cc alone.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "definition/definitions.h"
#include "definition/object_kind.h"
#include "definition/view_source.h"

namespace coeval {

class DefinitionChecker {
 public:
  explicit DefinitionChecker(const Definitions& definitions) : all_(definitions) {}

  std::vector<DefinitionError> Run();

 private:
  // Before the checks of an object: errors now speak of it. Checks its name: well-formed, and the
  // first of its kind (views and on-demand views are one kind here).
  void Begin(ObjectKind kind, const std::string& name);
  void Fail(std::string field, std::string message);

  void CheckEntity(const Entity& entity);

  void CheckSource(const Source& source);
  void CheckFileTimes(const Source& source);
  void CheckFileColumns(const Source& source);
  void CheckFieldMapping(const Source& source);
  void CheckCsv(const Source& source);

  void CheckPush(const Source& source);
  // The batch source of a push source; null where there is none, or none that can be one (told).
  const Source* CheckBatchSource(const Source& push);
  void CheckPushedColumns(const Source& push, const Source& meaning);

  void CheckView(const FeatureView& view);
  std::vector<JoinKey> CheckEntitiesOf(const FeatureView& view);
  // What the view reads, as one source; none where it is not known, which is told.
  std::optional<Source> CheckSourcesOf(const FeatureView& view);
  // The ways into a view over sources; none where one is not as it should be (told).
  std::optional<ViewSources> CheckNamedSources(const FeatureView& view, const std::string& member);
  std::optional<Source> CheckSourceView(const FeatureView& view);
  void CheckAggregations(const FeatureView& view, const std::optional<Source>& source);
  void CheckLabel(const std::string& label);

  void CheckOnDemand(const OnDemandFeatureView& view);
  void CheckOnDemandSources(const OnDemandFeatureView& view);
  void CheckExpressions(const OnDemandFeatureView& view);
  void CompileExpressions(const OnDemandFeatureView& view);

  void CheckService(const FeatureService& service);
  // Alias, features and key map of a projection of a view that exists.
  void CheckProjection(const std::string& place, const Projection& projection,
                       const std::vector<Field>& schema, const std::vector<JoinKey>& keys);

  // Names well-formed and unique ignoring case, types present.
  void CheckFields(const std::string& list, const std::vector<Field>& fields);
  // Names that begin with a non-empty "column": a column of the source.
  void CheckColumnName(const std::string& field, const std::string& column);

  [[nodiscard]] std::vector<std::string> Names(ObjectKind kind) const;
  // The join keys that the sources of an on-demand view ask for.
  [[nodiscard]] std::vector<JoinKey> JoinKeysOfSources(const OnDemandFeatureView& view) const;

  const Definitions& all_;
  std::vector<DefinitionError> errors_;
  std::string file_;
  std::string object_;
  std::map<std::string, std::string> first_;  // folded kind and name -> its place or label
  std::map<std::string, int> occurrences_;    // "feature_view weather" -> how many so far
};

}  // namespace coeval
