// FactDifference: why an online store and the sources of a view do not say the same of a key: which
// facts one of them has and the other has not, and whether the next incremental run mends it.
//
//   watermark 12:00   sources   (10:00, 3) (11:00, 5) (12:30, 6)
//                     online    (10:00, 3) (11:00, 5)              12:30: not materialized yet
//                     online    (10:00, 3) (11:00, 4)              11:00: changed in place
//                     online    (10:00, 3)                         11:00: landed late, or lost
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string_view>

#include "base/time.h"
#include "definition/catalogue.h"
#include "materialize/carry_rule.h"
#include "online/fact_list.h"

namespace coeval {

enum class DifferenceReason : std::uint8_t {
  kNotMaterialized,  // behind the watermark, and the next run carries it
  kLandedLate,       // before the watermark, and the next run carries it all the same (rule 7.7)
  kLost,             // before the watermark, and no next run carries it: it landed later than
                     // overlap or lateness allow for, or the store has lost it
  kNotFed,           // pushed when the version was not there yet, or not fed
  kChanged,          // the same times with another value: a row was changed in place (rule 3.2)
  kGone,             // the store alone has it: the source has changed under it
  kExpired,          // beyond the ttl in both, and one of them still knows that it was there
  kUnexplained,      // both have the same facts, and yet answer differently
};

// "not_materialized", "landed_late", ...
std::string_view DifferenceReasonName(DifferenceReason reason);
// "not materialized yet", for people.
std::string_view DifferenceReasonText(DifferenceReason reason);

// What is compared, and what the next run would do. Borrows.
struct FactComparison {
  const ViewVersion* version = nullptr;
  TimeMicros t = 0;  // of the question
  // Of an aggregated view without ids: the event times that a window holds at t.
  TimeMicros reach_first = kMinTime;
  TimeMicros reach_last = kMaxTime;
  CarryRule next = {};                       // of materialize_incremental, now
  std::optional<TimeMicros> watermark = {};  // none: nothing was carried yet
  bool replaced = false;  // a timeless source that is no longer what was carried: it comes anew
  std::set<TimeMicros> unfed = {};    // C of the pushes that did not go to the version's data
  std::set<TimeMicros> carried = {};  // C of those of them that the next run carries
};

struct FactDifference {
  DifferenceReason reason = DifferenceReason::kUnexplained;
  // Nothing is wrong: the next run makes both the same, or age has made it nothing.
  bool explained = false;
  std::int64_t missing = 0;  // facts that the store does not have
  std::int64_t extra = 0;    // facts that it alone has
  // Event times of what a run over a range would bring: those of missing batch facts that no
  // incremental one carries. first > last: there are none.
  TimeMicros lost_first = kMaxTime;
  TimeMicros lost_last = kMinTime;
};

// Of one key about which both answer differently: all its facts in the sources (keyed_facts.h), and
// all that the store keeps, in any order; what the store has twice is one. Only facts that are
// visible at t and can matter then are looked at. Threads: any.
FactDifference ExplainDifference(const FactComparison& comparison,
                                 std::span<const KeptFact> sources,
                                 std::span<const KeptFact> stored);

}  // namespace coeval
