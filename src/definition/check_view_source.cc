// What is checked of where a view's facts come from: a source, several united, or another view.
#include <algorithm>
#include <set>
#include <utility>

#include "base/suggest.h"
#include "definition/checker.h"
#include "definition/view_source.h"

namespace coeval {

std::optional<Source> DefinitionChecker::CheckSourcesOf(const FeatureView& view) {
  const int ways =
      (view.source.empty() ? 0 : 1) + (view.sources.empty() ? 0 : 1) + (view.reads_view() ? 1 : 0);
  if (ways > 1) {
    Fail("source",
         "is given twice: a view reads a `source`, several `sources`, or a `source_view`");
    return std::nullopt;
  }
  if (view.reads_view()) return CheckSourceView(view);
  if (view.every != 0) {
    Fail("every", "is for a view over a view (source_view), which is read on a grid of times");
  }
  if (ways == 0) {
    Fail("source", "is missing");
    return std::nullopt;
  }
  const std::string member = view.sources.empty() ? "source" : "sources";
  std::set<std::string> seen;
  std::vector<const Source*> sources;
  for (const std::string& name : view.source_names()) {
    const Source* source = FindSource(all_, name);
    if (!seen.insert(name).second) {
      Fail(member, "'" + name + "' is there twice");
    } else if (source == nullptr) {
      Fail(member,
           "there is no source '" + name + "'" + DidYouMean(name, Names(ObjectKind::kSource)));
    } else if (source->kind == SourceKind::kRequest) {
      Fail(member, "'" + name +
                       "' is a request source; only an on-demand view can read what a request "
                       "brings");
    } else {
      sources.push_back(source);
    }
  }
  if (sources.size() < view.source_names().size()) return std::nullopt;
  bool alike = true;
  CheckUnitedSources(sources, [&](std::string field, std::string message) {
    alike = false;
    Fail(std::move(field), std::move(message));
  });
  if (!alike) return std::nullopt;
  return UniteSources(sources);
}

std::optional<Source> DefinitionChecker::CheckSourceView(const FeatureView& view) {
  if (view.every <= 0) {
    Fail("every", view.every == 0
                      ? "is missing: how often the view '" + view.source_view + "' is read, as 1d"
                      : "must be positive");
  }
  if (!view.is_aggregated()) {
    Fail("aggregations", "are missing: a view over a view aggregates what it reads of that one");
  }
  const FeatureView* beneath = FindFeatureView(all_, view.source_view);
  if (beneath == nullptr) {
    Fail("source_view", "there is no feature view '" + view.source_view + "'" +
                            DidYouMean(view.source_view, Names(ObjectKind::kFeatureView)));
    return std::nullopt;
  }
  if (beneath->reads_view()) {
    Fail("source_view", "'" + view.source_view +
                            "' reads a view itself; a view over a view is one deep: declare this "
                            "one over '" +
                            beneath->source_view + "'");
    return std::nullopt;
  }
  if (!beneath->is_aggregated()) {
    Fail("source_view", "'" + view.source_view +
                            "' has no aggregations; declare the aggregations over its source");
    return std::nullopt;
  }
  if (!beneath->offline) {
    Fail("source_view", "'" + view.source_view + "' is declared with offline=False");
  }
  if (JoinKeysOf(view, all_) != JoinKeysOf(*beneath, all_)) {
    Fail("entities", "the view '" + view.source_view +
                         "' has other join keys; a view over a view is about the same entities, in "
                         "the same order");
  }
  return GridSource(view);
}

}  // namespace coeval
