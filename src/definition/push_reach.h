// PushReach: how far behind the time of a question the facts of a push source can matter to any
// view that reads it: what must be kept of its log (docs/semantics.md, 5.10).
//
//   a view with ttl 1h and one with windows of 7d, lateness 1d    8 days
//   a view without ttl                                            everything
#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "definition/catalogue.h"

namespace coeval {

struct PushReach {
  std::optional<DurationMicros> reach = 0;  // none: all is needed
  std::string why = {};                     // it is

  friend bool operator==(const PushReach&, const PushReach&) = default;
};

// Of one version: 2 ttl (rule 7.2), or the retention of its windows (5.8). None without ttl or
// window length, and where events have ids: what changes one may be dated long before it. REQUIRES:
// it is pushed to.
std::optional<DurationMicros> ReachOf(const ViewVersion& version);

// The greatest of all versions that read the source, active or not. None also where a view reads
// one of these on a grid, for which a key has an event whatever its age (rule 5.9).
PushReach ReachOf(const Catalogue& catalogue, const std::string& push_source);

}  // namespace coeval
