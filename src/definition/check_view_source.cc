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
  const std::optional<ViewSources> sources = CheckNamedSources(view, member);
  if (!sources.has_value()) return std::nullopt;
  bool alike = true;
  CheckUnitedSources(sources->All(), [&](const std::string&, std::string message) {
    alike = false;
    Fail(member, std::move(message));
  });
  if (!alike) return std::nullopt;
  if (view.is_aggregated() && sources->push.has_value() && !sources->batch.empty() &&
      sources->push->event_id_field.empty()) {
    Fail(member, "an event may come in twice, as a row of '" + sources->batch[0]->name +
                     "' and as a push to '" + sources->push->name +
                     "', and nothing tells that it is one: declare event_id_field on both");
    return std::nullopt;
  }
  return sources->Meaning();
}

std::optional<ViewSources> DefinitionChecker::CheckNamedSources(const FeatureView& view,
                                                                const std::string& member) {
  std::set<std::string> seen;
  std::string pushed;  // the push source found
  bool good = true;
  const auto fail = [&](std::string message) {
    good = false;
    Fail(member, std::move(message));
  };
  for (const std::string& name : view.source_names()) {
    const Source* source = FindSource(all_, name);
    if (!seen.insert(name).second) {
      fail("'" + name + "' is there twice");
    } else if (source == nullptr) {
      fail("there is no source '" + name + "'" + DidYouMean(name, Names(ObjectKind::kSource)));
    } else if (source->kind == SourceKind::kRequest) {
      fail("'" + name +
           "' is a request source; only an on-demand view can read what a request brings");
    } else if (source->kind == SourceKind::kPush && !pushed.empty()) {
      fail("'" + pushed + "' and '" + name +
           "' are push sources; a view has one at most: push to one of them, or make a view of "
           "each");
    } else if (source->kind == SourceKind::kPush) {
      pushed = name;
    }
  }
  if (!good) return std::nullopt;
  const Source* push = pushed.empty() ? nullptr : FindSource(all_, pushed);
  if (push != nullptr && push->batch_source != pushed && seen.contains(push->batch_source)) {
    fail("'" + push->batch_source + "' is there twice: it is the batch source of '" + pushed + "'");
    return std::nullopt;
  }
  // Without it, its batch source is not as it should be, which is told there.
  std::optional<ViewSources> found = FindViewSources(view, all_.sources);
  if (push != nullptr && found.has_value() && !push->batch_source.empty() &&
      found->Meaning().timeless) {
    return std::nullopt;  // told there too
  }
  return found;
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
