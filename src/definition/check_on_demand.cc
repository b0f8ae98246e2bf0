// What is checked of on-demand views: sources that exist, one expression for each feature, and that
// each compiles to its feature's type over the view's inputs (rule 6).
#include <algorithm>
#include <set>

#include "base/suggest.h"
#include "definition/checker.h"
#include "definition/on_demand_inputs.h"
#include "expression/expression.h"

namespace coeval {

void DefinitionChecker::CheckOnDemand(const OnDemandFeatureView& view) {
  Begin(ObjectKind::kOnDemandFeatureView, view.name);
  CheckOnDemandSources(view);
  if (view.schema.empty()) Fail("schema", "an on-demand view has at least one feature");
  CheckFields("schema", view.schema);
  CheckExpressions(view);
  CompileExpressions(view);
  CheckLabel(view.version_label);
}

void DefinitionChecker::CheckOnDemandSources(const OnDemandFeatureView& view) {
  if (view.sources.empty() && view.request_sources.empty()) {
    Fail("sources", "an on-demand view reads at least one view or request source");
  }
  std::set<std::string> shown;
  for (const Projection& projection : view.sources) {
    const std::string place = "sources." + projection.shown_name();
    if (!shown.insert(projection.shown_name()).second) {
      Fail(place, "two sources have this name; give one another (with_name)");
    }
    const FeatureView* stored = FindFeatureView(all_, projection.view);
    if (stored != nullptr) {
      CheckProjection(place, projection, stored->schema, JoinKeysOf(*stored, all_));
    } else if (FindOnDemandFeatureView(all_, projection.view) != nullptr) {
      Fail(place,
           "'" + projection.view + "' is an on-demand view; only stored views can be read here");
    } else if (!projection.view.empty()) {
      Fail(place, "there is no view '" + projection.view + "'" +
                      DidYouMean(projection.view, Names(ObjectKind::kFeatureView)));
    }
  }
  for (const std::string& name : view.request_sources) {
    const std::string place = "request_sources." + name;
    if (!shown.insert(name).second) Fail(place, "two sources have this name");
    const Source* source = FindSource(all_, name);
    if (source == nullptr) {
      Fail(place,
           "there is no source '" + name + "'" + DidYouMean(name, Names(ObjectKind::kSource)));
    } else if (source->kind != SourceKind::kRequest) {
      Fail(place, "'" + name + "' is no request source; read its view instead");
    }
  }
}

void DefinitionChecker::CheckExpressions(const OnDemandFeatureView& view) {
  std::vector<std::string> names;
  names.reserve(view.schema.size());
  for (const Field& field : view.schema) names.push_back(field.name);
  for (const std::string& name : names) {
    if (!view.expressions.contains(name)) Fail("expressions", "'" + name + "' has none");
  }
  for (const auto& [name, text] : view.expressions) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    Fail("expressions." + name, "the schema has no such feature" + DidYouMean(name, names));
  }
}

// Left out while an input is not known: a schema that is still to be inferred, another version's,
// or a source that does not exist (reported before).
void DefinitionChecker::CompileExpressions(const OnDemandFeatureView& view) {
  std::vector<const FeatureView*> sources;
  std::vector<const Source*> requests;
  for (const Projection& projection : view.sources) {
    const FeatureView* stored = FindFeatureView(all_, projection.view);
    if (stored == nullptr || stored->schema.empty() || projection.version != 0) return;
    sources.push_back(stored);
  }
  for (const std::string& name : view.request_sources) {
    const Source* source = FindSource(all_, name);
    if (source == nullptr || source->kind != SourceKind::kRequest) return;
    requests.push_back(source);
  }
  const Schema inputs = InputSchema(OnDemandInputs(view, sources, requests));
  for (const Field& field : view.schema) {
    const auto text = view.expressions.find(field.name);
    if (text == view.expressions.end() || field.type.id() == TypeId::kNull) continue;
    const Result<Expression> compiled = Expression::Compile(text->second, inputs, field.type);
    if (!compiled.ok()) Fail("expressions." + field.name, compiled.status().message());
  }
}

}  // namespace coeval
