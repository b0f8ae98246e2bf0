// Retention: how far back the events of an aggregated view are kept online (rule 5.8). Derived from
// the windows, so that none of them ever needs more than there is.
//
//   windows 1h and 7d offset 1d, slide 1d, lateness 7d      16 days
//   a window of all history                                 everything
#pragma once

#include <optional>

#include "base/time.h"
#include "definition/feature_view.h"
#include "definition/source.h"

namespace coeval {

// The longest window with its offset, plus the longest slide_interval, plus the lateness of
// `source`; none: a window has no length, and all is kept. REQUIRES: an aggregated view.
std::optional<DurationMicros> RetentionOf(const FeatureView& view, const Source& source);

}  // namespace coeval
