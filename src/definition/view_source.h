// ViewSource: where the facts of a view come from, and what their times mean: a declared source,
// several united, a push source, or the grid on which another view is read.
//
//   source: web                        web
//   sources: [app, web]                both as one: rows of either are facts alike
//   source: clicks_push                what is pushed, and the history in its batch source
//   source_view: spend, every: 1d      facts at each midnight, known at that time (rule 5.9)
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "definition/aggregated_view.h"
#include "definition/feature_view.h"
#include "definition/source.h"

namespace coeval {

// What several file sources mean together: whatever depends on a row (names of columns, formats,
// files, what is a bad row) is left to each; columns are named as after the field mapping. The
// order of the sources does not matter. Of one source: that source. REQUIRES: not empty;
// CheckUnitedSources finds nothing.
Source UniteSources(std::span<const Source* const> sources);

// What the sources must agree in, since it says when a fact was known and what becomes of it:
// `created`, `data_delay`, `lateness`, `timeless`, and whether and how events are identified
// (`event_id_field`, after the field mapping). A push source, which is last, is known by its own
// rule (3.2): the first two do not count. Each difference is told, by name of the sources.
void CheckUnitedSources(std::span<const Source* const> sources, const TellMistake& tell);

// The facts of a view that is read on a grid: known when they are dated, never late.
Source GridSource(const FeatureView& view);

// What a push source means, complete: what it leaves out is as in its batch source (null = none).
Source PushMeaning(const Source& push, const Source* batch);

// The ways into a view.
struct ViewSources {
  std::vector<const Source*> batch;  // files
  std::optional<Source> push;        // its PushMeaning; facts of it are arrivals (rule 3.2)

  // What the times of its facts mean to whoever reads them: those of the files, or, where there
  // are none, of the pushes. REQUIRES: one of the two is there.
  [[nodiscard]] Source Meaning() const;
  // All as one list; the push source last.
  [[nodiscard]] std::vector<const Source*> All() const;
};

// The ways into a view over sources, in the order in which it names them. A push source counts as
// itself and its batch source. None where one is not in `sources`, or is none that a view can read,
// or where there are several push sources. Borrows `sources`.
std::optional<ViewSources> FindViewSources(const FeatureView& view,
                                           const std::vector<Source>& sources);

// The meaning of a view's facts. REQUIRES: of no view over a view, sources.batch or .push.
Source MeaningOf(const FeatureView& view, const ViewSources& sources);

}  // namespace coeval
