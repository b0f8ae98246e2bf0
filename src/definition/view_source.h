// ViewSource: where the facts of a view come from, as one Source that says what their times mean:
// a declared source, several united, or the grid on which another view is read.
//
//   source: web                        web
//   sources: [app, web]                both as one: rows of either are facts alike
//   source_view: spend, every: 1d      facts at each midnight, known at that time (rule 5.9)
#pragma once

#include <span>
#include <string>
#include <vector>

#include "definition/aggregated_view.h"
#include "definition/feature_view.h"
#include "definition/source.h"

namespace coeval {

// What several sources mean together: whatever depends on a row (names of columns, formats, files,
// what is a bad row) is left to each; columns are named as after the field mapping. The order of
// the sources does not matter. Of one source: that source. REQUIRES: not empty; CheckUnitedSources
// finds nothing.
Source UniteSources(std::span<const Source* const> sources);

// What the sources must agree in, since it says when a fact was known and what becomes of it:
// `created`, `data_delay`, `lateness`, `timeless`, and whether and how events are identified
// (`event_id_field`, after the field mapping). Each difference is told, by name of the sources.
void CheckUnitedSources(std::span<const Source* const> sources, const TellMistake& tell);

// The facts of a view that is read on a grid: known when they are dated, never late.
Source GridSource(const FeatureView& view);

// The sources that the view names, in its order; those that are not there are left out.
std::vector<const Source*> SourcesOf(const FeatureView& view, const std::vector<Source>& sources);

// The meaning of a view's facts. `sources`: those that it names. REQUIRES: they are there.
Source MeaningOf(const FeatureView& view, std::span<const Source* const> sources);

}  // namespace coeval
