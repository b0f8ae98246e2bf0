#include "ingest/merge_plan.h"

#include <algorithm>
#include <map>
#include <utility>

namespace coeval {
namespace {

constexpr std::size_t kLeastDue = 4;

// How many of these, from the first one on, are to be merged; 0 = not from this one on.
std::size_t RunLength(std::span<const LogSegment* const> segments, const MergeRules& rules) {
  const std::size_t least = rules.kind == MergeKind::kDue ? kLeastDue : 2;
  std::int64_t bytes = 0;
  std::int64_t largest = 0;
  std::size_t found = 0;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const LogSegment& segment = *segments[i];
    const bool behind = i == 0 || segment.first > segments[i - 1]->last;
    if (!behind || rules.left_alone.contains(segment.file.name)) break;
    bytes += segment.file.bytes;
    if (bytes > rules.most_bytes) break;
    const DurationMicros span = SaturatingSubtract(segment.last_c, segments[0]->first_c);
    if (rules.most_span > 0 && span > rules.most_span) break;
    largest = std::max(largest, segment.file.bytes);
    if (i + 1 < least) continue;
    if (rules.kind == MergeKind::kAll || bytes >= 2 * largest) found = i + 1;
  }
  return found;
}

}  // namespace

std::vector<std::size_t> NextMerge(std::span<const LogSegment> segments, const MergeRules& rules) {
  std::map<std::pair<std::string, std::uint64_t>, std::vector<const LogSegment*>> alike;
  for (const LogSegment& segment : segments) {
    if (segment.columns != 0) alike[{segment.source, segment.columns}].push_back(&segment);
  }
  for (const auto& [what, group] : alike) {
    for (std::size_t first = 0; first < group.size(); ++first) {
      const std::size_t length = RunLength(std::span(group).subspan(first), rules);
      std::vector<std::size_t> places;
      for (std::size_t i = first; i < first + length; ++i) {
        places.push_back(static_cast<std::size_t>(group[i] - segments.data()));
      }
      if (!places.empty()) return places;
    }
  }
  return {};
}

}  // namespace coeval
