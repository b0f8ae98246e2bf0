// EventTimeline: from when to when each event of a key counts (rules 5.3, 5.7, 5.8). Facts of one
// identity replace one another as they become known; what is left is a list of appearances, which a
// sweep over questions in order of time applies one after the other.
//
//   identity 17   10:00 amount 5, known 10:00      10:00  it counts
//                 10:00 amount 7, known 12:00      12:00  the first counts no longer, this one does
//                 retraction, known 13:00          13:00  none counts
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "base/time.h"
#include "definition/fact.h"

namespace coeval {

// Of a fact that shares its identity with no other.
inline constexpr std::uint32_t kAlone = std::numeric_limits<std::uint32_t>::max();

// A fact of one key.
struct TimelineFact {
  FactTimes times;
  Sequence sequence;
  bool is_retraction = false;
  TimeMicros known = 0;     // when the questions may see it (rule 3.2)
  TimeMicros declared = 0;  // the same as its source declares it: what lateness counts by
  std::uint32_t identity = kAlone;
};

// From `at` on the event at `position` counts, or counts no longer.
struct Appearance {
  TimeMicros at = 0;
  std::uint32_t position = 0;
  bool counts = false;

  friend bool operator==(const Appearance&, const Appearance&) = default;
};

// Compares the tie bytes of the facts at two positions, as memcmp does. Called only where created
// time and sequence are equal.
using CompareTieBytes = std::function<int(std::uint32_t, std::uint32_t)>;

// Appends the appearances of one key's facts, in order of `at`; at one time those that end come
// first. `facts` are in the order of rule 3.3; facts that came later than `lateness` take no part
// and are counted in *too_late. Cost: O(n log n) and, for an identity of g facts, O(g) where they
// become known in the order in which their source declares them, else O(g^2 log g).
void FindAppearances(std::span<const TimelineFact> facts, DurationMicros lateness,
                     const CompareTieBytes& compare, std::vector<Appearance>* appearances,
                     std::int64_t* too_late);

}  // namespace coeval
