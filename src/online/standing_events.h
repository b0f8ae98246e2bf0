// StandingEvents: which facts of one key are events at t, and in what order (rules 5.3, 5.8): the
// stored form of what retrieval/event_timeline.h decides.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "base/time.h"
#include "definition/aggregated_view.h"
#include "online/fact_list.h"
#include "online/winner.h"

namespace coeval {

// Borrows both. Threads: one.
class StandingEvents {
 public:
  StandingEvents(const AggregatedView& view, const KeepRule& rule) : view_(view), rule_(rule) {}

  // Leaves the facts that stand at t, in the order of events. `facts`: of one key, in any order,
  // some perhaps twice; where events have ids, all of theirs. Errors: Corruption of a row that a
  // comparison needs.
  Status Leave(TimeMicros t, std::vector<KeptFact>* facts);

 private:
  [[nodiscard]] std::string TieBytesOf(const KeptFact& fact, bool with_id);
  void Sort(std::vector<KeptFact>* facts);
  [[nodiscard]] std::vector<std::uint32_t> Identities(const std::vector<KeptFact>& facts);

  const AggregatedView& view_;
  const KeepRule& rule_;
  Status damage_;  // of a row that a comparison could not read
};

}  // namespace coeval
