#include "definition/retention.h"

#include <algorithm>

namespace coeval {

std::optional<DurationMicros> RetentionOf(const FeatureView& view, const Source& source) {
  DurationMicros reach = 0;
  DurationMicros slide = 0;
  for (const Aggregation& aggregation : view.aggregations) {
    const Window& window = aggregation.window;
    if (!window.length.has_value()) return std::nullopt;
    reach = std::max(reach, SaturatingAdd(*window.length, window.offset));
    slide = std::max(slide, window.slide_interval);
  }
  return SaturatingAdd(SaturatingAdd(reach, slide), source.effective_lateness());
}

}  // namespace coeval
