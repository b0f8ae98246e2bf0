// MergePlan: which small segments of a log become a larger one next.
//
//   rates_push   180 MiB  20 MiB  1 MiB 1 MiB 1 MiB 2 MiB     of the same columns, in order
//                                 '----- due: 5 MiB -----'
//
// Neighbours are due where there are at least four, and together at least twice as large as the
// largest of them: so whenever a row is written again its file has at least doubled, which it does
// log2(largest / first size) times. What stays are the full ones, and few small ones beside each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "log/sealed_log.h"

namespace coeval {

enum class MergeKind : std::uint8_t {
  kDue,  // those that are due
  kAll,  // whatever makes fewer of them
};

struct MergeRules {
  MergeKind kind = MergeKind::kDue;
  std::int64_t most_bytes = 0;   // of the segment that comes of it, about
  DurationMicros most_span = 0;  // of its C; 0 = any: what is to be dropped one day must not wait
                                 // for much newer pushes
  std::set<std::string> left_alone = {};  // names of files
};

// The places of segments to be merged into one, ascending; none: nothing is due. `segments`: as of
// SealedLog.
std::vector<std::size_t> NextMerge(std::span<const LogSegment> segments, const MergeRules& rules);

}  // namespace coeval
